#include "rpc/dispatch.hpp"

#include <fmt/core.h>

#include <nlohmann/json.hpp>

#include "base/log.hpp"
#include "base/test_hooks.hpp"

namespace archy::rpc {
namespace {

CallError out_of_scope(const Method& method) {
  return {error_number(Code::denied),
          fmt::format("{} needs a token of scope {}", method.name, to_string(method.scope)),
          std::string(to_string(Code::denied))};
}

// Null where `in` is no object or has none.
const Json* member(const Json& in, const char* name) {
  if (!in.is_object()) return nullptr;
  const auto found = in.find(name);
  return found == in.end() ? nullptr : &*found;
}

}  // namespace

boost::asio::awaitable<std::string> Dispatcher::answer(std::string_view text, Grant grant,
                                                       std::stop_token stop) {
  Context context = context_;
  context.stop = std::move(stop);
  auto message = parse_message(text);
  if (!message) co_return error_text("null", message.error());
  std::string out;
  for (const Call& call : message->calls) {
    std::string one = co_await answer_one(call, grant, context);
    if (one.empty()) continue;
    out += (out.empty() ? "" : ",") + one;
  }
  if (message->batch && !out.empty()) out = "[" + out + "]";
  co_return out;
}

boost::asio::awaitable<std::string> Dispatcher::answer_one(const Call& call, const Grant& grant,
                                                           Context& context) {
  const bool notification = call.id.empty();
  if (call.invalid) co_return error_text(call.id, *call.invalid);
  const Method* method = find_method(call.method);
  if (!method) co_return notification ? std::string() : error_text(call.id, method_not_found());
  const bool reached = grant.allows(method->scope) && grant.allows_method(method->name);
  if (!reached && !test_hooks::planted("rpc_scope_unchecked")) {
    ++counts_[method->name].failed;
    co_return notification ? std::string() : error_text(call.id, out_of_scope(*method));
  }
  const Json params = parse_trusted(call.params);
  Result<Json> result = fail(Code::internal);
  if (auto fits = check_params(method->params, params); !fits) {
    result = fail(fits.error());
  } else {
    try {
      result = co_await method->handler(context, grant, params);
    } catch (const Json::exception& error) {
      result = fail(Code::internal, error.what());
    }
  }
  CallCounts& counts = counts_[method->name];
  ++(result ? counts.ok : counts.failed);
  if (!result) {
    log::debug("rpc", "{}: {}", method->name, to_string(result.error()));
    if (notification) co_return std::string();
    co_return error_text(call.id, from_error(result.error(), grant.local));
  }
  if (notification) co_return std::string();
  co_return result_text(call, to_text(*result));
}

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
