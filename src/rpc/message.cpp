#include "rpc/message.hpp"

#include <fmt/core.h>

#include <nlohmann/json.hpp>

#include "base/test_hooks.hpp"
#include "rpc/guard.hpp"
#include "wire/json_scan.hpp"

namespace archy::rpc {
namespace {

bool is_id(const Json& id) {
  if (id.is_string()) return id.get_ref<const std::string&>().size() <= kIdBytes;
  return id.is_number_integer() || id.is_null();
}

Call call_from(const Json& json) {
  Call call;
  call.id = "null";
  if (!json.is_object()) {
    call.invalid = invalid_request("a call is an object");
    return call;
  }
  if (const auto id = json.find("id"); id == json.end()) {
    call.id.clear();
  } else if (is_id(*id)) {
    call.id = to_text(*id);
  } else {
    call.invalid = invalid_request("id has to be a short string, a whole number or null");
    return call;
  }
  const auto version = json.find("jsonrpc");
  const auto method = json.find("method");
  const auto params = json.find("params");
  if (version == json.end() || *version != "2.0") {
    call.invalid = invalid_request("jsonrpc has to be \"2.0\"");
  } else if (method == json.end() || !method->is_string()) {
    call.invalid = invalid_request("method has to be a string");
  } else if (params != json.end() && !params->is_object()) {
    call.invalid = invalid_request("params has to be an object");
  } else if (json.size() != 2u + (call.id.empty() ? 0 : 1) + (params == json.end() ? 0 : 1)) {
    call.invalid = invalid_request("a call has jsonrpc, id, method and params, and nothing else");
  } else {
    call.method = method->get<std::string>();
    call.params = params == json.end() ? "{}" : to_text(*params);
  }
  // What is no call cannot be a notification: it is always answered.
  if (call.invalid && call.id.empty()) call.id = "null";
  return call;
}

// Codes whose texts come from the disk or from inside: they may hold paths.
bool tells_of_us(Code code) {
  switch (code) {
    case Code::internal:
    case Code::io:
    case Code::corrupt:
    case Code::no_space:
    case Code::locked:
    case Code::unknown_outcome:
      return true;
    default:
      return false;
  }
}

std::unexpected<CallError> refuse(CallError error) { return std::unexpected(std::move(error)); }

}  // namespace

int error_number(Code code) {
  switch (code) {
    case Code::internal:
      return -32603;
    case Code::bad_input:
      return -32602;
    case Code::not_found:
      return -32001;
    case Code::denied:
      return -32002;
    case Code::try_later:
      return -32003;
    case Code::timed_out:
      return -32004;
    case Code::cancelled:
      return -32005;
    case Code::unreachable:
      return -32006;
    case Code::peer_fault:
      return -32007;
    case Code::corrupt:
      return -32008;
    case Code::no_space:
      return -32009;
    case Code::io:
      return -32010;
    case Code::locked:
      return -32011;
    case Code::unsupported:
      return -32012;
    case Code::payment_needed:
      return -32013;
    case Code::unknown_outcome:
      return -32014;
  }
  return -32603;
}

CallError parse_error(std::string message) { return {-32700, std::move(message), "parse_error"}; }
CallError invalid_request(std::string message) {
  return {-32600, std::move(message), "invalid_request"};
}
CallError method_not_found() {
  return {-32601, "no such method (rpc.discover lists them)", "method_not_found"};
}
CallError from_error(const Error& error, bool own_user) {
  const bool shown = own_user || !tells_of_us(error.code);
  return {error_number(error.code), shown ? to_string(error) : std::string(kSeeTheLog),
          std::string(to_string(error.code))};
}

Result<Message, CallError> parse_message(std::string_view text) {
  if (text.size() > kBodyBytes) return refuse(invalid_request("more than 1 MiB"));
  wire::JsonLimits limits;
  limits.depth = kDepth;
  if (test_hooks::planted("rpc_depth_unchecked")) limits.depth = kBodyBytes;
  switch (wire::scan_json(text, limits)) {
    case wire::JsonFault::nested_too_deeply:
      return refuse(invalid_request(fmt::format("nested deeper than {}", kDepth)));
    case wire::JsonFault::twice:
      return refuse(invalid_request("a key stands twice in one object"));
    case wire::JsonFault::not_json:
    case wire::JsonFault::too_many_members:
      return refuse(parse_error("not JSON"));
    case wire::JsonFault::none:
      break;
  }
  const Json json = parse_trusted(text);
  Message message;
  message.batch = json.is_array();
  if (!message.batch) {
    message.calls.push_back(call_from(json));
    return message;
  }
  if (json.empty()) return refuse(invalid_request("an empty batch"));
  if (json.size() > kBatch && !test_hooks::planted("rpc_batch_unbounded"))
    return refuse(invalid_request(fmt::format("a batch of more than {}", kBatch)));
  for (const Json& element : json) message.calls.push_back(call_from(element));
  return message;
}

std::string result_text(const Call& call, std::string_view result) {
  return fmt::format(R"({{"jsonrpc":"2.0","id":{},"result":{}}})", call.id, result);
}

std::string error_text(std::string_view id, const CallError& error) {
  const Json body{
      {"code", error.number}, {"message", error.message}, {"data", Json{{"code", error.code}}}};
  return fmt::format(R"({{"jsonrpc":"2.0","id":{},"error":{}}})", id.empty() ? "null" : id,
                     to_text(body));
}

Json parse_trusted(std::string_view text) {
  return Json::parse(text.begin(), text.end(), nullptr, false);
}

std::string to_text(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace archy::rpc
