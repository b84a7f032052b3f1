#include "sim/crowd.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "fetch/arriving_reader.hpp"
#include "sim/stage.hpp"
#include "sim/system_random.hpp"

namespace archy::sim {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr const char* kUrl = "http://origin.test/blob";
constexpr rt::Duration kLimit = seconds(120);  // of any fetch
// W3 and W4: over a link that needs several seconds for all of the blob.
constexpr std::uint64_t kSlowBytesPerSecond = 150'000;
constexpr std::uint64_t kShortQueueBytes = 16u << 10;  // what is queued already delays the rest
constexpr rt::Duration kSoon = seconds(3);

double in_seconds(rt::Duration time) { return std::chrono::duration<double>(time).count(); }

class Crowd {
 public:
  Crowd(std::uint64_t seed, Outcome& outcome, const ScenarioOptions& options)
      : world_(seed), out_(outcome), scope_(world_.time.executor()) {
    if (options.sink) world_.log.tee(options.sink);
  }

  bool run() {
    scope_.start(direct());
    const auto ended = world_.time.run_until([this] { return finished_ && scope_.running() == 0; },
                                             rt::Instant(std::chrono::hours(1)));
    if (ended != VirtualTime::Ended::done) wrong("the crowd is stuck");
    out_.counters.add(world_.counters);
    out_.log_hash = world_.log.hash();
    out_.events = world_.log.events();
    out_.steps = world_.time.steps();
    out_.virtual_ms =
        std::chrono::duration_cast<milliseconds>(world_.time.now().time_since_epoch()).count();
    return ended == VirtualTime::Ended::done;
  }

 private:
  struct Timed {
    fetch::FetchReport report;
    rt::Duration wall{};
  };

  boost::asio::awaitable<void> direct();
  void set_up();
  SimNode& machine(bool has_blob);
  void link(const SimNode& from, const SimNode& to, const Link& how);
  boost::asio::awaitable<void> sleep(rt::Duration time);
  boost::asio::awaitable<Timed> fetch(SimNode& node, FetchRequest request);
  FetchRequest everybody();
  void churn(rt::Duration span);
  boost::asio::awaitable<void> go_and_come(std::size_t seeder, rt::Duration off);
  boost::asio::awaitable<void> race_the_origin();
  boost::asio::awaitable<void> without_the_origin();
  boost::asio::awaitable<void> read_the_end();
  boost::asio::awaitable<void> behind_a_leecher();
  boost::asio::awaitable<void> lead(SimNode& node, FetchRequest request);
  void judge(const char* what, const Timed& timed);
  void wrong(const std::string& what) {
    world_.log.add(world_.time.now(), "VIOLATION", {}, what);
    out_.violated(what);
  }

