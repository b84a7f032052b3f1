// The fetches of a running node: started by a call, worked on a few at a time, remembered for a
// while after they ended.
#pragma once

#include <map>

#include "app/fetch_content.hpp"
#include "rpc/events.hpp"
#include "rpc/node_api.hpp"
#include "rt/scope.hpp"
#include "rt/signal.hpp"
#include "settings/config_file.hpp"

namespace archy::app {

struct FetchJobRules {
  bool allow_private = false;  // net.allow_private: for requests that may not by themselves
  std::size_t at_once = 4;
  std::size_t unfinished = 1024;  // further ones are refused: try_later
  std::size_t remembered = 256;   // of those that ended, the last
};

// Thread: the loop. Lifetime: close() has been awaited before the destructor; core, events, the
// configuration and the door (none: each fetch with peers opens its own) outlive it.
class FetchJobs {
 public:
  FetchJobs(Core& core, rpc::Events& events, PeerDoor* door, FetchJobRules rules,
            const settings::ConfigFile& config);
  ~FetchJobs();

  // Asked when a fetch begins: who pays for it. Never called: nobody.
  void pay_by(std::function<Payer()> payer) { payer_ = std::move(payer); }

  // As rpc::NodeApi.
  Result<std::uint64_t> start(const rpc::FetchRequest& request);
  Result<rpc::FetchView> view(std::uint64_t id) const;
  std::vector<rpc::FetchView> all() const;
  Result<rpc::FetchView> last_of(const Blake3Hash& hash) const;
  // What it brought: not what was complete before. Errors: not_found.
  Result<std::unordered_set<Blake3Hash>> fetched_by(std::uint64_t id) const;
  Result<> cancel(std::uint64_t id);
  // The blobs that are being fetched, or wait for their turn, for those who read them meanwhile.
  Arrivals& arrivals() { return arrivals_; }

  // Ends them all; what they brought stays in the store.
  boost::asio::awaitable<void> close();

 private:
  struct Job;
  Result<> check_room(const Blake3Hash& hash);
  boost::asio::awaitable<void> run(std::shared_ptr<Job> job);
  void finish(Job& job, const ContentReport& report);
  void tell(std::string_view event, const Job& job);
  void forget_old();

  Core& core_;
  rpc::Events& events_;
  PeerDoor* door_;
  FetchJobRules rules_;
  const settings::ConfigFile& config_;
  std::function<Payer()> payer_;
  Arrivals arrivals_;
  std::map<std::uint64_t, std::shared_ptr<Job>> jobs_;  // by number: the order they came in
  std::uint64_t next_ = 1;
  std::size_t running_ = 0;
  rt::Signal freed_;
  rt::Scope scope_;
};

}  // namespace archy::app
