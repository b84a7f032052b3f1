#include "sim/money/market.hpp"

#include <fmt/format.h>

#include <boost/asio/co_spawn.hpp>

#include "base/check.hpp"
#include "blobs/hash_seq.hpp"

namespace archy::sim {
namespace {

constexpr auto kVirtualDay = std::chrono::hours(24);

std::int64_t milliseconds(rt::Instant at) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(at.time_since_epoch()).count();
}

}  // namespace

Market::Market(std::uint64_t from_seed)
    : seed(from_seed), random(SeededRandom(seed).split("market")), world(seed), there(world, 1) {
  install_sqlite_vfs();
  make_mints();
  make_nodes();
  make_content();
  using cashu::Amount;
  const std::uint64_t blob =
      random.chance(300'000) ? random.between(10, 100) : random.between(1, 8) * 100;
  const std::uint64_t fee = random.between(0, 5);
  const auto cap = [&] { return Amount(random.chance(300'000) ? 0 : random.between(10, 120)); };
  policy = streaming::PaymentPolicy::of(Amount(blob), Amount(fee), {}, cap(), cap());
}

Market::~Market() {
  for (MarketNode* node : everybody()) run(node->end());
}

void Market::make_mints() {
  std::vector<testmint::MintOptions> options(random.between(2, 3));
  for (std::size_t i = 0; i < options.size(); ++i) {
    testmint::MintOptions& each = options[i];
    each.name = std::string("mint-") + static_cast<char>('a' + i);
    each.keyset.input_fee_ppk = random.between(0, 2) * 100;
    each.sums = random.chance(500'000);
    each.outputs_first = random.chance(500'000);
    mint_names.push_back(each.name);
  }
  const rt::Path folder = there.root / "mints";
  db::Options db;
  db.vfs = kSqliteVfs;
  const auto made = there.files.make_directories(folder);
  CHECK(made.has_value());
  auto opened =
      testmint::LinkedMints::open(there.files, folder, there.random, options, std::move(db));
  CHECK(opened.has_value());
  mints = std::move(*opened);
}

void Market::make_nodes() {
  const auto make = [&](std::vector<std::unique_ptr<MarketNode>>& into, std::uint64_t from,
                        Role role, const char* name) {
    for (std::uint64_t i = 0, count = random.between(1, 3); i < count; ++i) {
      auto node = std::make_unique<MarketNode>(world, *mints, there.clock, from + i, role,
                                               fmt::format("{} {}", name, i + 1));
      const auto booted = node->boot();
      CHECK(booted.has_value());
      into.push_back(std::move(node));
    }
  };
  make(sellers, 11, Role::seller, "seller");
  make(buyers, 21, Role::buyer, "buyer");
}

void Market::make_content() {
  using store::OfferClass;
  const std::uint64_t count = random.between(2, 4);
  std::vector<Blake3Hash> paid_ones;
  for (std::uint64_t i = 0; i < count; ++i) {
    Bytes content(random.between(100'000, 2'000'000));
    random.fill(content);
    MarketBlob blob;
    blob.size = content.size();
    const auto drawn = random.between(0, 3);
    const OfferClass klass = drawn == 0   ? OfferClass::public_
                             : drawn == 1 ? OfferClass::metered
                                          : OfferClass::paid;
    for (const auto& seller : sellers) {
      if (!random.chance(700'000) && !blob.sellers.empty()) continue;
      blob.hash = seller->store().add_bytes(content).value().hash;
      const auto offered = seller->store().set_offer({blob.hash, store::Format::raw}, klass);
      CHECK(offered.has_value());
      blob.sellers.push_back(seller.get());
    }
    if (klass == OfferClass::paid && blob.sellers.front() == sellers.front().get())
      paid_ones.push_back(blob.hash);
    if (random.chance(500'000)) {
      blob.origin = fmt::format("http://origin.test/{}", i);
      world.origin.put(
          *blob.origin,
          {content, random.chance(700'000) ? OriginMood::honest : OriginMood::error_status,
           random.between(0, 3), random.between(64, 1024) << 10});
    }
    blobs.push_back(std::move(blob));
  }
  if (paid_ones.empty()) return;
  // What is not marked by itself lists what is.
  MarketBlob sequence;
  const Bytes bytes = blobs::HashSeq(paid_ones).bytes();
  sequence.is_sequence = true;
  sequence.size = bytes.size();
  sequence.sellers = {sellers.front().get()};
  sequence.hash = sellers.front()->store().add_bytes(bytes).value().hash;
  const auto offered =
      sellers.front()->store().set_offer({sequence.hash, store::Format::raw}, OfferClass::public_);
  CHECK(offered.has_value());
  blobs.push_back(std::move(sequence));
}

std::vector<MarketNode*> Market::everybody() {
  std::vector<MarketNode*> out;
  for (const auto& each : sellers) out.push_back(each.get());
  for (const auto& each : buyers) out.push_back(each.get());
  return out;
}

bool Market::run(boost::asio::awaitable<void> flow) {
  const auto over = std::make_shared<bool>(false);
  boost::asio::co_spawn(world.time.executor(), std::move(flow), [over](std::exception_ptr thrown) {
    *over = true;
    if (thrown) std::rethrow_exception(thrown);
  });
  wait([over] { return *over; }, kVirtualDay);
  return *over;
}

void Market::wait(const std::function<bool()>& done, rt::Duration most) {
  world.time.run_until(done, world.time.now() + most);
}

void Market::pass(rt::Duration time) {
  bool over = false;
  world.time.at(world.time.now() + time, [&over] { over = true; });
  world.time.run_until([&over] { return over; }, rt::kNever);
}

void Market::say(const std::string& line) {
  world.log.add(world.time.now(), "market", {}, line);
  if (tell) tell(fmt::format("{:>9} {}", milliseconds(world.time.now()), line));
}

Result<> Market::fund(MarketNode& node, const std::string& mint, std::uint64_t sat) {
  wallet::Wallet& wallet = node.wallet();
  TRY(operation, call(wallet.mint(cashu::Amount(sat), {url(mint), {}}, node.stop())));
  TRY(view, wallet.show(operation.id));
  if (!view.quote) return fail(Code::internal, "no quote");
  const auto paid =
      mints->lightning().pay_from_outside(view.quote->invoice, {}, there.clock.unix_ms());
  CHECK(paid.has_value());
  funded[&node] += sat;
  TRY_OK(call(wallet.go_on(operation.id, {}, node.stop())));
  return {};
}

}  // namespace archy::sim
