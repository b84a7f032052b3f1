#include "rpc/wallet_json.hpp"

#include <nlohmann/json.hpp>

namespace archy::rpc {
namespace {

// What came or went, the mint's fee apart.
std::uint64_t net_amount(const wallet::Operation& operation) {
  const bool is_back = operation.takes_back && operation.state == wallet::OperationState::done;
  if (!is_back) return operation.amount.value();
  return operation.amount.minus(operation.fee).value_or(operation.amount).value();
}

}  // namespace

Json operation_json(const WalletLine& line) {
  const wallet::Operation& operation = line.operation;
  const bool backwards = operation.takes_back.has_value();
  return {
      {"operation", operation.id.value()},
      {"kind", backwards ? "take_back" : to_string(operation.kind)},
      {"state", to_string(operation.state)},
      {"stage", to_string(operation.stage)},
      {"amount_sats", net_amount(operation)},
      {"fee_sats", operation.fee.value()},
      {"mint", line.mint_url},
      {"counterpart", line.counterpart_url.empty() ? Json(nullptr) : Json(line.counterpart_url)},
      {"part_of", operation.part_of ? Json(operation.part_of->value()) : Json(nullptr)},
      {"memo", operation.memo ? Json(*operation.memo) : Json(nullptr)},
      {"takes_back", backwards ? Json(operation.takes_back->value()) : Json(nullptr)},
      {"created_ms", operation.created_ms},
      {"changed_ms", operation.changed_ms},
      {"note", operation.note}};
}

Json operation_json(const wallet::OperationView& view) {
  Json out = operation_json(WalletLine{view.operation, view.mint_url, view.counterpart_url});
  out["invoice"] = view.quote ? Json(view.quote->invoice) : Json(nullptr);
  const bool paid = view.quote && view.quote->preimage;
  out["preimage"] = paid ? Json(*view.quote->preimage) : Json(nullptr);
  out["requests"] = Json::array();
  for (const auto& request : view.requests) {
    out["requests"].push_back({{"path", request.path},
                               {"state", to_string(request.state)},
                               {"unanswered", request.unanswered},
                               {"outputs", request.outputs}});
  }
  return out;
}

std::vector<ResultField> operation_fields(const std::string& prefix) {
  std::vector<ResultField> out{
      {"operation", "its number"},
      {"kind",
       "mint, melt, send, receive, take_back, swap, restore, or cross_swap: from one mint to "
       "another, by a melt and a mint that are parts of it"},
      {"state",
       "open; done; failed: nothing was spent, or it is all back; needs_attention: what the mint "
       "says cannot be true together, it is asked again"},
      {"stage", "how far it is"},
      {"amount_sats", "what came or went, fees apart; of a cross_swap what is delivered"},
      {"fee_sats", "known when it is done; of a cross_swap that of its parts, counted once more"},
      {"mint", "its URL; of a cross_swap where the ecash comes from"},
      {"counterpart", "of a cross_swap and its parts the mint at the other end, or null"},
      {"part_of", "the cross_swap that it serves, or null"},
      {"memo", "of the token, or null"},
      {"takes_back", "the send whose token is taken back, or null"},
      {"created_ms", "since 1970"},
      {"changed_ms", ""},
      {"note", "for people: why it failed, what is waited for"}};
  for (ResultField& field : out) field.name.insert(0, prefix);
  return out;
}

std::vector<ResultField> operation_view_fields() {
  std::vector<ResultField> out = operation_fields();
  out.push_back({"invoice", "of a mint or melt, or null"});
  out.push_back({"preimage", "of a melt that was paid, when the mint told it; or null"});
  out.push_back({"requests[].path", "of those that move money"});
  out.push_back({"requests[].state", "armed, sent, settled, released or refused"});
  out.push_back({"requests[].unanswered", "a copy may still be on its way"});
  out.push_back({"requests[].outputs", ""});
  return out;
}

std::string shown_path(const rt::Path& path, const Grant& grant) {
  return (grant.local ? path : path.filename()).string();
}

Json balance_json(const wallet::MintBalance& balance) {
  return {{"url", balance.mint.url},
          {"home", balance.mint.home},
          {"trusted", balance.mint.trusted},
          {"balance_sats", balance.spendable.value()},
          {"given_sats", balance.given.value()},
          {"in_recovery_sats", balance.reserved.value()},
          {"quarantined_sats", balance.quarantined.value()}};
}

Json mint_json(const wallet::MintBalance& balance) {
  return {{"url", balance.mint.url},
          {"trusted", balance.mint.trusted},
          {"home", balance.mint.home},
          {"cap_sats", balance.mint.cap ? Json(balance.mint.cap->value()) : Json(nullptr)},
          {"balance_sats", balance.spendable.value()},
          {"unanswered", balance.breaker.unanswered},
          {"asked_again_s",
           std::chrono::ceil<std::chrono::seconds>(balance.breaker.left_alone).count()}};
}

}  // namespace archy::rpc
