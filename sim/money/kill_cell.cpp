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
  TRY_OK(world.fund("mint-a", 75));
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
  }
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
  world.mint("mint-a").faults().clear();
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
  for (const wallet::Operation& operation : *resumed)
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
  return world.imbalance("mint-a");
}

}  // namespace

std::string_view to_string(Deed deed) {
  constexpr std::string_view kNames[] = {"mint", "swap", "melt", "send", "receive", "restore"};
  return kNames[static_cast<std::size_t>(deed)];
}

std::string_view to_string(Loss loss) {
  constexpr std::string_view kNames[] = {"none", "before", "after", "by_proxy"};
  return kNames[static_cast<std::size_t>(loss)];
}

CellResult run_cell(const Cell& cell) {
  WalletWorld world(cell.point * 16 + static_cast<std::uint64_t>(cell.loss));
  auto scene = set(world, cell);
  if (!scene) return {true, "the scene: " + scene.error().detail};
  if (cell.loss != Loss::none) {
    auto added = world.mint("mint-a").faults().add(script_of(cell));
    if (!added) return {true, added.error().detail};
  }
  world.kill_at_disk_call(cell.point, cell.death);
  perform(world, cell.deed, *scene);
  const bool died = !world.is_armed();
  return {died, settle(world, cell)};
}

}  // namespace archy::sim
