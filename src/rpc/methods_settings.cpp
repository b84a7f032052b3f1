// settings.*: what the operator can set.
#include <fmt/core.h>

#include <nlohmann/json.hpp>

#include "rpc/method.hpp"

namespace archy::rpc {
namespace {

Json value_json(const settings::Value& value) {
  return std::visit([](const auto& held) { return Json(held); }, value);
}

// Requires: the type was checked by check_params().
settings::Value value_from(const Json& json) {
  if (json.is_boolean()) return json.get<bool>();
  if (json.is_number_integer()) return json.get<std::int64_t>();
  if (json.is_string()) return json.get<std::string>();
  return json.get<std::vector<std::string>>();
}

rt::Task<Json> settings_get(Context& context, const Grant&, const Json& params) {
  const settings::Settings& held = context.node.settings();
  CO_TRY(revision, context.node.settings_revision());
  const std::string only = text(params, "name");
  if (!only.empty()) CO_TRY_OK(settings::require(only));
  Json list = Json::array();
  for (const settings::Setting& setting : settings::table()) {
    if (!only.empty() && setting.name != only) continue;
    list.push_back({{"name", setting.name},
                    {"value", value_json(held.at(setting.name))},
                    {"default", value_json(setting.default_value)},
                    {"from", to_string(held.from(setting.name))},
                    {"wants", settings::range_text(setting)},
                    {"live", setting.live},
                    {"help", setting.help}});
  }
  co_return Json{{"revision", revision}, {"settings", list}};
}

rt::Task<Json> settings_set(Context& context, const Grant&, const Json& params) {
  const std::string name = text(params, "name");
  const settings::Value value = value_from(params.at("value"));
  const std::string revision = text(params, "revision");
  CO_TRY(change, context.node.set_setting(name, value, revision));
  context.events.publish("settings.changed", Json{{"name", name}}.dump());
  co_return Json{{"name", name},
                 {"value", value_json(value)},
                 {"live", change.live},
                 {"revision", change.revision}};
}

}  // namespace

std::vector<Method> settings_methods() {
  return {
      {.name = "settings.get",
       .scope = Scope::read,
       .help = "The settings in force, one or all, and where each came from.",
       .params = {{"name", Type::text, false, "only this one", 0, 64}},
       .result = {{"revision", "of the file: give it to settings.set"},
                  {"settings[].name", ""},
                  {"settings[].value", ""},
                  {"settings[].default", ""},
                  {"settings[].from", "default, file or environment"},
                  {"settings[].wants", "what values there are, in words"},
                  {"settings[].live", "a change takes effect at once"},
                  {"settings[].help", ""}},
       .errors = {Code::io},
       .handler = settings_get},
      {.name = "settings.set",
       .scope = Scope::admin,
       .changes = true,
       .help = "Changes one setting in the configuration file, comments and all else kept.",
       .params = {{"name", Type::text, true, "", 0, 64},
                  {"value", Type::value, true, "as the setting wants it"},
                  {"revision", Type::text, true,
                   "as settings.get gave it; the change is refused when the file has changed since",
                   0, 64}},
       .result = {{"name", ""},
                  {"value", ""},
                  {"live", "false: it takes effect when the node is started again"},
                  {"revision", "of the file now"}},
       .errors = {Code::denied, Code::try_later, Code::io, Code::no_space},
       .handler = settings_set},
  };
}

}  // namespace archy::rpc
