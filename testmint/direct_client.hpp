// An http::Client that reaches mints without any socket: what the curl client would say of a server
// behind these faults, on any clock. For the simulator and for tests of the wallet.
#pragma once

#include <list>
#include <map>
#include <memory>
#include <string>

#include "http/client.hpp"
#include "testmint/linked_mints.hpp"

namespace archy::testmint {

// Thread: the loop. Lifetime: within that of the clocks and the mints. What was still on its way
// when it goes never arrives.
class DirectClient final : public http::Client {
 public:
  // `clock` is the caller's; `mint_clock` tells the mints their wall time.
  DirectClient(rt::Executor executor, rt::Clock& clock, rt::Clock& mint_clock)
      : executor_(std::move(executor)), clock_(clock), mint_clock_(mint_clock) {}
  DirectClient(rt::Executor executor, rt::Clock& clock)
      : DirectClient(std::move(executor), clock, clock) {}

  // Requests to this origin ("http://mint-a.test") go to `mint`; null: nobody answers there.
  void route(const std::string& origin, Mint* mint);
  // Each of them at http://<name>.test.
  void route_all(LinkedMints& mints);
  // One way and back again. Each request takes so long, if no fault makes it longer.
  void set_latency(rt::Duration latency) { latency_ = latency; }

  rt::Task<std::unique_ptr<http::Response>> send(http::Request request,
                                                 std::stop_token stop) override;

 private:
  struct Visit;
  struct Late {
    std::unique_ptr<rt::Timer> timer;
    bool done = false;
  };
  Reply execute(const Visit& visit) const;
  void execute_later(Visit visit, rt::Instant when);
  rt::Task<> wait(const Visit& visit, rt::Duration how_long, rt::Instant deadline,
                  std::stop_token stop);

  rt::Executor executor_;
  rt::Clock& clock_;
  rt::Clock& mint_clock_;
  rt::Duration latency_{0};
  std::map<std::string, Mint*> mints_;  // by scheme://host:port
  std::list<Late> late_;
};

}  // namespace archy::testmint
