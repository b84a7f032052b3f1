// init, id: the node's identity.
#include <fmt/core.h>

#include <nlohmann/json.hpp>

#include "app/local_node.hpp"
#include "cli/caller.hpp"
#include "cli/exit_code.hpp"
#include "cli/subcommand.hpp"

namespace archy::cli {

Result<std::unique_ptr<app::Core>> GlobalOptions::open(app::DataDir::Create create) const {
  app::CoreOptions options;
  options.data_dir = data_dir_path();
  options.create = create;
  return app::Core::open(options);
}

rt::Path GlobalOptions::data_dir_path() const {
  return data_dir.empty() ? app::default_data_dir() : rt::Path(data_dir);
}

Result<settings::ConfigFile> GlobalOptions::load_config(app::Core& core) const {
  settings::ConfigPlaces places;
  places.data_dir = core.data_dir().root();
  if (!config.empty()) places.given = rt::Path(config);
  TRY(loaded,
      settings::ConfigFile::load(core.env().files, places, settings::process_environment()));
  core.set_connector(app::connector_options(loaded.settings()));
  return loaded;
}

namespace {

int show_identity(const GlobalOptions& global, app::DataDir::Create create) {
  const Output out = global.output();
  const auto show = [&out](const std::string& id, const std::string& data_dir) {
    out.line({{"endpoint_id", id}, {"data_dir", data_dir}}, id);
    return kOk;
  };
  auto node = Caller::to_running_node(global);
  if (!node) return out.error(node.error());
  if (*node) {
    auto info = (*node)->call("node.info", rpc::Json::object());
    if (!info) return out.error(info.error());
    return show(info->at("endpoint_id").get<std::string>(),
                info->at("data_dir").get<std::string>());
  }
  auto core = global.open(create);
  if (!core) return out.error(core.error());
  const std::string id = crypto::ed25519_public_key((*core)->data_dir().endpoint_seed()).hex();
  return show(id, (*core)->data_dir().root().string());
}

}  // namespace

void register_init(CLI::App& app, const GlobalOptions& global, int& exit) {
  Subcommand(app, "init", "make the data directory and the node's key; prints the endpoint id")
      .run([&] { exit = show_identity(global, app::DataDir::Create::if_missing); });
  Subcommand(app, "id", "print this node's endpoint id").run([&] {
    exit = show_identity(global, app::DataDir::Create::never);
  });
}

}  // namespace archy::cli
