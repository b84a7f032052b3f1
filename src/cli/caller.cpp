#include "cli/caller.hpp"

#include <nlohmann/json.hpp>

#include "rpc/dispatch.hpp"
#include "rpc/socket_client.hpp"

namespace archy::cli {
namespace {

rt::Task<std::string> answer(rpc::Dispatcher& dispatcher, std::string_view text) {
  std::string out = co_await dispatcher.answer(text, rpc::Grant::own_user());
  co_return out;
}

rt::Task<> close_node(app::LocalNode& node) {
  co_await node.close();
  co_return Result<>{};
}

}  // namespace

struct Caller::InProcess {
  InProcess(std::unique_ptr<app::Core> opened, settings::ConfigFile loaded,
            app::LocalNodeOptions options)
      : core(std::move(opened)),
        config(std::move(loaded)),
        events(core->env().executor),
        node(*core, config, events, std::move(options)),
        dispatcher({node, events, nullptr, core->env().clock}) {}
  ~InProcess() { (void)core->run(close_node(node)); }
  InProcess(const InProcess&) = delete;

  std::unique_ptr<app::Core> core;
  settings::ConfigFile config;
  rpc::Events events;
  app::LocalNode node;
  rpc::Dispatcher dispatcher;
};

Caller::Caller(rt::Path socket, std::unique_ptr<InProcess> own)
    : socket_(std::move(socket)), own_(std::move(own)) {}
Caller::~Caller() = default;

Result<std::unique_ptr<Caller>> Caller::open(const GlobalOptions& global, CallerOptions options) {
  const rt::Path socket = global.data_dir_path() / "run" / "sock";
  std::error_code ignored;
  if (std::filesystem::is_socket(socket, ignored)) {
    // One that nobody listens on was left by a node that was killed.
    const std::string probe = rpc::call_text("node.info", "{}");
    auto alive = rpc::call_over_socket(socket, probe);
    if (alive) return std::unique_ptr<Caller>(new Caller(socket, nullptr));
    if (alive.error().code != Code::not_found) return fail(alive.error());
  }
  TRY(core, global.open(options.create));
  TRY(config, global.load_config(*core));
  app::LocalNodeOptions how;
  how.import_progress = std::move(options.import_progress);
  how.verify_progress = std::move(options.verify_progress);
  auto own = std::make_unique<InProcess>(std::move(core), std::move(config), std::move(how));
  return std::unique_ptr<Caller>(new Caller(socket, std::move(own)));
}

Result<rpc::Json> Caller::call(std::string_view method, const rpc::Json& params) {
  return call_text(method, rpc::to_text(params));
}

Result<rpc::Json> Caller::call_text(std::string_view method, std::string_view params) {
  const std::string text = rpc::call_text(method, params);
  if (!own_) {
    TRY(answered, rpc::call_over_socket(socket_, text));
    return rpc::result_of(answered);
  }
  auto answered = own_->core->run(answer(own_->dispatcher, text));
  if (!answered) return fail(answered.error());
  return rpc::result_of(*answered);
}

}  // namespace archy::cli
