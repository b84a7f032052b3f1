// rpc: any method of the API. settings: what is in force.
#include <fmt/core.h>

#include <nlohmann/json.hpp>

#include "base/utf8.hpp"
#include "cli/caller.hpp"
#include "cli/exit_code.hpp"
#include "cli/subcommand.hpp"
#include "rpc/message.hpp"
#include "settings/pages.hpp"

namespace archy::cli {
namespace {

int call(const GlobalOptions& global, const std::string& method, const std::string& params) {
  const Output out = global.output();
  auto caller = Caller::open(global, {});
  if (!caller) return out.error(caller.error());
  auto result = (*caller)->call_text(method, params);
  if (!result) return out.error(result.error());
  out.raw(global.json ? rpc::to_text(*result) : result->dump(2, ' ', true));
  return kOk;
}

int show_settings(const GlobalOptions& global, bool sample) {
  const Output out = global.output();
  if (sample) {
    std::string text = settings::sample_toml();
    text.pop_back();
    out.raw(text);
    return kOk;
  }
  auto caller = Caller::open(global, {});
  if (!caller) return out.error(caller.error());
  auto result = (*caller)->call_text("settings.get", "{}");
  if (!result) return out.error(result.error());
  for (const rpc::Json& one : result->at("settings")) {
    const std::string value = one.at("value").dump(-1, ' ', true);
    const auto name = one.at("name").get<std::string>();
    const auto from = one.at("from").get<std::string>();
    out.raw(global.json ? rpc::to_text(one) : fmt::format("{} = {}  ({})", name, value, from));
  }
  return kOk;
}

}  // namespace

void register_rpc(CLI::App& app, const GlobalOptions& global, int& exit) {
  auto method = std::make_shared<std::string>();
  auto params = std::make_shared<std::string>("{}");
  Subcommand command(
      app, "rpc",
      "call a method of the API (doc/rpc.md): in the running node, else in this process");
  command.required("method", *method, "rpc.discover lists them");
  command.option("params", *params, "a JSON object (default {})");
  command.run([&global, &exit, method, params] { exit = call(global, *method, *params); });

  auto sample = std::make_shared<bool>(false);
  Subcommand show(app, "settings", "the settings in force and where each came from");
  show.flag("--sample", *sample, "a config.toml to start from instead");
  show.run([&global, &exit, sample] { exit = show_settings(global, *sample); });
}

}  // namespace archy::cli
