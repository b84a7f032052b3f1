// JSON-RPC 2.0 as text: requests in, answers out. Pure.
//
// Caps, each checked before anything is built from the text: kBodyBytes, kDepth levels, kBatch
// calls. A key that stands twice in one object is refused, since two readers could disagree on
// which counts. Source: https://www.jsonrpc.org/specification
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "rpc/json.hpp"

namespace archy::rpc {

inline constexpr std::size_t kDepth = 16;
// Calls of one batch are run one after another, in order; more than this are refused whole.
inline constexpr std::size_t kBatch = 20;
inline constexpr std::size_t kIdBytes = 128;

// Stable numbers: the standard's for what the standard names, -32001 and down for the rest.
int error_number(Code code);

// An error as callers see it. `number` is derived from the code unless the standard has its own.
struct CallError {
  int number = 0;
  std::string message;
  std::string code;  // data.code: the snake_case name programs switch on
};
CallError parse_error(std::string message);
CallError invalid_request(std::string message);
CallError method_not_found();
// `own_user` false: what the disk and our own state say stays here; the caller gets the code in
// words.
inline constexpr std::string_view kSeeTheLog = "see the node's log";
CallError from_error(const Error& error, bool own_user);

// One element of a batch, or the whole text.
struct Call {
  std::string method;
  std::string id;      // as JSON text (a number, a string, null); empty: a notification
  std::string params;  // as JSON text of an object; "{}" when left out
  std::optional<CallError> invalid;  // not a call: answer this (under `id`, or null)
};
struct Message {
  bool batch = false;
  std::vector<Call> calls;
};

// Errors: the one answer the whole text gets (parse error, too deep, batch too long or empty).
Result<Message, CallError> parse_message(std::string_view text);

// {"jsonrpc":"2.0","id":...,"result":...} from JSON texts.
std::string result_text(const Call& call, std::string_view result);
std::string error_text(std::string_view id, const CallError& error);

// An object as a handler gets it. Requires: a text of parse_message().
Json parse_trusted(std::string_view text);
// Compact; bytes that are not UTF-8 (a file name) as U+FFFD.
std::string to_text(const Json& json);

}  // namespace archy::rpc
