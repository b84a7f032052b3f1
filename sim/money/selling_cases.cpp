#include "sim/money/selling_cases.hpp"

#include <fmt/format.h>

#include <memory>
#include <random>

#include "cashu/token.hpp"
#include "sim/money/shop.hpp"
#include "streaming/grace.hpp"

namespace archy::sim {
namespace {

using namespace std::chrono_literals;
using cashu::Amount;
using streaming::ContentClass;
using streaming::GateAnswer;
using streaming::GateVerdict;
using streaming::MeterVerdict;
using streaming::Want;

constexpr wallet::Patience kLong{.all = 600s, .answer = 5s};

std::string settled(Shop& shop) {
  auto resumed = shop.world().run(shop.world().wallet().resume(kLong, shop.world().stop()));
  if (!resumed) return "no resume: " + resumed.error().detail;
  auto looked = shop.world().run(shop.world().wallet().look_after_handed(shop.world().stop()));
  if (!looked) return "tokens that are out: " + looked.error().detail;
  return shop.world().imbalance("mint-a");
}

}  // namespace

std::string one_token_is_one_credit() {
  WalletWorld world(3);
  Shop shop(world);
  if (auto opened = shop.open(1000); !opened) return opened.error().detail;
  const auto token = shop.token(20);
  std::vector<std::shared_ptr<std::optional<Result<GateAnswer>>>> asks;
  for (int i = 0; i < 100; ++i) asks.push_back(shop.start_ask(shop.want(1), token));
  for (std::uint8_t peer = 2; peer <= 6; ++peer)
    asks.push_back(shop.start_ask(shop.want(peer), token));
  world.wait_for(
      [&] { return std::ranges::all_of(asks, [](const auto& ask) { return ask->has_value(); }); });
  std::string receipt;
  for (std::size_t i = 0; i < asks.size(); ++i) {
    if (!asks[i]->has_value() || !**asks[i]) return "an ask never ended";
    const GateAnswer& answer = ***asks[i];
    if (i >= 100 && answer.verdict != GateVerdict::failed)
      return fmt::format("another peer is told {}", to_string(answer.verdict));
    if (i >= 100) continue;
    if (answer.verdict != GateVerdict::paid_and_allowed || !answer.receipt)
      return fmt::format("ask {}: {} ({})", i, to_string(answer.verdict), answer.reason);
    if (receipt.empty()) receipt = answer.receipt->payment;
    if (answer.receipt->payment != receipt) return "another receipt";
    if (answer.receipt->credit != streaming::Msat(20'000)) return "another credit";
  }
  if (shop.credit_msat() != 20'000) return fmt::format("credit of {} msat", shop.credit_msat());
  for (const bool killed : {false, true}) {
    if (killed) shop.crash();
    if (auto again = shop.restart(); !again) return again.error().detail;
    const auto answer = shop.ask(shop.want(1), token);
    if (answer.verdict != GateVerdict::paid_and_allowed || answer.receipt->payment != receipt)
      return fmt::format("after a restart: {}", to_string(answer.verdict));
    if (shop.ask(shop.want(2), token).verdict != GateVerdict::failed)
      return "another peer, after a restart";
  }
  if (shop.credit_msat() != 20'000) return fmt::format("credit of {} msat", shop.credit_msat());
  const std::uint64_t sent = shop.fetch(shop.want(1), 100 * kMiB);
  if (sent > 20 * kMiB) return fmt::format("{} bytes for 20 sat", sent);
  return settled(shop);
}

std::string a_worthless_token_buys_nothing() {
  WalletWorld world(4);
  Shop shop(world);
  if (auto opened = shop.open(1000); !opened) return opened.error().detail;
  const auto before = world.balance("mint-a");
  // Of a mint that is taken, and spent already: only the mint can tell.
  const auto token = shop.token(20);
  const auto copy = cashu::parse_token(token.reveal());
  if (auto back = world.run(world.wallet().receive(token, false, kLong, {})); !back)
    return back.error().detail;
  auto answer = shop.ask(shop.want(1), token);
  if (answer.verdict != GateVerdict::failed)
    return fmt::format("what the operator had taken in himself: {}", to_string(answer.verdict));
  const auto spent = shop.token(16);
  auto parsed = *cashu::parse_token(spent.reveal());
  // Secrets that nobody has signed, under the mint's signature of another one.
  for (auto& proof : parsed.proofs) {
    std::string secret = proof.secret.reveal();
    secret[0] = secret[0] == 'a' ? 'b' : 'a';
    proof.secret = cashu::ProofSecret(secret);
    proof.dleq.reset();
  }
  const auto forged = *cashu::to_string(parsed);
  answer = shop.ask(shop.want(2), forged);
  if (answer.verdict != GateVerdict::failed && answer.verdict != GateVerdict::unavailable)
    return fmt::format("a forged one: {}", to_string(answer.verdict));
  if (shop.ask(shop.want(2), forged).verdict == GateVerdict::paid_and_allowed)
    return "a forged one, sent twice";
  if (shop.credit_msat() != 0) return fmt::format("credit of {} msat", shop.credit_msat());
  if (shop.fetch(shop.want(2), kMiB) != 0) return "bytes for a forged token";
  auto taken = world.run(world.wallet().receive(spent, false, kLong, {}));
  if (!taken) return taken.error().detail;
  if (world.balance("mint-a") != before) return "the seller's balance is another one";
  return settled(shop);
}

// --- faults --------------------------------------------------------------------------------------

namespace {

enum class Shape : unsigned char { no_token, good_token, seen_token, bad_token, strange_mint };
constexpr Shape kShapes[] = {Shape::no_token, Shape::good_token, Shape::seen_token,
                             Shape::bad_token, Shape::strange_mint};

int rank(GateVerdict verdict) {
  switch (verdict) {
    case GateVerdict::allowed:
    case GateVerdict::paid_and_allowed:
      return 2;
    case GateVerdict::payment_required:
    case GateVerdict::insufficient:
      return 1;
    default:
      return 0;
  }
}

struct Tried {
  int verdict = 0;
  std::uint64_t sent = 0;
  std::uint64_t calls = 0;
};

// Asks, then fetches; the calls from `fault` on fail for a while.
Result<Tried> try_it(ContentClass klass, Shape shape, std::uint64_t fault, std::uint64_t how_many,
                     Code code) {
  WalletWorld world(5);
  Shop shop(world);
  TRY_OK(shop.open(200));
  std::optional<Secret<std::string>> token;
  if (shape != Shape::no_token) token = shop.token(2);
  const Want want = shop.want(1, 1, klass, 4 * kMiB);
  if (shape == Shape::seen_token) (void)shop.ask(shop.want(9, 1, klass, 4 * kMiB), token);
  if (shape == Shape::bad_token) token = Secret<std::string>("cashuBnonsense");
  if (shape == Shape::strange_mint) {
    auto parsed = *cashu::parse_token(token->reveal());
    parsed.mint = "http://theirs.test";
    token = *cashu::to_string(parsed);
  }
  shop.purse().fail_at(fault, how_many, code);
  Tried out;
  out.verdict = rank(shop.ask(want, token).verdict);
  out.sent = shop.fetch(want, 100 * kMiB);
  out.calls = shop.purse().calls();
  shop.purse().fail_at(0);
  return out;
}

}  // namespace

std::string no_error_improves_a_verdict() {
  for (const ContentClass klass : {ContentClass::metered, ContentClass::paid})
    for (const Shape shape : kShapes) {
      const auto sound = try_it(klass, shape, 0, 0, Code::io);
      if (!sound) return sound.error().detail;
      const bool buys = shape == Shape::good_token;
      if ((sound->verdict == 2) != buys || sound->sent != (buys ? 2 * kMiB : 0))
        return fmt::format("without a fault, shape {}: {}, {} bytes", static_cast<int>(shape),
                           sound->verdict, sound->sent);
      for (std::uint64_t fault = 1; fault <= std::min<std::uint64_t>(sound->calls, 12); ++fault)
        for (const std::uint64_t how_many : {std::uint64_t{0}, std::uint64_t{1'000'000}})
          for (const Code code : {Code::io, Code::not_found}) {
            const auto faulty = try_it(klass, shape, fault, how_many, code);
            if (!faulty) return faulty.error().detail;
            const bool grace = klass == ContentClass::metered;
            const std::uint64_t most = sound->sent + (grace ? streaming::kGraceOfPeer : 0);
            if ((!grace && faulty->verdict > sound->verdict) || faulty->sent > most)
              return fmt::format(
                  "class {}, shape {}, call {} and {} more fail with {}: {} instead of {}, {} "
                  "bytes "
                  "instead of {}",
                  static_cast<int>(klass), static_cast<int>(shape), fault, how_many,
                  to_string(code), faulty->verdict, sound->verdict, faulty->sent, sound->sent);
          }
    }
  return "";
}

// --- meter ---------------------------------------------------------------------------------------

std::string nothing_is_sent_beyond_the_credit() {
  std::mt19937_64 random(11);
  for (int round = 0; round < 3; ++round) {
    WalletWorld world(6 + static_cast<std::uint64_t>(round));
    Shop shop(world);
    if (auto opened = shop.open(1000); !opened) return opened.error().detail;
    const Want want = shop.want(1, 1, ContentClass::paid, 1000 * kMiB);
    std::uint64_t paid = 0, sent = 0;
    std::vector<streaming::GateTicket> open;
    for (int step = 0; step < 20'000; ++step) {
      if (step % 4000 == 0) {
        const std::uint64_t sat = 1 + random() % 20;
        const auto answer = shop.ask(want, shop.token(sat));
        if (answer.verdict != GateVerdict::paid_and_allowed)
          return fmt::format("paid: {}", to_string(answer.verdict));
        paid += sat;
      }
      const auto dice = random() % 100;
      if (dice < 3 && open.size() < 16) {
        if (const auto begun = shop.gate().begin(want); begun.verdict == MeterVerdict::go_on)
          open.push_back(begun.ticket);
      } else if (dice < 5 && !open.empty()) {
        const std::size_t which = random() % open.size();
        shop.gate().settle(open[which]);
        open.erase(open.begin() + static_cast<std::ptrdiff_t>(which));
      } else if (!open.empty()) {
        const std::uint64_t group = random() % 8 == 0 ? 1 + random() % kGroup : kGroup;
        if (shop.gate().take(open[random() % open.size()], group).verdict == MeterVerdict::go_on)
          sent += group;
      }
      if (sent > paid * kMiB) return fmt::format("{} bytes for {} sat", sent, paid);
    }
    for (const auto ticket : open) shop.gate().settle(ticket);
    if (sent + 2 * kGroup < paid * kMiB && shop.fetch(want, kGroup) == 0)
      return fmt::format("{} bytes of {} were sent, and no more is", sent, paid * kMiB);
    sent += shop.fetch(want, 100 * kMiB) + (sent + 2 * kGroup < paid * kMiB ? kGroup : 0);
    if (shop.used_msat() > shop.credit_msat()) return "more was used than paid";
    // Each msat of it, but for what is less than a group.
    if (shop.credit_msat() - shop.used_msat() > 1000 * kGroup / kMiB + 1)
      return fmt::format("{} msat are left", shop.credit_msat() - shop.used_msat());
  }
  return "";
}

// --- refunds -------------------------------------------------------------------------------------

std::string a_session_is_refunded_once() {
  WalletWorld world(9);
  Shop shop(world);
  if (auto opened = shop.open(1000); !opened) return opened.error().detail;
  const Want want = shop.want();
  const auto token = shop.token(20);
  if (shop.ask(want, token).verdict != GateVerdict::paid_and_allowed) return "not paid";
  if (shop.fetch(want, 5 * kMiB) != 5 * kMiB) return "not sent";
  const auto first = shop.close_session(1);
  if (!first || !first->token) return "not refunded";
  const auto worth = cashu::value_of(*cashu::parse_token(first->token->reveal()))->value();
  if (worth != 15) return fmt::format("{} sat came back", worth);
  if (auto again = shop.restart(); !again) return again.error().detail;
  const auto second = shop.close_session(1);
  if (!second || !second->token) return "not told again";
  if (second->token->reveal() != first->token->reveal()) return "a second token";
  if (shop.fetch(want, kMiB) != 0) return "something was sent after the end";
  const auto replay = shop.ask(want, token);
  if (rank(replay.verdict) > 1) return "its token buys again";
  if (shop.fetch(want, kMiB) != 0) return "something was sent after the end";
  const auto paid = shop.ask(want, *first->token);
  if (paid.verdict != GateVerdict::paid_and_allowed) return "a refund is money";
  return settled(shop);
}

// --- kills ---------------------------------------------------------------------------------------

std::string a_kill_leaves_one_credit_or_none(std::uint64_t from, std::uint64_t stride) {
  for (std::uint64_t point = from;; point += stride) {
    for (const Death death : {Death::killed, Death::power_cut}) {
      WalletWorld world(100 + point);
      Shop shop(world);
      if (auto opened = shop.open(100); !opened) return opened.error().detail;
      const auto token = shop.token(20);
      world.kill_at_disk_call(point, death);
      (void)shop.ask(shop.want(1), token);
      const bool died = !world.is_armed();
      if (!died) return "";
      const auto at = fmt::format("disk call {}: ", point);
      if (auto again = shop.restart(); !again) return at + again.error().detail;
      if (auto resumed = world.run(world.wallet().resume(kLong, world.stop())); !resumed)
        return at + resumed.error().detail;
      const std::uint64_t credit = shop.credit_msat();
      if (credit != 0 && credit != 20'000) return at + fmt::format("credit of {} msat", credit);
      if (shop.ask(shop.want(2), token).verdict == GateVerdict::paid_and_allowed && credit != 0)
        return at + "it buys for another peer";
      if (credit == 0) {
        // Nothing of it is known: it was taken in for the second peer now.
        if (shop.credit_msat() != 20'000) return at + "its value is lost";
      } else if (const auto answer = shop.ask(shop.want(1), token);
                 answer.verdict != GateVerdict::paid_and_allowed) {
        return at + fmt::format("the same token again: {} ({})", to_string(answer.verdict),
                                answer.reason);
      }
      if (shop.credit_msat() != 20'000) return at + fmt::format("{} msat", shop.credit_msat());
      if (std::string wrong = settled(shop); !wrong.empty()) return at + wrong;
      if (world.balance("mint-a") != 100) return at + "the seller has another sum";
    }
  }
}

std::string a_kill_leaves_one_refund(std::uint64_t from, std::uint64_t stride) {
  for (std::uint64_t point = from;; point += stride) {
    WalletWorld world(200 + point);
    Shop shop(world);
    if (auto opened = shop.open(100); !opened) return opened.error().detail;
    if (shop.ask(shop.want(1), shop.token(20)).verdict != GateVerdict::paid_and_allowed)
      return "not paid";
    world.kill_at_disk_call(point, point % 2 ? Death::killed : Death::power_cut);
    (void)shop.close_session(1);
    if (world.is_armed()) return "";
    const auto at = fmt::format("disk call {}: ", point);
    if (auto again = shop.restart(); !again) return at + again.error().detail;
    const auto closed = shop.close_session(1);
    if (!closed || !closed->token) return at + "no refund after it";
    const auto twice = shop.close_session(1);
    if (!twice || twice->token->reveal() != closed->token->reveal()) return at + "another token";
    if (cashu::value_of(*cashu::parse_token(closed->token->reveal()))->value() != 20)
      return at + "another sum";
    if (std::string wrong = settled(shop); !wrong.empty()) return at + wrong;
    const auto balances = world.wallet().balances();
    for (const auto& balance : *balances)
      if (balance.mint.url == world.url("mint-a") &&
          (balance.given != Amount(20) || balance.spendable != Amount(80)))
        return at + fmt::format("{} sat are out, {} are here", balance.given.value(),
                                balance.spendable.value());
    if (shop.fetch(shop.want(1), kMiB) != 0) return at + "something was sent after the end";
  }
}

}  // namespace archy::sim
