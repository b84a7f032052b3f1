// What every command gets, and the list of them. A command is a function from parsed options to an
// exit code.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "app/core.hpp"
#include "app/peer_door.hpp"
#include "cli/output.hpp"
#include "cli/progress.hpp"
#include "settings/config_file.hpp"

namespace CLI {
class App;
}

namespace archy::cli {

struct GlobalOptions {
  std::string data_dir;
  std::string config;     // --config
  std::string log_level;  // empty: warn, in a node what its settings say
  bool json = false;
  bool no_progress = false;

  Output output() const { return Output(json); }
  Progress::Style progress_style() const { return Progress::style_for(json, no_progress); }
  rt::Path data_dir_path() const;
  // The settings, with what they say about the network in force in `core`.
  // Errors: as settings::ConfigFile::load().
  Result<settings::ConfigFile> load_config(app::Core& core) const;
  // Opens the data directory, with signals caught.
  Result<std::unique_ptr<app::Core>> open(
      app::DataDir::Create create = app::DataDir::Create::if_missing) const;
};

// Each adds its subcommands to `app`; when one is chosen it stores its exit code in `exit`.
void register_init(CLI::App& app, const GlobalOptions& global, int& exit);
void register_add(CLI::App& app, const GlobalOptions& global, int& exit);
void register_serve(CLI::App& app, const GlobalOptions& global, int& exit);
void register_get(CLI::App& app, const GlobalOptions& global, int& exit);
void register_list(CLI::App& app, const GlobalOptions& global, int& exit);
void register_keep(CLI::App& app, const GlobalOptions& global, int& exit);
void register_check(CLI::App& app, const GlobalOptions& global, int& exit);
void register_explain(CLI::App& app, const GlobalOptions& global, int& exit);
void register_doctor(CLI::App& app, const GlobalOptions& global, int& exit);
void register_node(CLI::App& app, const GlobalOptions& global, int& exit);
void register_wallet(CLI::App& app, const GlobalOptions& global, int& exit);
void register_service(CLI::App& app, const GlobalOptions& global, int& exit);
void register_token(CLI::App& app, const GlobalOptions& global, int& exit);
void register_rpc(CLI::App& app, const GlobalOptions& global, int& exit);

}  // namespace archy::cli
