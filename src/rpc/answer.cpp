#include "rpc/answer.hpp"

#include <fmt/core.h>

#include <nlohmann/json.hpp>

#include "rpc/message.hpp"

namespace archy::rpc {
namespace {

// Null where `in` is no object or has none.
const Json* member(const Json& in, const char* name) {
  if (!in.is_object()) return nullptr;
  const auto found = in.find(name);
  return found == in.end() ? nullptr : &*found;
}

}  // namespace

Code code_named(std::string_view name) {
  for (int i = 0; i <= static_cast<int>(Code::unknown_outcome); ++i) {
    if (to_string(static_cast<Code>(i)) == name) return static_cast<Code>(i);
  }
  return Code::bad_input;  // parse_error, invalid_request, method_not_found: we asked wrongly
}

std::string call_text(std::string_view method, std::string_view params) {
  return fmt::format(R"({{"jsonrpc":"2.0","id":1,"method":{},"params":{}}})",
                     to_text(Json(std::string(method))), params);
}

Result<Json> result_of(std::string_view answer) {
  const Json json = parse_trusted(answer);
  if (const Json* result = member(json, "result")) return *result;
  const Json* error = member(json, "error");
  const Json* message = error ? member(*error, "message") : nullptr;
  if (!message || !message->is_string())
    return fail(Code::peer_fault, "the node's answer is no JSON-RPC");
  const Json* data = member(*error, "data");
  const Json* code = data ? member(*data, "code") : nullptr;
  const bool named = code && code->is_string();
  return fail(code_named(named ? code->get<std::string>() : ""), message->get<std::string>());
}

}  // namespace archy::rpc
