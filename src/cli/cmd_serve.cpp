// serve, send: answering peers until Ctrl-C.
#include <fmt/core.h>

#include <nlohmann/json.hpp>

#include "app/import.hpp"
#include "cli/caller.hpp"
#include "cli/exit_code.hpp"
#include "cli/file_progress.hpp"
#include "cli/subcommand.hpp"
#include "rt/signal.hpp"

namespace archy::cli {
namespace {

struct ServeOptions {
  std::string bind;  // empty: every address, the default port
  bool bbr = false;
};

void add_transport_options(Subcommand& command, ServeOptions& options) {
  command.option("--bind", options.bind,
                 "IP:PORT to listen on (default 0.0.0.0:4919; port 0: any)");
  command.flag("--bbr", options.bbr,
               "BBR instead of CUBIC congestion control (links that lose packets at random)");
}

Result<std::unique_ptr<app::PeerDoor>> open_door(app::Core& core, const ServeOptions& options,
                                                 bool any_port_will_do) {
  app::PeerOptions how;
  how.serve = true;
  how.bbr = options.bbr;
  if (!options.bind.empty()) {
    TRY(address, rt::parse_address(options.bind));
    how.bind = {address};
    return app::open_peer_door(core, how);
  }
  how.bind = {rt::Address::v4(0, 0, 0, 0, app::kDefaultPort)};
  auto door = app::open_peer_door(core, how);
  if (door || !any_port_will_do) return door;
  how.bind[0].port = 0;
  return app::open_peer_door(core, how);
}

rt::Task<> until_interrupted(app::Core& core) {
  const rt::Instant never = rt::kNever;
  (void)co_await rt::sleep_until(core.env().executor, core.env().clock, never, core.interrupted());
  co_return Result<>{};
}

rt::Task<> close(app::LocalNode& node, app::PeerDoor& door) {
  co_await door.close();
  co_await node.close();  // behind it: what the last requests have used is written, too
  co_return Result<>{};
}

// Runs until Ctrl-C, closes politely, says what was served. What is sold costs here what it costs
// of a node that runs.
int serve_until_interrupted(app::Core& core, settings::ConfigFile& config, app::PeerDoor& door,
                            const Output& out) {
  rpc::Events events(core.env().executor);
  app::LocalNode node(core, config, events, {.door = &door});
  node.look_after_everything();
  (void)core.run(until_interrupted(core));
  (void)core.run(close(node, door));
  const app::ServeCounters counted = door.counters();
  out.line({{"connections", counted.connections},
            {"requests", counted.requests},
            {"payload_sent_bytes", counted.payload_sent},
            {"payload_acked_bytes", counted.payload_acked}},
           fmt::format("served {} in {} requests over {} connections",
                       human_bytes(counted.payload_acked), counted.requests, counted.connections));
  return kOk;
}

std::vector<std::string> texts(const std::vector<rt::Address>& addresses) {
  std::vector<std::string> out;
  for (const rt::Address& address : addresses) out.push_back(rt::to_string(address));
  return out;
}

void greet(const Output& out, const app::PeerDoor& door) {
  const auto addresses = texts(door.addresses());
  std::string joined;
  for (const std::string& address : addresses) joined += (joined.empty() ? "" : ",") + address;
  out.line({{"endpoint_id", door.id().hex()}, {"addrs", addresses}},
           fmt::format("serving as {}@{}", door.id().hex(), joined));
}

// What a running node says of its swarm. Errors: denied where it serves nobody, bad_input for
// options that are the node's own settings.
Result<rpc::Json> swarm_of(Caller& node, const ServeOptions& options) {
  if (!options.bind.empty() || options.bbr) {
    return fail(Code::bad_input,
                "a node runs here and serves as its settings say; --bind and --bbr are not for it");
  }
  TRY(swarm, node.call("swarm.status", rpc::Json::object()));
  if (swarm.at("running").get<bool>()) return swarm;
  return fail(Code::denied,
              "the node that runs here serves no peers; set swarm.enabled = true and start it "
              "again, or stop it");
}

// Beside a node there is nothing to do but to say so: it serves what is offered all along.
int serve_by_node(Caller& node, const ServeOptions& options, const Output& out) {
  auto swarm = swarm_of(node, options);
  if (!swarm) return out.error(swarm.error());
  auto info = node.call("node.info", rpc::Json::object());
  if (!info) return out.error(info.error());
  const auto id = info->at("endpoint_id").get<std::string>();
  const auto addresses = swarm->at("addresses").get<std::vector<std::string>>();
  std::string joined;
  for (const std::string& address : addresses) joined += (joined.empty() ? "" : ",") + address;
  out.line({{"endpoint_id", id}, {"addrs", addresses}, {"by_node", true}},
           fmt::format("the node that runs here serves what is offered, as {}@{}", id, joined));
  return kOk;
}

int serve(const GlobalOptions& global, const ServeOptions& options) {
  const Output out = global.output();
  auto node = Caller::to_running_node(global);
  if (!node) return out.error(node.error());
  if (*node) return serve_by_node(**node, options, out);
  auto core = global.open();
  if (!core) return out.error(core.error());
  auto config = global.load_config(**core);
  if (!config) return out.error(config.error());
  auto door = open_door(**core, options, false);
  if (!door) return out.error(door.error());
  greet(out, **door);
  return serve_until_interrupted(**core, *config, **door, out);
}

struct SendOptions {
  std::string path;
  bool copy = false;
  std::string offer_class;  // empty: as the services say
  ServeOptions serve;
};

void print_ticket(const Output& out, std::uint64_t files, std::uint64_t size_bytes,
                  const std::string& blake3, const std::string& ticket) {
  out.text_line(fmt::format(
      "{} files, {}; on the other side: archipelago get TICKET (or sendme receive TICKET)", files,
      human_bytes(size_bytes)));
  out.line({{"blake3", blake3}, {"size_bytes", size_bytes}, {"ticket", ticket}}, ticket);
}

// The node offers it from then on, so the command ends when it has the ticket.
int send_by_node(Caller& node, const SendOptions& options, const Output& out) {
  auto swarm = swarm_of(node, options.serve);
  if (!swarm) return out.error(swarm.error());
  rpc::Json params{{"path", std::filesystem::absolute(options.path).string()},
                   {"in_place", !options.copy},
                   {"collection", true}};
  if (!options.offer_class.empty()) params["class"] = options.offer_class;
  auto added = node.call("blob.add", params);
  if (!added) return out.error(added.error());
  print_ticket(out, added->at("files").get<std::uint64_t>(),
               added->at("size_bytes").get<std::uint64_t>(), added->at("blake3").get<std::string>(),
               added->at("ticket").get<std::string>());
  return kOk;
}

int send(const GlobalOptions& global, const SendOptions& options) {
  const Output out = global.output();
  auto node = Caller::to_running_node(global);
  if (!node) return out.error(node.error());
  if (*node) return send_by_node(**node, options, out);
  const auto offer_class = store::offer_class_of(options.offer_class);
  if (!options.offer_class.empty() && !offer_class)
    return out.error(Error{.code = Code::bad_input,
                           .detail = "--class wants standard, public, metered or paid"});
  auto core = global.open();
  if (!core) return out.error(core.error());
  auto config = global.load_config(**core);
  if (!config) return out.error(config.error());
  FileProgress progress(global.progress_style(), "adding");
  app::ImportOptions how;
  how.mode = options.copy ? store::AddMode::copy : store::AddMode::in_place;
  how.as_collection = true;
  how.offer_class = offer_class;
  how.stop = (*core)->interrupted();
  how.progress = [&](const rt::Path& file, const store::Progress& now) {
    (*core)->poll();  // signals: the import runs outside the loop
    progress.show(file, now);
  };
  auto added = app::import_path((*core)->env().files, (*core)->store(), options.path, how);
  progress.clear();
  if (!added) return out.error(added.error());
  auto door = open_door(**core, options.serve, true);
  if (!door) return out.error(door.error());
  auto ticket = app::make_ticket((*door)->id(), (*door)->addresses(), added->content);
  if (!ticket) return out.error(ticket.error());
  print_ticket(out, added->files, added->size_bytes, added->content.hash.hex(), *ticket);
  return serve_until_interrupted(**core, *config, **door, out);
}

}  // namespace

void register_serve(CLI::App& app, const GlobalOptions& global, int& exit) {
  auto serving = std::make_shared<ServeOptions>();
  Subcommand serve_command(
      app, "serve",
      "serve everything that is offered until Ctrl-C (a running node does it already)");
  add_transport_options(serve_command, *serving);
  serve_command.run([&global, &exit, serving] { exit = serve(global, *serving); });

  auto sending = std::make_shared<SendOptions>();
  Subcommand send_command(
      app, "send",
      "add a file or folder and serve it until Ctrl-C (beside a node: it serves); prints a ticket");
  send_command.required("path", sending->path, "file or folder");
  send_command.flag("--copy", sending->copy,
                    "copy into the store instead of referring to the files in place");
  send_command.option("--class", sending->offer_class, kClassHelp);
  add_transport_options(send_command, sending->serve);
  send_command.run([&global, &exit, sending] { exit = send(global, *sending); });
}

}  // namespace archy::cli
