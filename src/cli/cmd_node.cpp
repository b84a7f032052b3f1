// node: the daemon.
#include <fmt/core.h>

#include "app/daemon.hpp"
#include "app/local_node.hpp"
#include "base/log.hpp"
#include "cli/command.hpp"
#include "cli/exit_code.hpp"
#include "cli/subcommand.hpp"
#include "settings/pages.hpp"

namespace archy::cli {
namespace {

void greet(const Output& out, const app::NodeAddresses& addresses) {
  std::vector<std::string> swarm;
  std::string text;
  for (const rt::Address& address : addresses.swarm) {
    swarm.push_back(rt::to_string(address));
    text += (text.empty() ? "" : ",") + swarm.back();
  }
  const std::string control = rt::to_string(addresses.control);
  const std::string content = rt::to_string(addresses.content);
  out.line({{"endpoint_id", addresses.endpoint_id.hex()},
            {"control", control},
            {"content", content},
            {"socket", addresses.socket.string()},
            {"swarm", swarm}},
           fmt::format("node {}\n  control  {}\n  content  http://{}/blobs/HASH\n  swarm    {}",
                       addresses.endpoint_id.hex(), control, content,
                       text.empty() ? "off (swarm.enabled is false)" : text));
}

int node(const GlobalOptions& global) {
  const Output out = global.output();
  auto core = global.open();
  if (!core) return out.error(core.error());
  auto config = global.load_config(**core);
  if (!config) return out.error(config.error());
  const settings::Settings& settings = config->settings();
  log::set_format(settings.get(settings::kLogFormat) == "json" ? log::Format::json
                                                               : log::Format::text);
  if (global.log_level.empty()) app::apply_live_settings(settings);
  auto ready = [&](const app::NodeAddresses& addresses) { greet(out, addresses); };
  auto done = (*core)->run(app::run_node(**core, *config, ready));
  if (!done) return out.error(done.error());
  return kOk;
}

}  // namespace

void register_node(CLI::App& app, const GlobalOptions& global, int& exit) {
  Subcommand command(
      app, "node",
      "run until Ctrl-C: the control API, fetches, and the swarm when swarm.enabled is true");
  command.footer([] { return settings::help_text(); });
  command.run([&global, &exit] { exit = node(global); });
}

}  // namespace archy::cli
