#include "sim/money/look_back.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "cashu/token.hpp"

namespace archy::sim {
namespace {

constexpr wallet::Patience kShort{.all = std::chrono::seconds(3),
                                  .answer = std::chrono::seconds(2)};

std::string sums_of_mints(WalletWorld& world) {
  std::string out;
  for (const auto* name : {"mint-a", "mint-b"}) {
    const auto report = nlohmann::json::parse(*world.mint(name).report(world.now_ms()));
    out += fmt::format(" {}:", name);
    for (const char* sum : {"issued", "spent", "pending", "claimed", "melted"})
      out += fmt::format(" {} {}", sum, report.at(sum).get<std::uint64_t>());
  }
  return out;
}

std::string history_of(wallet::Wallet& wallet) {
  std::string out;
  const auto all = wallet.history(1000);
  for (const wallet::Operation& each : *all)
    out += fmt::format("{} {} {} {} {}\n", each.id.value(), to_string(each.state),
                       to_string(each.stage), each.amount.value(), each.fee.value());
  return out;
}

std::string over_its_cap(wallet::Wallet& wallet, const Asked& asked) {
  for (const auto& [id, cap] : asked.caps) {
    const auto view = wallet.show(id);
    if (view && view->operation.state == wallet::OperationState::done && view->operation.fee > cap)
      return fmt::format("a fee of {} over the cap of {}", view->operation.fee.value(),
                         cap.value());
  }
  return "";
}

std::string told_by_the_disk(WalletWorld& world, wallet::OperationId id) {
  const auto token = world.wallet().token_of(id);
  if (!token) return "";
  const auto parsed = cashu::parse_token(token->reveal());
  for (const auto* file : {"wallet.db", "wallet.db-wal"}) {
    const auto content = world.wallet_disk().look(world.data_dir() / file);
    if (!content) continue;
    const std::string_view text = as_text(*content);
    if (text.contains(token->reveal())) return std::string("a token stands in ") + file;
    for (const cashu::Proof& proof : parsed->proofs)
      if (text.contains(proof.secret.reveal())) return std::string("a secret stands in ") + file;
  }
  return "";
}

}  // namespace

std::string look_back(WalletWorld& world, Recorder& recorder, const Asked& asked) {
  if (recorder.outputs_used_twice() > 0) return "a counter stands in two bodies";
  if (std::string wrong = over_its_cap(world.wallet(), asked); !wrong.empty()) return wrong;
  const std::string before = history_of(world.wallet()), owed = sums_of_mints(world);
  (void)world.run(world.wallet().resume(kShort, world.stop()));
  if (history_of(world.wallet()) != before) return "what has ended goes on";
  (void)world.run(recorder.replay(world.stop()));
  if (const std::string now = sums_of_mints(world); now != owed)
    return "something sent could still be executed:" + owed + "; then" + now;
  for (const auto id : asked.tokens)
    if (std::string wrong = told_by_the_disk(world, id); !wrong.empty()) return wrong;
  return "";
}

}  // namespace archy::sim
