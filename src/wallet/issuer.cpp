#include "wallet/issuer.hpp"

namespace archy::wallet {

std::string_view to_string(IssuerState state) {
  switch (state) {
    case IssuerState::open:
      return "open";
    case IssuerState::unknown:
      return "unknown";
    case IssuerState::handed:
      return "handed";
    case IssuerState::lapsed:
      return "lapsed";
    case IssuerState::done:
      return "done";
    case IssuerState::failed:
      return "failed";
  }
  return "unknown";
}

}  // namespace archy::wallet
