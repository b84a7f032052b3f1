// One fetch while it runs: asks sources as the scheduler says, many at once, lets them write into
// one partial blob, and tells the scheduler what came of it.
//
// Thread: the loop. Lifetime: run() once; store, sources and what env refers to outlive it.
// Invariants: (1) at most one question a source, and a small one on the side; (2) a source that
// lied is never asked again; (3) nothing is written once the blob is finished.
#pragma once

#include <memory>
#include <vector>

#include "fetch/delivery.hpp"
#include "fetch/fetcher.hpp"
#include "fetch/scheduler.hpp"
#include "rt/scope.hpp"
#include "rt/signal.hpp"

namespace archy::fetch {

class Engine {
 public:
  Engine(rt::Env env, store::BlobStore& store, Blake3Hash hash,
         std::vector<std::shared_ptr<Source>> sources, FetchOptions options);
  ~Engine();

  boost::asio::awaitable<FetchReport> run();

 private:
  class Question;
  struct Worker {
    std::shared_ptr<Source> source;
    std::unique_ptr<Question> question;   // for groups
    std::unique_ptr<Question> side;       // for inner hashes, or the size
    std::optional<bao::ChunkRanges> has;  // as it said; none: everything
    bool has_is_news = false;             // and the scheduler does not know yet
    rt::Instant hope{};                   // until when it is waited for to gain more
    bool is_watched = false;
    bool gave_groups = false;
    bool asked_for_hashes = false;
    bool asked_for_size = false;
    bool lied = false;
  };

  rt::Task<> flow();
  rt::Task<> fetch_all();
  boost::asio::awaitable<void> end_all();

  // --- what happens
  void size_claimed();
  void groups_came(Question& question, GroupSpan groups);
  void received(Question& question);
  void poke();

  // --- what is done about it
  void apply(const Decision& decision);
  void ask(const Decision::Start& start);
  void ask_for_hashes();
  void ask_for_size();
  bool ask_aside(bao::ChunkRanges ranges, bool Worker::* asked);
  void serve_readers();
  boost::asio::awaitable<void> watch(std::size_t source);
  // Until when sources that have only parts are waited for, as they may gain more.
  rt::Instant hope() const;
  boost::asio::awaitable<void> answer(Question& question);
  void ended(Question& question, Result<> outcome);
  Ended sort(Question& question, const Result<>& outcome);
  void side_ended(Question& question, const Result<>& outcome);
  Result<> take_whole_file(std::size_t source, const WholeFile& file);
  // Errors: the store's. Afterwards complete_ is set, or something is missing again.
  Result<> finish();
  void look_around(rt::Instant now);

  bao::ChunkRanges skeleton() const;
  std::uint64_t bytes_of(const GroupSet& groups) const;
  void learn_what_is_held();
  void tell_what_it_has(std::size_t source);
  void fill_in(FetchReport& report) const;
  std::vector<Question*> questions() const;

  rt::Env env_;
  store::BlobStore& store_;
  FetchOptions options_;
  FetchReport report_;
  rt::Instant started_;
  Scheduler scheduler_;
  std::vector<Worker> workers_;
  std::shared_ptr<store::PartialBlob> target_;
  std::uint64_t epoch_ = 0;  // grows when a size is replaced by another
  int finish_failures_ = 0;
  bool complete_ = false;
  rt::Instant group_at_;  // when the last one came
  std::optional<Error> local_failure_;

  std::stop_source over_;
  bool poked_ = false;
  rt::Instant next_look_;
  rt::Signal changed_;
  rt::Scope scope_;
};

}  // namespace archy::fetch
