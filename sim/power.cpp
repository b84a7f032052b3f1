#include "sim/power.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "sim/answer_feed.hpp"
#include "sim/store_oracle.hpp"
#include "sim/world.hpp"
#include "store/file_store.hpp"

namespace archy::sim {
namespace {

constexpr const char* kUserFiles[] = {"/n0/user/a", "/n0/user/b", "/n0/user/c"};
constexpr const char* kHandedOver = "/n0/films/film";
constexpr const char* kHandedOverNext = "/n0/films/next";
constexpr const char* kCopied = "/n0/films/copy";

Result<std::unique_ptr<store::BlobStore>> open_store(Machine& machine) {
  rt::Env env = machine.env();
  store::StoreOptions options;
  options.sqlite_vfs = kSqliteVfs;
  options.sha256_thread = false;
  return store::open_file_store(env, machine.data_dir(), std::move(options));
}

bao::ChunkRanges groups(std::uint64_t first, std::uint64_t end) {
  return bao::ChunkRanges::span(ChunkIndex(first * 16), ChunkIndex(end * 16));
}

}  // namespace

struct Recording {
  std::vector<Truth> truths;
  std::vector<DiskOp> ops;
  std::vector<Promise> promises;
  std::vector<std::size_t> syncs;  // indices into ops
  std::size_t set_up = 0;          // ops before the story began
};

namespace {

// The standard workload, told step by step; every acknowledged step leaves a promise.
class Workload {
 public:
  Workload(Recording& recording, Machine& machine, store::BlobStore& store)
      : r_(recording), machine_(machine), store_(store) {}

