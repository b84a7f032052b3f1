// add: into the store, offered, with a ticket to hand on.
#include <fmt/core.h>

#include <CLI/App.hpp>

#include "cli/command.hpp"
#include "cli/exit_code.hpp"
#include "cli/import.hpp"

namespace archy::cli {
namespace {

struct AddOptions {
  std::vector<std::string> paths;
  bool in_place = false;
  bool collection = false;
};

// Names where `serve` will be reached. Empty in a build without the swarm: that is not an error.
std::string ticket_of(app::Core& core, const store::HashAndFormat& content) {
  const auto addresses =
      app::advertised_addresses(core.env().network, rt::Address::v4(0, 0, 0, 0, app::kDefaultPort));
  return app::make_ticket(crypto::ed25519_public_key(core.data_dir().endpoint_seed()), addresses,
                          content)
      .value_or("");
}

void print(const Output& out, const std::string& path, const Added& added,
           const std::string& ticket) {
  const std::string hash = added.content.hash.hex();
  std::vector<Field> fields{{"path", path}, {"blake3", hash}};
  std::string text = fmt::format("{}\n  blake3  {}\n", path, hash);
  if (added.sha256) {
    fields.push_back({"sha256", added.sha256->hex()});
    text += fmt::format("  sha256  {}\n", added.sha256->hex());
  }
  fields.push_back({"size_bytes", added.size_bytes});
  fields.push_back({"files", static_cast<std::uint64_t>(added.files)});
  fields.push_back(
      {"format", std::string(added.content.format == store::Format::raw ? "raw" : "hash_seq")});
  text += fmt::format("  size    {} bytes", added.size_bytes);
  if (added.files != 1) text += fmt::format(" in {} files", added.files);
  if (!ticket.empty()) {
    fields.push_back({"ticket", ticket});
    text += fmt::format("\n  ticket  {}", ticket);
  }
  out.line(fields, text);
}

int add(const GlobalOptions& global, const AddOptions& options) {
  const Output out = global.output();
  auto core = global.open();
  if (!core) return out.error(core.error());
  ImportOptions how;
  how.mode = options.in_place ? store::AddMode::in_place : store::AddMode::copy;
  how.as_collection = options.collection;
  int exit = kOk;
  for (const std::string& path : options.paths) {
    auto added = import_path(**core, path, how, global);
    if (!added) {
      exit = out.error(added.error());
      if (added.error().code == Code::cancelled) break;
      continue;
    }
    print(out, path, *added, ticket_of(**core, added->content));
  }
  return exit;
}

}  // namespace

void register_add(CLI::App& app, const GlobalOptions& global, int& exit) {
  auto options = std::make_shared<AddOptions>();
  auto* command = app.add_subcommand(
      "add", "add files or folders to the store; prints hashes and a ticket for each");
  command->add_option("path", options->paths, "files or folders")->required();
  command->add_flag("--in-place", options->in_place,
                    "refer to the files where they are instead of copying them");
  command->add_flag("--collection", options->collection, "make a collection of a single file too");
  command->callback([&global, &exit, options] { exit = add(global, *options); });
}

}  // namespace archy::cli
