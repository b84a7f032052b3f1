// doctor: whether this machine suits a node.
#include <fmt/core.h>

#include <nlohmann/json.hpp>

#include "app/doctor.hpp"
#include "base/utf8.hpp"
#include "cli/caller.hpp"
#include "cli/exit_code.hpp"
#include "cli/subcommand.hpp"

namespace archy::cli {
namespace {

Result<std::optional<app::NodeReport>> ask(const GlobalOptions& global) {
  TRY(node, Caller::to_running_node(global));
  if (!node) return std::optional<app::NodeReport>();
  TRY(info, node->call("node.info", rpc::Json::object()));
  TRY(swarm, node->call("swarm.status", rpc::Json::object()));
  app::NodeReport out;
  out.version = info.at("version").get<std::string>();
  out.control = info.value("control", std::string());
  out.content = info.value("content", std::string());
  out.swarm_running = swarm.at("running").get<bool>();
  for (const rpc::Json& text : swarm.at("addresses")) {
    if (const auto at = rt::parse_address(text.get<std::string>()))
      out.swarm_addresses.push_back(*at);
  }
  return std::optional(std::move(out));
}

int doctor(const GlobalOptions& global) {
  const Output out = global.output();
  app::DoctorOptions options;
  options.data_dir = global.data_dir_path();
  if (!global.config.empty()) options.config = rt::Path(global.config);
  options.ask_node = [&global] { return ask(global); };
  std::uint64_t warnings = 0, failures = 0;
  for (const app::Finding& one : app::examine(options)) {
    warnings += one.health == app::Health::warning ? 1 : 0;
    failures += one.health == app::Health::failure ? 1 : 0;
    const std::string health(to_string(one.health));
    out.line({{"check", std::string(one.check)}, {"health", health}, {"text", one.text}},
             fmt::format("{:<8} {:<13} {}", health, one.check, escape_for_terminal(one.text)));
  }
  out.line({{"warnings", warnings}, {"failures", failures}},
           fmt::format("{} warnings, {} failures", warnings, failures));
  return failures == 0 ? kOk : kInternal;
}

}  // namespace

void register_doctor(CLI::App& app, const GlobalOptions& global, int& exit) {
  Subcommand(app, "doctor",
             "look at this machine and the data directory as a node would: ports, disk, "
             "clock, locks, UDP. Exit code 1 when something would fail")
      .run([&global, &exit] { exit = doctor(global); });
}

}  // namespace archy::cli
