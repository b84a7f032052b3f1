// add: into the store, offered, with a ticket to hand on.
#include <fmt/core.h>

#include <nlohmann/json.hpp>

#include "base/utf8.hpp"
#include "cli/caller.hpp"
#include "cli/exit_code.hpp"
#include "cli/file_progress.hpp"
#include "cli/subcommand.hpp"

namespace archy::cli {
namespace {

struct AddOptions {
  std::vector<std::string> paths;
  bool in_place = false;
  bool collection = false;
  std::string offer_class;  // empty: as the services say
};

void print(const Output& out, const std::string& path, const rpc::Json& added) {
  const auto hash = added.at("blake3").get<std::string>();
  const auto size_bytes = added.at("size_bytes").get<std::uint64_t>();
  const auto files = added.at("files").get<std::uint64_t>();
  std::vector<Field> fields{{"path", path}, {"blake3", hash}};
  std::string text = fmt::format("{}\n  blake3  {}\n", escape_for_terminal(path), hash);
  if (added.at("sha256").is_string()) {
    const auto sha256 = added.at("sha256").get<std::string>();
    fields.push_back({"sha256", sha256});
    text += fmt::format("  sha256  {}\n", sha256);
  }
  fields.push_back({"size_bytes", size_bytes});
  fields.push_back({"files", files});
  fields.push_back({"format", added.at("format").get<std::string>()});
  text += fmt::format("  size    {} bytes", size_bytes);
  if (files != 1) text += fmt::format(" in {} files", files);
  // None in a build without the swarm: that is not an error.
  if (added.at("ticket").is_string()) {
    const auto ticket = added.at("ticket").get<std::string>();
    fields.push_back({"ticket", ticket});
    text += fmt::format("\n  ticket  {}", ticket);
  }
  out.line(fields, text);
}

int add(const GlobalOptions& global, const AddOptions& options) {
  const Output out = global.output();
  FileProgress progress(global.progress_style(), "adding");
  CallerOptions how;
  how.create = app::DataDir::Create::if_missing;
  how.import_progress = [&](const rt::Path& file, const store::Progress& now) {
    progress.show(file, now);
  };
  auto caller = Caller::open(global, std::move(how));
  if (!caller) return out.error(caller.error());
  int exit = kOk;
  for (const std::string& path : options.paths) {
    // The node has a working directory of its own.
    rpc::Json params{{"path", std::filesystem::absolute(path).string()},
                     {"in_place", options.in_place},
                     {"collection", options.collection}};
    if (!options.offer_class.empty()) params["class"] = options.offer_class;
    auto added = (*caller)->call("blob.add", params);
    progress.clear();
    if (!added) {
      exit = out.error(added.error());
      if (added.error().code == Code::cancelled) break;
      continue;
    }
    print(out, path, *added);
  }
  return exit;
}

}  // namespace

void register_add(CLI::App& app, const GlobalOptions& global, int& exit) {
  auto options = std::make_shared<AddOptions>();
  Subcommand command(app, "add",
                     "add files or folders to the store; prints hashes and a ticket for each");
  command.required("path", options->paths, "files or folders");
  command.flag("--in-place", options->in_place,
               "refer to the files where they are instead of copying them");
  command.flag("--collection", options->collection, "make a collection of a single file too");
  command.option("--class", options->offer_class, kClassHelp);
  command.run([&global, &exit, options] { exit = add(global, *options); });
}

}  // namespace archy::cli
