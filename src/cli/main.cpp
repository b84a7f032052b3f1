// archipelago: the one binary. Parses the command line, runs one command, ends with its documented
// exit code.
#include <sys/prctl.h>
#include <sys/resource.h>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <csignal>
#include <cstdio>
#include <exception>

#include "base/log.hpp"
#include "cli/command.hpp"
#include "cli/exit_code.hpp"
#include "cli/secret_arguments.hpp"
#include "rt/posix/user_mode.hpp"

namespace {

constexpr const char* kVersion = "archipelago 0.1.0";

int run(int argc, char** argv) {
  using namespace archy::cli;
  const std::vector<std::string_view> words(argv + 1, argv + argc);
  if (const auto why = secret_in(words))
    return Output(false).error({archy::Code::bad_input, std::string(*why)});
  CLI::App app("Fetches, verifies, keeps and serves content-addressed bytes.", "archipelago");
  app.require_subcommand(1);
  app.set_version_flag("--version", kVersion);
  app.fallthrough();
  GlobalOptions global;
  int exit = kOk;
  app.add_option(
      "--data-dir", global.data_dir,
      "where the node lives (default: $ARCHIPELAGO_DATA_DIR, else ~/.local/share/archipelago)");
  app.add_option("--config", global.config,
                 "configuration (default: config.toml in the data directory, else "
                 "/etc/archipelago/config.toml)");
  app.add_option("--log-level", global.log_level, "error, warn, info, debug or trace")
      ->check(CLI::IsMember({"error", "warn", "info", "debug", "trace"}));
  app.add_flag("--json", global.json, "one JSON object a line");
  app.add_flag("--no-progress", global.no_progress, "no progress on standard error");
  app.parse_complete_callback(
      [&] { archy::log::set_level(global.log_level.empty() ? "warn" : global.log_level); });

  register_init(app, global, exit);
  register_add(app, global, exit);
  register_serve(app, global, exit);
  register_get(app, global, exit);
  register_list(app, global, exit);
  register_keep(app, global, exit);
  register_check(app, global, exit);
  register_explain(app, global, exit);
  register_doctor(app, global, exit);
  register_node(app, global, exit);
  register_wallet(app, global, exit);
  register_service(app, global, exit);
  register_token(app, global, exit);
  register_rpc(app, global, exit);

  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& asked) {  // --help, --version
    return app.exit(asked);
  } catch (const CLI::ParseError& error) {
    std::fprintf(stderr, "archipelago: %s (archipelago --help)\n", error.what());
    return kUsage;
  }
  return exit;
}

// Keys and ecash lie in memory: no core file has them, and no other program of the same user may
// look (a leak checker has to).
void keep_memory_private() {
  const rlimit no_core{0, 0};
  setrlimit(RLIMIT_CORE, &no_core);
#if !__has_feature(address_sanitizer)
  prctl(PR_SET_DUMPABLE, 0);
#endif
}

}  // namespace

int main(int argc, char** argv) {
  archy::rt::make_private_files();
  std::signal(SIGPIPE, SIG_IGN);
  keep_memory_private();
  try {
    return run(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "archipelago: internal error: %s\n", error.what());
    return archy::cli::kInternal;
  }
}
