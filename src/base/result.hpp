// Operating errors as values. A code is chosen by what the *caller* can do about it; the text is
// for people. Our own mistakes are CHECKs (check.hpp); third-party exceptions are caught in the
// wrapper that made the call.
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <utility>

namespace archy {

enum class Code : unsigned char {
  internal,         // a bug or an impossible state that was survived
  bad_input,        // what the caller gave is malformed: say so, do not retry
  not_found,        // it is not there (also: unreachable, when nobody could be asked)
  denied,           // the other side refuses for good
  try_later,        // refused for now: back off and retry
  timed_out,        // a deadline passed
  cancelled,        // somebody asked us to stop
  unreachable,      // no connection to the other side
  peer_fault,       // the other side broke its protocol
  corrupt,          // bytes do not have the hash they should have
  no_space,         // disk or quota full
  io,               // the operating system failed us
  locked,           // another process holds it
  unsupported,      // a version or feature we do not have
  payment_needed,   // a price was named
  unknown_outcome,  // neither done nor not done: ask before doing anything else
};

// Shape: the snake_case name of the code, as shown to people and in JSON.
std::string_view to_string(Code code);

struct Error {
  Code code = Code::internal;
  std::string detail;
};

// Shape: "<detail>" or, without one, the name of the code.
std::string to_string(const Error& error);

template <class T = void, class E = Error>
class [[nodiscard]] Result : public std::expected<T, E> {
 public:
  using std::expected<T, E>::expected;
};

inline std::unexpected<Error> fail(Code code, std::string detail = {}) {
  return std::unexpected<Error>(Error{code, std::move(detail)});
}
inline std::unexpected<Error> fail(Error error) { return std::unexpected<Error>(std::move(error)); }
// The same failure seen from one level up: "<context>: <detail>".
std::unexpected<Error> fail_in(std::string_view context, const Error& error);

}  // namespace archy

// TRY(var, expr): declares `var` as the value of a Result, or returns its error. TRY_OK(expr) for
// Result<void>. CO_TRY / CO_TRY_OK are the same inside a coroutine (the expression may be a
// co_await).
#define ARCHY_TRY_CONCAT_(a, b) a##b
#define ARCHY_TRY_NAME_(a, b) ARCHY_TRY_CONCAT_(a, b)
#define ARCHY_TRY_IMPL_(ret, tmp, var, ...)                        \
  auto tmp = (__VA_ARGS__);                                        \
  if (!tmp.has_value()) ret ::archy::fail(std::move(tmp).error()); \
  auto var = std::move(*tmp)
#define ARCHY_TRY_OK_IMPL_(ret, ...)                                                           \
  do {                                                                                         \
    auto archy_try_result = (__VA_ARGS__);                                                     \
    if (!archy_try_result.has_value()) ret ::archy::fail(std::move(archy_try_result).error()); \
  } while (false)
#define TRY(var, ...) \
  ARCHY_TRY_IMPL_(return, ARCHY_TRY_NAME_(archy_try_, __LINE__), var, __VA_ARGS__)
#define CO_TRY(var, ...) \
  ARCHY_TRY_IMPL_(co_return, ARCHY_TRY_NAME_(archy_try_, __LINE__), var, __VA_ARGS__)
#define TRY_OK(...) ARCHY_TRY_OK_IMPL_(return, __VA_ARGS__)
#define CO_TRY_OK(...) ARCHY_TRY_OK_IMPL_(co_return, __VA_ARGS__)
