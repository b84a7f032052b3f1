#include <fmt/format.h>

#include "sim/money/wallet_story.hpp"

namespace archy::sim {
namespace {

using cashu::Amount;
using namespace std::chrono_literals;

constexpr wallet::Patience kShort{.all = 3s, .answer = 2s};
constexpr wallet::Patience kLong{.all = 600s, .answer = 5s};

std::string_view route_of(Deed deed) {
  switch (deed) {
    case Deed::mint:
      return "POST /v1/mint/bolt11";
    case Deed::melt:
      return "POST /v1/melt/bolt11";
    case Deed::restore:
      return "POST /v1/restore";
    case Deed::cross_quote:
      return "POST /v1/mint/quote/bolt11";
    case Deed::cross_price:
      return "POST /v1/melt/quote/bolt11";
    case Deed::cross_pay:
      return "POST /v1/melt/bolt11";
    case Deed::cross_claim:
      return "POST /v1/mint/bolt11";
    default:
      return "POST /v1/swap";
  }
}

std::string script_of(const Cell& cell) {
  const std::string_view fault = cell.loss == Loss::before  ? "drop_before"
                                 : cell.loss == Loss::after ? "drop_after"
                                                            : "answer_after";
  return fmt::format(R"([{{"fault":"{}","route":"{}"}}])", fault, route_of(cell.deed));
}

// At whom the request is lost.
std::string_view mint_of(Deed deed) {
  return deed == Deed::cross_quote || deed == Deed::cross_claim ? "mint-b" : "mint-a";
}

std::vector<testmint::MintOptions> mints_for(Deed deed) {
  testmint::MintOptions a, b;
  a.name = "mint-a";
  b.name = "mint-b";
  if (deed == Deed::cross_exact) a.without.insert(8);
  return {a, b};
}

constexpr std::uint64_t kFunded = 75;
constexpr std::uint64_t kAcross = 30;
constexpr std::uint64_t kAcrossFee = 10;

// What has to be there before the deed.
struct Scene {
  std::optional<Secret<std::string>> token;
  wallet::OperationId operation;
  std::string invoice;
};

Result<Scene> set(WalletWorld& world, const Cell& cell) {
  const Deed deed = cell.deed;
  Scene scene;
  if (cell.machine_lost) world.keep_backups();
  TRY_OK(world.start());
  TRY_OK(world.run(world.wallet().add_mint(world.url("mint-a"), {})));
  TRY_OK(world.wallet().set_home(world.url("mint-a")));
  if (deed == Deed::mint) {
    TRY(quoted, world.run(world.wallet().mint(Amount(21), {}, {})));
    scene.operation = quoted.id;
    TRY(view, world.wallet().show(quoted.id));
    world.pay_from_outside(view.quote->invoice);
    return scene;
  }
  TRY_OK(world.fund("mint-a", kFunded));
  if (is_cross(deed)) TRY_OK(world.run(world.wallet().add_mint(world.url("mint-b"), {})));
  if (deed == Deed::melt) scene.invoice = world.outside_invoice(30);
  if (deed == Deed::receive || deed == Deed::swap) {
    TRY(sent, world.run(world.wallet().send({.amount = Amount(13)}, {}, {}, kShort, {})));
    scene.operation = sent.id;
    TRY(token, world.wallet().token_of(sent.id));
    scene.token = std::move(token);
  }
  if (deed == Deed::restore) {
    TRY_OK(world.forget_wallet());
    TRY_OK(world.start());
    TRY_OK(world.run(world.wallet().add_mint(world.url("mint-a"), {})));
  }
  return scene;
}

// Its outcome is in the books, not here: the deed may have died.
void perform(WalletWorld& world, Deed deed, const Scene& scene) {
  auto& wallet = world.wallet();
  switch (deed) {
    case Deed::mint:
      (void)world.run(wallet.go_on(scene.operation, kShort, world.stop()));
      break;
    case Deed::swap:
      (void)world.run(wallet.take_back(scene.operation, kShort, world.stop()));
      break;
    case Deed::melt:
      (void)world.run(wallet.melt({scene.invoice, {}}, {}, kShort, world.stop()));
      break;
    case Deed::send:
      (void)world.run(wallet.send({.amount = Amount(13)}, {}, {}, kShort, world.stop()));
      break;
    case Deed::receive:
      (void)world.run(wallet.receive(*scene.token, false, kShort, world.stop()));
      break;
    case Deed::restore:
      (void)world.run(wallet.restore(world.url("mint-a"), world.stop()));
      break;
    case Deed::cross_quote:
    case Deed::cross_price:
    case Deed::cross_exact:
    case Deed::cross_pay:
    case Deed::cross_claim:
      (void)world.run(wallet.swap_between_mints(world.url("mint-a"), world.url("mint-b"),
                                                {Amount(kAcross), Amount(kAcrossFee)}, {}, kShort,
                                                world.stop()));
      break;
  }
}

// An invoice that nobody will pay any more is asked about for a day after its end.
Result<> outlive_invoices(WalletWorld& world) {
  TRY(open, world.wallet().open_operations());
  for (const wallet::Operation& one : open)
    if (one.kind != wallet::OperationKind::mint || one.stage != wallet::Stage::quoted) return {};
  if (open.empty()) return {};
  world.pass(26h);
  TRY_OK(world.run(world.wallet().resume(kLong, world.stop())));
  return {};
}

// Every sat is at one of the mints, or was a fee that the swap owns up to, under its cap.
std::string judge_cross(WalletWorld& world, bool machine_lost) {
  const auto history = world.wallet().history(1000);
  if (!history) return history.error().detail;
  std::uint64_t fees = 0, done = 0;
  for (const wallet::Operation& one : *history) {
    if (one.kind != wallet::OperationKind::cross_swap) continue;
    if (one.state != wallet::OperationState::done && one.state != wallet::OperationState::failed)
      return fmt::format("the swap is {}: {}", to_string(one.state), one.note);
    fees += one.fee.value();
    done += one.state == wallet::OperationState::done ? 1 : 0;
    if (one.fee > Amount(kAcrossFee)) return fmt::format("it cost {} sat", one.fee.value());
  }
  // A backup knows of no swap that has ended.
  if (machine_lost) return world.imbalance("mint-b");
  const std::uint64_t there = world.balance("mint-b"), all = world.balance("mint-a") + there;
  if (there != done * kAcross) return fmt::format("{} sat arrived for {} swaps", there, done);
  if (all + fees != kFunded) return fmt::format("{} sat and {} of fees of {}", all, fees, kFunded);
  return world.imbalance("mint-b");
}

// From the words and the newest backup. Gives what is wrong, or nothing.
std::string come_back(WalletWorld& world) {
  if (auto taken = world.take_in_newest_backup(); !taken)
    return "no backup taken in: " + taken.error().detail;
  if (auto started = world.start(); !started) return "no start: " + started.error().detail;
  const auto refused = world.run(
      world.wallet().send({.amount = Amount(1)}, {}, {world.url("mint-a"), {}}, kShort, {}));
  if (refused || refused.error().code != Code::denied) return "it spends before it has asked";
  auto recovered = world.run(world.wallet().recover(world.stop()));
  if (!recovered) return "no recovery: " + recovered.error().detail;
  for (const auto& each : *recovered)
    if (each.recovery.state == wallet::RecoveryState::needed)
      return each.mint_url + " is not recovered: " + each.recovery.note;
  return "";
}

std::string settle(WalletWorld& world, const Cell& cell) {
  const Deed deed = cell.deed;
  for (const auto* name : {"mint-a", "mint-b"}) world.mint(name).faults().clear();
  if (cell.machine_lost) {
    if (std::string wrong = come_back(world); !wrong.empty()) return wrong;
  } else if (auto started = world.start(); !started)
    return "no start: " + started.error().detail;
  if (deed == Deed::restore) {
    auto again = world.run(world.wallet().restore(world.url("mint-a"), world.stop()));
    if (!again) return "no restore after it: " + again.error().detail;
  }
  auto resumed = world.run(world.wallet().resume(kLong, world.stop()));
  if (!resumed) return "no resume: " + resumed.error().detail;
  if (auto outlived = outlive_invoices(world); !outlived && is_cross(deed))
    return "no resume later: " + outlived.error().detail;
  auto open = world.wallet().open_operations();
  if (!open) return open.error().detail;
  for (const wallet::Operation& operation : *open)
    if (!operation.has_ended())
      return fmt::format("operation {} ({}) is at {}: {}", operation.id.value(),
                         to_string(operation.kind), to_string(operation.stage), operation.note);
  auto recovered = world.run(world.wallet().recover(world.stop()));
  if (!recovered) return "no recovery: " + recovered.error().detail;
  for (const auto& each : *recovered)
    if (each.recovery.state != wallet::RecoveryState::done)
      return each.mint_url + " is not recovered: " + each.recovery.note;
  auto looked = world.run(world.wallet().look_after_handed(world.stop()));
  if (!looked) return "handed: " + looked.error().detail;
  if (is_cross(deed))
    if (std::string wrong = judge_cross(world, cell.machine_lost); !wrong.empty()) return wrong;
  return world.imbalance("mint-a");
}

}  // namespace

std::string_view to_string(Deed deed) {
  constexpr std::string_view kNames[] = {"mint",        "swap",      "melt",        "send",
                                         "receive",     "restore",   "cross_quote", "cross_price",
                                         "cross_exact", "cross_pay", "cross_claim"};
  return kNames[static_cast<std::size_t>(deed)];
}

std::string_view to_string(Loss loss) {
  constexpr std::string_view kNames[] = {"none", "before", "after", "by_proxy"};
  return kNames[static_cast<std::size_t>(loss)];
}

CellResult run_cell(const Cell& cell) {
  WalletWorld world(cell.point * 16 + static_cast<std::uint64_t>(cell.loss), mints_for(cell.deed));
  auto scene = set(world, cell);
  if (!scene) return {true, "the scene: " + scene.error().detail};
  if (cell.loss != Loss::none) {
    auto added = world.mint(mint_of(cell.deed)).faults().add(script_of(cell));
    if (!added) return {true, added.error().detail};
  }
  world.kill_at_disk_call(cell.point, cell.death);
  perform(world, cell.deed, *scene);
  const bool died = !world.is_armed();
  return {died, settle(world, cell)};
}

}  // namespace archy::sim
