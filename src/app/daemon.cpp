#include "app/daemon.hpp"

#include <fmt/core.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "app/content_while_fetched.hpp"
#include "app/local_node.hpp"
#include "base/log.hpp"
#include "rpc/content_port.hpp"
#include "rpc/control_port.hpp"
#include "rt/signal.hpp"
#include "rt/whole_file.hpp"

namespace archy::app {
namespace {

Result<std::unique_ptr<PeerDoor>> open_swarm(Core& core, const settings::Settings& settings) {
  if (!settings.get(settings::kSwarmEnabled)) return std::unique_ptr<PeerDoor>();
  PeerOptions options;
  options.serve = true;
  options.bbr = settings.get(settings::kSwarmCongestion) == "bbr";
  options.bind.clear();
  for (const std::string& text : settings.get(settings::kSwarmBind)) {
    TRY(address, rt::parse_address(text));
    options.bind.push_back(address);
  }
  auto door = open_peer_door(core, options);
  if (!door) return fail_in("swarm", door.error());
  return door;
}

std::string ports_text(const NodeAddresses& addresses) {
  nlohmann::ordered_json out{{"pid", ::getpid()},
                             {"endpoint_id", addresses.endpoint_id.hex()},
                             {"socket", addresses.socket.string()},
                             {"control", rt::to_string(addresses.control)},
                             {"content", rt::to_string(addresses.content)},
                             {"swarm", nlohmann::ordered_json::array()}};
  for (const rt::Address& address : addresses.swarm) out["swarm"].push_back(rt::to_string(address));
  return out.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

// Everything that runs while the node does. Destroyed only after stop().
class RunningNode {
 public:
  RunningNode(Core& core, settings::ConfigFile& config, std::unique_ptr<PeerDoor> door)
      : core_(core),
        config_(config),
        door_(std::move(door)),
        tokens_(core.env().random),
        events_(core.env().executor),
        node_(core, config, events_, {.daemon = true, .door = door_.get()}),
        content_source_(
            core.store(), node_.arrivals(), core.env().clock,
            [this] { return node_.seller().standard_is_free(); },
            [&core](const Blake3Hash& hash) { core.damage_found(hash); }),
        content_(content_source_),
        control_({node_, events_, &tokens_, core.env().clock}, core.env().executor,
                 {.content = &content_.counts()}) {}

  Result<NodeAddresses> listen() {
    const settings::Settings& settings = config_.settings();
    http::ServerOptions options;
    options.close_grace = std::chrono::milliseconds(settings.get(settings::kNodeDrainMs));
    NodeAddresses out;
    out.endpoint_id = crypto::ed25519_public_key(core_.data_dir().endpoint_seed());
    out.socket = run_folder() / "sock";
    auto socket =
        http::listen_unix(core_.env().executor, core_.env().clock, out.socket, control_, options);
    if (!socket) return fail_in("control socket", socket.error());
    servers_.push_back(std::move(*socket));
    TRY(control,
        listen_loopback("control port", settings.get(settings::kControlPort), control_, options));
    control_.set_hosts(control.port, settings.get(settings::kControlHosts));
    out.control = control;
    TRY(content,
        listen_loopback("content port", settings.get(settings::kContentPort), content_, options));
    out.content = content;
    node_.tell_ports(control, content);
    node_.look_after_everything();
    if (door_) out.swarm = door_->bound_addresses();
    rt::Files& files = core_.env().files;
    TRY_OK(rt::write_whole_file(files, run_folder() / "token",
                                as_bytes(tokens_.reveal_root() + "\n")));
    TRY_OK(rt::write_whole_file(files, run_folder() / "ports.json", as_bytes(ports_text(out))));
    return out;
  }

  boost::asio::awaitable<void> stop() {
    events_.publish("node.stopping", "{}");
    node_.request_stop();
    for (const auto& server : servers_) co_await server->close();
    co_await node_.close();
    if (door_) co_await door_->close();
    for (const char* name : {"ports.json", "token"})
      (void)core_.env().files.remove(run_folder() / name);
  }

 private:
  // Errors: io (the port is taken).
  Result<rt::Address> listen_loopback(std::string_view what, std::int64_t port,
                                      http::Handler& handler, const http::ServerOptions& options) {
    auto server =
        http::listen_tcp(core_.env().executor, core_.env().clock,
                         rt::Address::loopback(static_cast<std::uint16_t>(port)), handler, options);
    if (!server) return fail_in(fmt::format("{} {}", what, port), server.error());
    const auto address = (*server)->address();
    servers_.push_back(std::move(*server));
    if (!address) return fail(Code::internal, "a TCP port without an address");
    return *address;
  }
  rt::Path run_folder() const { return core_.data_dir().root() / "run"; }

  Core& core_;
  settings::ConfigFile& config_;
  std::unique_ptr<PeerDoor> door_;
  rpc::Tokens tokens_;
  rpc::Events events_;
  LocalNode node_;
  ContentWhileFetched content_source_;
  rpc::ContentPort content_;
  rpc::ControlPort control_;
  std::vector<std::unique_ptr<http::Server>> servers_;
};

}  // namespace

rt::Task<> run_node(Core& core, settings::ConfigFile& config,
                    std::function<void(const NodeAddresses&)> ready) {
  CO_TRY(door, open_swarm(core, config.settings()));
  RunningNode node(core, config, std::move(door));
  auto addresses = node.listen();
  if (addresses) {
    log::info("node", "started: control {}, content {}, swarm {}",
              rt::to_string(addresses->control), rt::to_string(addresses->content),
              addresses->swarm.empty() ? std::string("off") : rt::to_string(addresses->swarm[0]));
    ready(*addresses);
    const rt::Instant never = rt::kNever;
    (void)co_await rt::sleep_until(core.env().executor, core.env().clock, never,
                                   core.interrupted());
    log::info("node", "stopping");
  }
  co_await node.stop();
  if (!addresses) co_return fail(addresses.error());
  log::info("node", "stopped");
  co_return Result<>{};
}

}  // namespace archy::app
