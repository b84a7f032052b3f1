#include "sim/error_matrix.hpp"

#include <fmt/core.h>

#include "sim/answer_feed.hpp"
#include "sim/store_oracle.hpp"
#include "sim/world.hpp"
#include "store/file_store.hpp"

namespace archy::sim {
namespace {

constexpr int kTries = 4;
constexpr std::size_t kSteps = 4;
constexpr const char* kFilm = "/n0/films/film";  // where the last step hands a blob over to

class Cell {
 public:
  explicit Cell(const ErrorCell& cell) : cell_(cell), world_(cell.seed) {
    if (cell.sink) world_.log.tee(cell.sink);
    SeededRandom random = world_.random.split("content");
    for (std::size_t size : {40'000u, 900u, 90'000u})
      truths_.push_back(Truth::random(random, size));
    machine_.files.place("/n0/data/here", {});
    machine_.files.place("/n0/user/a", truths_[0].bytes);
    machine_.files.place("/n0/films/other", {});
  }

  bool run(Outcome& outcome) {
    machine_.files.fail_call(cell_.kind, cell_.nth);
    for (std::size_t step = 0; step < kSteps; ++step) {
      Result<> done = fail(Code::internal);
      for (int tries = 0; tries < kTries && !done; ++tries) {
        if (tries > 1) reboot();
        done = attempt(step);
        world_.log.add(world_.time.now(), "step", {step, done ? 1u : 0u},
                       done ? "" : to_string(done.error()));
      }
      if (!done)
        return broken(outcome,
                      fmt::format("step {} fails for good: {}", step, to_string(done.error())));
    }
    if (machine_.files.calls_until_failure(cell_.kind) > 0) return false;
    reboot();
    if (!open()) return broken(outcome, "the store does not open after the power cut");
    Truths truths;
    for (const Truth& truth : truths_) {
      truths[truth.hash] = &truth;
      auto info = store_->info(truth.hash);
      if (!info || !info->has_value() || !(*info)->complete) {
        broken(outcome,
               fmt::format("an acknowledged blob of {} bytes is gone", truth.bytes.size()));
      }
    }
    if (machine_.files.look(kFilm) != truths_[2].bytes)
      broken(outcome, "the file that was handed over is not there");
    for (const std::string& what : compare_with_truth(*store_, truths, false))
      broken(outcome, what);
    store_.reset();
    outcome.counters.add(world_.counters);
    return true;
  }

 private:
  bool broken(Outcome& outcome, std::string_view what) {
    static constexpr std::string_view kKinds[] = {"open",   "read", "write",
                                                  "resize", "sync", "names"};
    outcome.violated(fmt::format("{} call {} fails once (seed {}): {}",
                                 kKinds[static_cast<std::size_t>(cell_.kind)], cell_.nth,
                                 cell_.seed, what));
    return true;
  }
  void reboot() {
    machine_.files.power_cut();
    store_.reset();
    machine_.files.power_on();
  }
  Result<> open() {
    if (store_) return {};
    rt::Env env = machine_.env();
    store::StoreOptions options;
    options.sqlite_vfs = kSqliteVfs;
    options.sha256_thread = false;
    TRY(opened, store::open_file_store(env, machine_.data_dir(), std::move(options)));
    store_ = std::move(opened);
    return {};
  }
  Result<> attempt(std::size_t step) {
    TRY_OK(open());
    if (step == 3) {
      const auto there = machine_.files.look(kFilm);
      if (there == truths_[2].bytes) return {};
      if (there.has_value()) return fail(Code::internal, "something else was handed over");
      return store_->export_blob(truths_[2].hash, kFilm, store::ExportMode::hand_over, {}, {});
    }
    const Truth& truth = truths_[step];
    if (step == 0) {
      TRY_OK(store_->add_file("/n0/user/a", store::AddMode::copy, {}, {}));
      return {};
    }
    if (step == 1) {
      TRY_OK(store_->add_bytes(truth.bytes));
      return {};
    }
    auto info = store_->info(truth.hash);
    if (info && info->has_value() && (*info)->complete) return {};
    TRY(partial, store_->partial(truth.hash));
    const bao::ChunkRanges half = bao::ChunkRanges::span(ChunkIndex(0), ChunkIndex(48));
    TRY_OK(feed_answer(*partial, truth, half - partial->have()));
    TRY_OK(partial->checkpoint());
    TRY_OK(feed_answer(*partial, truth,
                       (bao::ChunkRanges::all() - partial->have()).rounded_to_groups()));
    TRY_OK(partial->finish());
    return {};
  }

  ErrorCell cell_;
  World world_;
  Machine machine_{world_, 0};
  std::vector<Truth> truths_;
  std::unique_ptr<store::BlobStore> store_;
};

}  // namespace

bool run_error_cell(const ErrorCell& cell, Outcome& outcome) { return Cell(cell).run(outcome); }

}  // namespace archy::sim
