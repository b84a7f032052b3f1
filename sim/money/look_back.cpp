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
  for (const auto& [name, mint] : world.mints().all()) {
    const auto report = nlohmann::json::parse(*mint->report(world.now_ms()));
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

using wallet::Operation;
using wallet::OperationKind;
using wallet::OperationState;
using wallet::Stage;

// The parts of each swap between mints.
std::map<std::int64_t, std::vector<Operation>> crossings(wallet::Wallet& wallet) {
  std::map<std::int64_t, std::vector<Operation>> out;
  const auto all = wallet.history(1000);
  if (!all) return out;
  for (const Operation& each : *all)
    if (each.part_of) out[each.part_of->value()].push_back(each);
  return out;
}

std::string paid_otherwise_than_once(wallet::Wallet& wallet) {
  for (const auto& [id, parts] : crossings(wallet)) {
    const auto whole = wallet.show(wallet::OperationId(id));
    if (!whole) return whole.error().detail;
    const auto paid = std::ranges::count_if(parts, [](const Operation& part) {
      return part.kind == OperationKind::melt && part.state == OperationState::done;
    });
    const bool done = whole->operation.state == OperationState::done;
    if (paid != (done ? 1 : 0))
      return fmt::format("swap {} is {} and has paid {} times", id,
                         to_string(whole->operation.state), paid);
  }
  return "";
}

bool has_request_ready(wallet::Wallet& wallet, const Operation& part) {
  const auto view = wallet.show(part.id);
  return view && std::ranges::any_of(view->requests, [](const auto& request) {
           return request.state == wallet::RequestState::armed ||
                  request.state == wallet::RequestState::sent;
         });
}

}  // namespace

std::string out_of_order(wallet::Wallet& wallet, const std::string& url) {
  const bool pays = url.ends_with("/v1/melt/bolt11"), claims = url.ends_with("/v1/mint/bolt11");
  if (!pays && !claims) return "";
  for (const auto& [id, parts] : crossings(wallet)) {
    const auto whole = wallet.show(wallet::OperationId(id));
    if (!whole || whole->operation.has_ended()) continue;
    const bool is_paid = whole->operation.stage == Stage::paid;
    for (const Operation& part : parts) {
      if (part.has_ended() || !url.starts_with(wallet.show(part.id)->mint_url)) continue;
      if (pays && part.kind == OperationKind::mint) continue;
      // Of the same mint, and not at an end: it may be what is sent.
      if (claims && part.kind == OperationKind::mint && part.stage == Stage::requested && !is_paid)
        return fmt::format("swap {} claims before its payment is booked", id);
      if (!pays || part.kind != OperationKind::melt || part.stage != Stage::requested) continue;
      const bool ready = std::ranges::any_of(parts, [&](const Operation& other) {
        return other.kind == OperationKind::mint && !other.has_ended() &&
               has_request_ready(wallet, other);
      });
      if (!ready && !is_paid) return fmt::format("swap {} pays before its claim is stored", id);
    }
  }
  return "";
}

std::string look_back(WalletWorld& world, Recorder& recorder, const Asked& asked) {
  if (recorder.outputs_used_twice() > 0) return "a counter stands in two bodies";
  if (std::string wrong = over_its_cap(world.wallet(), asked); !wrong.empty()) return wrong;
  if (std::string wrong = paid_otherwise_than_once(world.wallet()); !wrong.empty()) return wrong;
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
