#include "cli/exit_code.hpp"

namespace archy::cli {

int exit_code(Code code) {
  switch (code) {
    case Code::bad_input:
    case Code::denied:
      return kUsage;
    case Code::not_found:
    case Code::unreachable:
    case Code::timed_out:
    case Code::try_later:
      return kNotFound;
    case Code::payment_needed:
      return kInsufficient;
    case Code::corrupt:
    case Code::peer_fault:
      return kVerification;
    case Code::no_space:
      return kNoSpace;
    case Code::cancelled:
      return kInterrupted;
    case Code::internal:
    case Code::io:
    case Code::locked:
    case Code::unsupported:
      return kInternal;
    case Code::unknown_outcome:
      return kMoneyAttention;
  }
  return kInternal;
}

}  // namespace archy::cli