  Result<> run() {
    // Copy, in place, inline, empty.
    TRY_OK(add_file(0, store::AddMode::copy));
    TRY_OK(add_file(1, store::AddMode::in_place));
    TRY_OK(add_bytes(3));
    TRY_OK(add_bytes(4));
    TRY_OK(store_.set_name("kept", {r_.truths[0].hash, store::Format::raw}));
    promise(Promise::Kind::named, 0);
    TRY_OK(store_.set_pin({r_.truths[3].hash, store::Format::raw}, true));
    TRY_OK(store_.set_offer({r_.truths[0].hash, store::Format::raw}, store::OfferClass::public_));

    // A fetch with check points, finished.
    TRY_OK(fetch(5, true));
    // A fetch left in the middle, its file closed.
    TRY_OK(fetch(6, false));
    // Removal of a finished one and of a partial one; then what was removed comes again.
    TRY_OK(add_file(2, store::AddMode::copy));
    TRY_OK(remove(2));
    TRY_OK(remove(6));
    TRY_OK(add_file(2, store::AddMode::copy));
    // What nothing holds goes at once.
    for (Promise& p : r_.promises) {
      const bool held = p.truth == 0 || p.truth == 3;
      if (!held) p.until = std::min(p.until, r_.ops.size());
    }
    store::GcOptions gc;
    gc.min_age_ms = 0;
    machine_.clock.jump(10'000);
    TRY(report, store_.gc(gc));
    if (report.removed_blobs == 0) return fail(Code::internal, "gc removed nothing");
    // And it can be filled again.
    TRY_OK(fetch(7, true));
    TRY_OK(add_bytes(8));
    // What was fetched becomes the user's, into a folder the store has never seen; what stood there
    // stays, and what is not the store's own any more is copied.
    TRY_OK(hand_over(7, kHandedOver));
    TRY_OK(store_.export_blob(r_.truths[7].hash, kCopied, store::ExportMode::hand_over, {}, {}));
    TRY_OK(fetch(9, true));
    TRY_OK(hand_over(9, kHandedOverNext));
    TRY_OK(remove(9));
    return {};
  }

 private:
  void promise(Promise::Kind kind, std::size_t truth, std::uint64_t bytes = 0) {
    r_.promises.push_back({kind, truth, r_.ops.size(), ~std::size_t{0}, bytes});
  }
  Result<> add_file(std::size_t i, store::AddMode mode) {
    TRY(imported, store_.add_file(kUserFiles[i], mode, {}, {}));
    if (imported.hash != r_.truths[i].hash) return fail(Code::internal, "another hash");
    promise(mode == store::AddMode::copy ? Promise::Kind::imported : Promise::Kind::in_place, i);
    return {};
  }
  Result<> add_bytes(std::size_t i) {
    TRY(imported, store_.add_bytes(r_.truths[i].bytes));
    if (imported.hash != r_.truths[i].hash) return fail(Code::internal, "another hash");
    promise(Promise::Kind::imported, i);
    return {};
  }
  Result<> fetch(std::size_t i, bool to_the_end) {
    const Truth& truth = r_.truths[i];
    const std::uint64_t all = bao::Tree(truth.bytes.size()).groups();
    TRY(partial, store_.partial(truth.hash));
    const std::uint64_t steps[] = {all / 4, all / 2, all / 2 + 1, all};
    std::uint64_t from = 0;
    for (std::uint64_t to : steps) {
      if (to == all && !to_the_end) return {};
      TRY_OK(feed_answer(*partial, truth, groups(from, to)));
      TRY_OK(partial->checkpoint());
      promise(Promise::Kind::held, i,
              std::min<std::uint64_t>(to * bao::kGroupBytes, truth.bytes.size()));
      from = to;
    }
    TRY_OK(partial->finish());
    if (i == 5) {
      TRY(sha256, store_.sha256(truth.hash, {}, {}));
      if (sha256 != truth.sha256) return fail(Code::internal, "another SHA-256");
    }
    promise(Promise::Kind::imported, i);
    return {};
  }
  Result<> hand_over(std::size_t i, const char* to) {
    TRY_OK(store_.export_blob(r_.truths[i].hash, to, store::ExportMode::hand_over, {}, {}));
    TRY(info, store_.info(r_.truths[i].hash));
    if (!info.has_value() || info->location != store::Location::external) {
      return fail(Code::internal, "the file was not handed over");
    }
    promise(Promise::Kind::handed_over, i);
    return {};
  }
  Result<> remove(std::size_t i) {
    for (Promise& p : r_.promises) {
      // The user's file is the user's, whatever becomes of the blob.
      if (p.truth == i && p.kind != Promise::Kind::handed_over)
        p.until = std::min(p.until, r_.ops.size());
    }
    TRY_OK(store_.remove(r_.truths[i].hash, true));
    promise(Promise::Kind::removed, i);
    return {};
  }

  Recording& r_;
  Machine& machine_;
  store::BlobStore& store_;
};

Truths truths_of(const Recording& recording) {
  Truths out;
  for (const Truth& truth : recording.truths) out[truth.hash] = &truth;
  return out;
}

// What an image breaks of one promise; empty: nothing.
std::string broken(const DiskFiles& files, store::BlobStore& store, const Recording& r,
                   const Promise& p) {
  const Truth& truth = r.truths[p.truth];
  auto info = store.info(truth.hash);
  if (!info) return fmt::format("info: {}", to_string(info.error()));
  switch (p.kind) {
    case Promise::Kind::imported:
    case Promise::Kind::in_place:
      if (!info->has_value()) return "an acknowledged import is gone";
      if (!(*info)->complete) return "an acknowledged import is not complete";
      return {};
    case Promise::Kind::held: {
      if (!info->has_value()) return "an acknowledged check point is gone";
      const std::uint64_t chunks = (p.bytes + bao::kChunkBytes - 1) / bao::kChunkBytes;
      if (!(*info)->complete && !(*info)->have.covers(0, chunks)) {
        return fmt::format("of {} bytes made durable by a check point some are not held", p.bytes);
      }
      return {};
    }
    case Promise::Kind::named: {
      auto names = store.names();
      if (!names) return fmt::format("names: {}", to_string(names.error()));
      for (const auto& [name, target] : *names) {
        if (name == "kept" && target.hash == truth.hash) return {};
      }
      return "an acknowledged name is gone";
    }
    case Promise::Kind::handed_over: {
      const char* path = p.truth == 9 ? kHandedOverNext : kHandedOver;
      if (files.look(path) != truth.bytes) return "the file that was handed over is not there";
      return {};
    }
    case Promise::Kind::removed:
      return {};  // it may come back: a removal frees space, it promises nothing
  }
  return {};
}

void judge_store(Machine& machine, store::BlobStore& store, const Recording& r, std::size_t cut,
                 Outcome& outcome) {
  const auto wrong = [&](std::string_view what) {
    outcome.violated(fmt::format("cut at operation {}: {}", cut, what));
  };
  for (const Promise& p : r.promises) {
    if (p.since > cut || cut >= p.until) continue;
    if (auto what = broken(machine.files, store, r, p); !what.empty())
      wrong(fmt::format("blob {}: {}", p.truth, what));
  }
  const Truths truths = truths_of(r);
  for (const std::string& what : compare_with_truth(store, truths, false)) wrong(what);
  auto report = store.verify({}, {}, {});
  if (!report) {
    wrong(fmt::format("verify: {}", to_string(report.error())));
  } else {
    for (const store::Damage& damage : report->damage) {
      wrong(fmt::format("verify found {}: {}", damage.hash.hex().substr(0, 8), damage.what));
    }
  }
  for (const Truth& truth : r.truths) {
    if (auto what = check_exits(store, machine.files, truth, "/n0/user/export"); !what.empty())
      wrong(what);
  }
  // Life goes on: what was cut can be fetched to its end.
  for (std::size_t i : {5u, 6u, 7u}) {
    const Truth& truth = r.truths[i];
    auto info = store.info(truth.hash);
    if (info && info->has_value() && (*info)->complete) continue;
    auto partial = store.partial(truth.hash);
    if (!partial) {
      wrong(fmt::format("blob {} cannot be resumed: {}", i, to_string(partial.error())));
      continue;
    }
    const bao::ChunkRanges missing = bao::ChunkRanges::all() - (*partial)->have();
    auto fed = feed_answer(**partial, truth, missing.rounded_to_groups());
    if (!fed) {
      wrong(fmt::format("blob {} cannot be filled: {}", i, to_string(fed.error())));
      continue;
    }
    auto done = (*partial)->finish();
    if (!done) wrong(fmt::format("blob {} cannot be finished: {}", i, to_string(done.error())));
    auto sha256 = store.sha256(truth.hash, {}, {});
    if (!sha256 || *sha256 != truth.sha256) wrong("a resumed blob has no or another SHA-256");
  }
}

}  // namespace

PowerLoss::PowerLoss(std::uint64_t seed) : seed_(seed), recording_(std::make_unique<Recording>()) {
  World world(seed);
  Recording& r = *recording_;
  SeededRandom random = world.random.split("content");
  for (std::size_t size :
       {100'000u, 70'001u, 200'000u, 5000u, 0u, 300'000u, 163'840u, 90'123u, 40'000u, 120'000u}) {
    r.truths.push_back(Truth::random(random, size));
  }
  Machine machine(world, 0);
  machine.files.disk().record(&r.ops);
  for (std::size_t i = 0; i < 3; ++i) machine.files.place(kUserFiles[i], r.truths[i].bytes);
  machine.files.place("/n0/films/other", {});
  machine.files.place("/n0/data/here", {});  // the data directory itself was made long ago
  r.set_up = r.ops.size();
  auto store = open_store(machine);
  if (!store) {
    failure_ = fmt::format("the store does not open: {}", to_string(store.error()));
  } else if (auto done = Workload(r, machine, **store).run(); !done) {
    failure_ = to_string(done.error());
  }
  if (store) store->reset();
  machine.files.disk().record(nullptr);
  for (std::size_t i = r.set_up; i < r.ops.size(); ++i) {
    if (r.ops[i].kind == DiskOp::Kind::sync_file || r.ops[i].kind == DiskOp::Kind::sync_directory) {
      r.syncs.push_back(i);
    }
  }
}

PowerLoss::~PowerLoss() = default;
std::size_t PowerLoss::operations() const { return recording_->ops.size(); }
std::size_t PowerLoss::syncs() const { return recording_->syncs.size(); }
std::size_t PowerLoss::promises() const { return recording_->promises.size(); }

void PowerLoss::judge(std::uint64_t n, Outcome& outcome) const {
  const Recording& r = *recording_;
  World world(seed_ * 1'000'003 + n);
  // Every sync is a cut, before and after it, again and again with other losses; between them,
  // anywhere.
  std::size_t cut = 0;
  if (n % 3 != 2 && !r.syncs.empty()) {
    cut = r.syncs[(n / 3) % r.syncs.size()] + (n % 3);
  } else {
    cut = world.random.between(r.set_up, r.ops.size());
  }
  Machine machine(world, 0);
  Disk disk;
  for (std::size_t i = 0; i < cut; ++i) disk.apply(r.ops[i]);
  machine.files.replace(std::move(disk));
  machine.files.power_cut();
  machine.files.power_on();
  // Some images lose the power again while the store recovers.
  if (n % 10 == 9) {
    auto store = open_store(machine);
    if (store && world.random.chance(500'000)) {
      store::VerifyOptions repair;
      repair.repair = true;
      (void)(*store)->verify(repair, {}, {});
    }
    machine.files.power_cut();
    store = fail(Code::cancelled);
    machine.files.power_on();
    outcome.counters.hit(Mark::crash_twice);
  }
  auto store = open_store(machine);
  if (!store) {
    outcome.counters.hit(Mark::store_open_refused);
    outcome.violated(fmt::format("cut at operation {}: the store does not open: {}", cut,
                                 to_string(store.error())));
  } else {
    judge_store(machine, **store, r, cut, outcome);
  }
  outcome.counters.add(world.counters);
  outcome.log_hash = world.log.hash();
}

}  // namespace archy::sim
