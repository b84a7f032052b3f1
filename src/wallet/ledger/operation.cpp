#include "wallet/ledger/operation.hpp"

namespace archy::wallet {

std::string_view to_string(OperationKind kind) {
  switch (kind) {
    case OperationKind::mint:
      return "mint";
    case OperationKind::swap:
      return "swap";
    case OperationKind::melt:
      return "melt";
    case OperationKind::send:
      return "send";
    case OperationKind::receive:
      return "receive";
    case OperationKind::restore:
      return "restore";
    case OperationKind::cross_swap:
      return "cross_swap";
  }
  return "unknown";
}

std::string_view to_string(OperationState state) {
  switch (state) {
    case OperationState::open:
      return "open";
    case OperationState::done:
      return "done";
    case OperationState::failed:
      return "failed";
    case OperationState::needs_attention:
      return "needs_attention";
  }
  return "unknown";
}

std::string_view to_string(Stage stage) {
  switch (stage) {
    case Stage::begun:
      return "begun";
    case Stage::quoted:
      return "quoted";
    case Stage::requested:
      return "requested";
    case Stage::fencing:
      return "fencing";
    case Stage::settled:
      return "settled";
    case Stage::undone:
      return "undone";
    case Stage::handed:
      return "handed";
    case Stage::redeemed:
      return "redeemed";
    case Stage::accepted:
      return "accepted";
    case Stage::paid:
      return "paid";
  }
  return "unknown";
}

}  // namespace archy::wallet