  World world_;
  Outcome& out_;
  SeededRandom random_ = world_.random.split("crowd");
  std::unique_ptr<Truth> truth_;
  std::vector<std::unique_ptr<SimNode>> nodes_;
  std::vector<std::size_t> seeders_;  // the first stays up
  std::vector<std::unique_ptr<EvilMachine>> evil_;
  NodeClock clock_{world_.time};
  std::size_t leads_ = 0;  // fetches that run beside the story
  bool finished_ = false;
  rt::Scope scope_;
};

boost::asio::awaitable<void> Crowd::sleep(rt::Duration time) {
  const rt::Instant when = world_.time.now() + time;
  (void)co_await rt::sleep_until(world_.time.executor(), clock_, when);
}

SimNode& Crowd::machine(bool has_blob) {
  auto& node =
      *nodes_.emplace_back(std::make_unique<SimNode>(world_, nodes_.size() + evil_.size()));
  if (auto up = node.boot(); !up) wrong("a machine does not start: " + to_string(up.error()));
  if (!has_blob) return node;
  auto& store = *node.life()->store;
  auto added = store.add_bytes(truth_->bytes);
  auto offered = store.set_offer({truth_->hash, store::Format::raw}, store::OfferClass::public_);
  if (!added || !offered) wrong("a seeder cannot add the blob");
  return node;
}

void Crowd::link(const SimNode& from, const SimNode& to, const Link& how) {
  world_.network.set_link(from.machine.host->ip(), to.machine.host->ip(), how);
}

void Crowd::set_up() {
  Link usual;
  usual.delay = milliseconds(random_.between(1, 40));
  usual.bytes_per_s = random_.between(100'000, 3'000'000);
  usual.queue_bytes = 256u << 10;
  world_.network.set_default_link(usual);
  truth_ = std::make_unique<Truth>(Truth::random(random_, random_.between(500'000, 1'200'000)));
  OriginFile file{.body = truth_->bytes};
  file.bytes_per_s = random_.between(200'000, 2'000'000);
  file.latency = milliseconds(random_.between(5, 80));
  world_.origin.put(kUrl, file);
  if (random_.chance(500'000)) {
    world_.origin.put(std::string(kUrl) + ".obao4",
                      {.body = truth_->outboard, .latency = file.latency});
  }
  const std::size_t all = random_.between(10, random_.chance(200'000) ? 50 : 20);
  const std::size_t honest = std::max<std::size_t>(1, all * random_.between(10, 60) / 100);
  for (std::size_t i = 0; i < honest; ++i) {
    seeders_.push_back(nodes_.size());
    (void)machine(true);
  }
  for (std::size_t i = honest; i < all; ++i) {
    const auto mood =
        static_cast<PeerMood>(random_.below(static_cast<std::uint64_t>(PeerMood::kCount)));
    auto attacker = std::make_unique<EvilMachine>(world_, nodes_.size() + evil_.size(), mood);
    attacker->peer.serve(*truth_);
    std::array<std::uint8_t, 32> key{};
    attacker->machine.random.fill(key);
    rt::Address at = attacker->machine.host->ip();
    at.port = kNodePort;
    if (auto up = attacker->peer.start(crypto::Ed25519Seed(key), at); !up)
      wrong("an attacker does not start");
    attacker->address = {attacker->peer.endpoint().id(), {at}};
    evil_.push_back(std::move(attacker));
  }
}

boost::asio::awaitable<Crowd::Timed> Crowd::fetch(SimNode& node, FetchRequest request) {
  request.hash = truth_->hash;
  const auto life = node.life();
  auto slot = std::make_shared<FetchSlot>(world_.time.executor());
  const rt::Instant began = world_.time.now();
  life->fetch(std::move(request), slot);
  while (!slot->report) (void)co_await slot->done.wait(clock_);
  Timed out{std::move(*slot->report), world_.time.now() - began};
  ++out_.fetches;
  out_.verified_bytes += out.report.verified_bytes;
  world_.log.add(world_.time.now(), "fetch",
                 {out.report.ok() ? 1u : 0u, static_cast<std::uint64_t>(out.wall.count())},
                 fetch::explain(out.report));
  co_return out;
}

// Everybody but the one that stays up gets its place by lot.
FetchRequest Crowd::everybody() {
  FetchRequest out;
  for (const std::size_t i : seeders_) out.peers.push_back(nodes_[i]->address());
  for (const auto& attacker : evil_) out.peers.push_back(attacker->address);
  for (std::size_t i = out.peers.size(); i > 1; --i)
    std::swap(out.peers[i - 1], out.peers[random_.below(i)]);
  return out;
}

boost::asio::awaitable<void> Crowd::go_and_come(std::size_t seeder, rt::Duration off) {
  auto& node = *nodes_[seeder];
  if (!node.is_up()) co_return;
  co_await node.lose_power();
  co_await sleep(off);
  if (auto up = node.boot(); !up) wrong("a seeder does not start again: " + to_string(up.error()));
}

// Machines other than the first go within `span`, and come back.
void Crowd::churn(rt::Duration span) {
  for (std::size_t i = 1; i < seeders_.size(); ++i) {
    if (random_.chance(500'000)) continue;
    const auto when = rt::Duration(random_.below(static_cast<std::uint64_t>(span.count())));
    const auto off = milliseconds(random_.between(100, 5000));
    world_.time.at(world_.time.now() + when,
                   [this, i, off] { scope_.start(go_and_come(seeders_[i], off)); });
  }
}

void Crowd::judge(const char* what, const Timed& timed) {
  const auto& report = timed.report;
  if (!report.ok()) wrong(fmt::format("{}: {}", what, to_string(*report.error)));
  for (const auto& row : report.sources) {
    const bool evil = std::ranges::any_of(evil_, [&](const auto& attacker) {
      return row.name.find(attacker->address.id.hex().substr(0, 10)) != std::string::npos;
    });
    if (row.lied && !evil) {
      wrong(fmt::format("{}: {} is honest and was called a liar: {}", what, row.name,
                        to_string(*row.last_error)));
    }
    if (row.lied) world_.counters.hit(Mark::liar_named);
  }
  if (timed.wall > kLimit) wrong(fmt::format("{} took {:.1f} s", what, in_seconds(timed.wall)));
}

boost::asio::awaitable<void> Crowd::race_the_origin() {
  FetchRequest only;
  only.origins.push_back(kUrl);
  auto& first = machine(false);
  auto alone = co_await fetch(first, std::move(only));
  judge("the origin alone", alone);
  churn(2 * alone.wall);
  FetchRequest all = everybody();
  all.origins.push_back(kUrl);
  auto& node = machine(false);
  auto mixed = co_await fetch(node, std::move(all));
  judge("the origin and the crowd", mixed);
  const double bound = in_seconds(alone.wall) * 1.05 + 0.5;
  if (in_seconds(mixed.wall) > bound) {
    wrong(fmt::format("with a crowd {:.2f} s, the origin alone {:.2f} s:\n{}",
                      in_seconds(mixed.wall), in_seconds(alone.wall),
                      fetch::explain(mixed.report)));
  }
  auto what =
      check_exits(*node.life()->store, node.machine.files, *truth_, node.machine.root / "judged");
  if (!what.empty()) wrong(what);
}

boost::asio::awaitable<void> Crowd::without_the_origin() {
  churn(seconds(3));
  FetchRequest all = everybody();
  auto& node = machine(false);
  auto timed = co_await fetch(node, std::move(all));
  judge("the crowd without the origin", timed);
}

boost::asio::awaitable<void> Crowd::lead(SimNode& node, FetchRequest request) {
  (void)co_await fetch(node, std::move(request));
  --leads_;
}

boost::asio::awaitable<void> Crowd::read_the_end() {
  auto& node = machine(false);
  const auto& seeder = *nodes_[seeders_[0]];
  Link slow;
  slow.delay = milliseconds(random_.between(1, 40));
  slow.bytes_per_s = kSlowBytesPerSecond;
  slow.queue_bytes = kShortQueueBytes;
  link(seeder, node, slow);
  FetchRequest request;
  request.peers.push_back(seeder.address());
  request.arrival = std::make_shared<fetch::Arrival>(world_.time.executor());
  fetch::ArrivingReader reader(request.arrival, *node.life()->store, clock_, truth_->hash);
  ++leads_;
  scope_.start(lead(node, std::move(request)));
  co_await sleep(milliseconds(500));
  const auto at = truth_->bytes.size() - 1000;
  const rt::Instant asked = world_.time.now();
  auto bytes = co_await reader.read(at, 1000, {});
  const auto waited = world_.time.now() - asked;
  if (!bytes || !equal(*bytes, ByteView(truth_->bytes).subspan(at, bytes->size())))
    wrong("a reader got other bytes");
  if (waited > kSoon / 2) {
    wrong(fmt::format("a reader waited {:.1f} s for the end of the blob", in_seconds(waited)));
  }
  while (leads_ > 0) co_await sleep(milliseconds(100));
}

boost::asio::awaitable<void> Crowd::behind_a_leecher() {
  auto& leecher = machine(false);
  auto& last = machine(false);
  const auto& seeder = *nodes_[seeders_[0]];
  Link slow;
  slow.delay = milliseconds(5);
  slow.bytes_per_s = kSlowBytesPerSecond;
  slow.queue_bytes = kShortQueueBytes;
  link(seeder, leecher, slow);
  (void)leecher.life()->store->set_offer({truth_->hash, store::Format::raw},
                                         store::OfferClass::public_);
  FetchRequest first, second;
  first.peers.push_back(seeder.address());
  second.peers.push_back(leecher.address());
  rt::Instant led{};
  ++leads_;
  scope_.start(lead(leecher, std::move(first)));
  co_await sleep(milliseconds(random_.between(500, 2000)));
  const rt::Instant began = world_.time.now();
  auto timed = co_await fetch(last, std::move(second));
  judge("behind a leecher", timed);
  led = world_.time.now();
  const double whole = static_cast<double>(truth_->bytes.size()) / kSlowBytesPerSecond;
  if (in_seconds(led - began) > whole * 1.3 + in_seconds(kSoon)) {
    wrong(fmt::format("behind a leecher it took {:.1f} s", in_seconds(led - began)));
  }
  while (leads_ > 0) co_await sleep(milliseconds(100));
}

boost::asio::awaitable<void> Crowd::direct() {
  set_up();
  co_await race_the_origin();
  co_await without_the_origin();
  co_await read_the_end();
  co_await behind_a_leecher();
  co_await sleep(seconds(10));  // whoever is away comes back
  for (auto& node : nodes_) co_await node->shut_down();
  for (auto& attacker : evil_) co_await attacker->peer.close();
  finished_ = true;
}

}  // namespace

void run_crowd(std::uint64_t seed, Outcome& outcome, const ScenarioOptions& options) {
  seed_system_randomness(seed);
  auto crowd = std::make_unique<Crowd>(seed, outcome, options);
  if (crowd->run()) return;
  [[maybe_unused]] auto* kept = crowd.release();  // stuck: its parts still wait for each other
}

}  // namespace archy::sim
