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

}  // namespace archy::rpc
