// node.*, rpc.*: what this is, and what can be asked.
#include <nlohmann/json.hpp>

#include "rpc/message.hpp"
#include "rpc/method.hpp"

namespace archy::rpc {
namespace {

rt::Task<Json> node_info(Context& context, const Grant& grant, const Json&) {
  CO_TRY(info, context.node.info());
  Json out{{"version", info.version},
           {"endpoint_id", info.endpoint_id.hex()},
           {"daemon", info.daemon},
           {"uptime_ms", info.uptime_ms},
           {"blobs", info.blobs},
           {"swarm_built", info.swarm_built},
           {"swarm_running", info.swarm_running}};
  const auto port = [](const std::optional<rt::Address>& at) {
    return at ? Json(rt::to_string(*at)) : Json(nullptr);
  };
  out["control"] = port(info.control);
  out["content"] = port(info.content);
  // Where files lie is the operator's business alone.
  out["data_dir"] = grant.local ? Json(info.data_dir.string()) : Json(nullptr);
  co_return out;
}

Json describe(const Param& param) {
  return {{"name", param.name},
          {"type", type_text(param)},
          {"required", param.required},
          {"help", param.help}};
}

Json describe(const Method& method) {
  Json out{{"name", method.name},       {"scope", to_string(method.scope)},
           {"changes", method.changes}, {"help", method.help},
           {"params", Json::array()},   {"result", Json::array()},
           {"errors", Json::array()}};
  for (const Param& param : method.params) out["params"].push_back(describe(param));
  for (const ResultField& field : method.result)
    out["result"].push_back({{"name", field.name}, {"help", field.help}});
  for (const Code code : method.errors)
    out["errors"].push_back({{"code", to_string(code)}, {"number", error_number(code)}});
  return out;
}

rt::Task<Json> rpc_discover(Context&, const Grant&, const Json&) {
  Json list = Json::array();
  for (const Method& method : methods()) list.push_back(describe(method));
  co_return Json{{"methods", list}};
}

}  // namespace

std::vector<Method> node_methods() {
  return {
      {.name = "node.info",
       .scope = Scope::read,
       .help = "What this node is and since when it runs.",
       .result = {{"version", "of the program"},
                  {"endpoint_id", "the node's public key, 64 hex digits"},
                  {"daemon", "false when a command answers for itself because no node runs"},
                  {"uptime_ms", ""},
                  {"blobs", "in the store, partial ones included"},
                  {"swarm_built", "whether this build has a swarm"},
                  {"swarm_running", "whether peers are served now"},
                  {"control", "where the control port listens; null where there is none"},
                  {"content", "where the content port listens; null where there is none"},
                  {"data_dir", "null unless asked over the Unix socket"}},
       .errors = {Code::io, Code::corrupt},
       .handler = node_info},
      {.name = "rpc.discover",
       .scope = Scope::read,
       .help = "This table.",
       .result = {{"methods[].name", ""},
                  {"methods[].scope", "read, operate, spend or admin"},
                  {"methods[].changes", "whether it changes anything"},
                  {"methods[].help", ""},
                  {"methods[].params", "name, type, required, help of each"},
                  {"methods[].result", "name and help of each field"},
                  {"methods[].errors", "code and number of each"}},
       .handler = rpc_discover},
  };
}

}  // namespace archy::rpc
