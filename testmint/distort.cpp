// Answers that say something else than what the book says.
#include <nlohmann/json.hpp>

#include "testmint/mint.hpp"

namespace archy::testmint {
namespace {

void change_digit(Json& text) {
  auto value = text.get<std::string>();
  value.back() = value.back() == '0' ? '1' : '0';
  text = value;
}

void distort_list(Json& list, const Fault& fault) {
  if (list.empty()) return;
  switch (fault.kind) {
    case FaultKind::wrong_dleq:
      if (list[0].contains("dleq")) change_digit(list[0]["dleq"]["e"]);
      break;
    case FaultKind::missing_dleq:
      for (Json& each : list) each.erase("dleq");
      break;
    case FaultKind::wrong_amount:
      list[0]["amount"] = list[0]["amount"].get<std::uint64_t>() * 2;
      break;
    case FaultKind::one_fewer:
      list.erase(list.size() - 1);
      break;
    case FaultKind::one_more:
      list.push_back(Json(list.back()));
      break;
    default:
      break;
  }
}

}  // namespace

void distort(Json& answer, std::span<const Fault> faults) {
  for (const Fault& fault : faults) {
    if (fault.kind == FaultKind::hide_change) answer.erase("change");
    if (fault.kind == FaultKind::stale_state && answer.value("state", "") == "PENDING")
      answer["state"] = "UNPAID";
    for (const char* name : {"signatures", "change"}) {
      if (answer.contains(name)) distort_list(answer[name], fault);
    }
  }
}

}  // namespace archy::testmint
