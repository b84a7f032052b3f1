#include "base/result.hpp"

namespace archy {

std::string_view to_string(Code code) {
  switch (code) {
    case Code::internal:
      return "internal";
    case Code::bad_input:
      return "bad_input";
    case Code::not_found:
      return "not_found";
    case Code::denied:
      return "denied";
    case Code::try_later:
      return "try_later";
    case Code::timed_out:
      return "timed_out";
    case Code::cancelled:
      return "cancelled";
    case Code::unreachable:
      return "unreachable";
    case Code::peer_fault:
      return "peer_fault";
    case Code::corrupt:
      return "corrupt";
    case Code::no_space:
      return "no_space";
    case Code::io:
      return "io";
    case Code::locked:
      return "locked";
    case Code::unsupported:
      return "unsupported";
    case Code::payment_needed:
      return "payment_needed";
    case Code::unknown_outcome:
      return "unknown_outcome";
  }
  return "internal";
}

std::string to_string(const Error& error) {
  return error.detail.empty() ? std::string(to_string(error.code)) : error.detail;
}

std::unexpected<Error> fail_in(std::string_view context, const Error& error) {
  return fail(error.code, std::string(context) + ": " + to_string(error));
}

}  // namespace archy
