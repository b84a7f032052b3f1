// ls, info, export: what is held, and out of the store again.
#include <fmt/core.h>

#include <CLI/App.hpp>

#include "base/utf8.hpp"
#include "cli/command.hpp"
#include "cli/exit_code.hpp"
#include "cli/export_files.hpp"

namespace archy::cli {
namespace {

std::string_view location_name(store::Location location) {
  switch (location) {
    case store::Location::inlined:
      return "inline";
    case store::Location::owned:
      return "owned";
    case store::Location::external:
      return "external";
  }
  return "owned";
}

std::uint64_t held_bytes(const store::BlobInfo& info) {
  if (info.complete) return info.size;
  const std::uint64_t chunks = bao::Tree(info.size).chunks();
  return std::min(info.size, info.have.count_below(chunks) * bao::kChunkBytes);
}

std::vector<Field> fields_of(const store::BlobInfo& info) {
  std::vector<Field> fields{{"blake3", info.hash.hex()},
                            {"size_bytes", info.size},
                            {"size_verified", info.size_verified},
                            {"complete", info.complete},
                            {"held_bytes", held_bytes(info)},
                            {"location", std::string(location_name(info.location))}};
  if (info.sha256) fields.insert(fields.begin() + 1, {"sha256", info.sha256->hex()});
  if (!info.external_path.empty()) fields.push_back({"path", info.external_path.string()});
  return fields;
}

int ls(const GlobalOptions& global) {
  const Output out = global.output();
  auto core = global.open(app::DataDir::Create::never);
  if (!core) return out.error(core.error());
  auto blobs = (*core)->store().list();
  if (!blobs) return out.error(blobs.error());
  auto names = (*core)->store().names();
  if (!names) return out.error(names.error());
  for (const store::BlobInfo& info : *blobs) {
    std::string labels;
    for (const auto& [name, target] : *names) {
      if (target.hash == info.hash) labels += " " + escape_for_terminal(name);
    }
    const std::string state =
        info.complete ? "complete" : fmt::format("{} held", human_bytes(held_bytes(info)));
    auto fields = fields_of(info);
    if (!labels.empty()) fields.push_back({"names", labels.substr(1)});
    out.line(fields, fmt::format("{}  {:>10}  {}{}", info.hash.hex(), human_bytes(info.size), state,
                                 labels));
  }
  return kOk;
}

// A blob that was named on the command line and is in the store, with the store open.
struct Found {
  std::unique_ptr<app::Core> core;
  store::HashAndFormat content;
  store::BlobInfo info;
};

Result<Found> open_and_find(const GlobalOptions& global, const std::string& text) {
  TRY(target, app::parse_target(text));
  TRY(core, global.open(app::DataDir::Create::never));
  TRY(info, core->store().info(target.content.hash));
  if (!info) {
    return fail(Code::not_found, fmt::format("{} is not in the store", target.content.hash.hex()));
  }
  return Found{std::move(core), target.content, std::move(*info)};
}

int info(const GlobalOptions& global, const std::string& text) {
  const Output out = global.output();
  auto found = open_and_find(global, text);
  if (!found) return out.error(found.error());
  auto offer = found->core->store().offer(found->info.hash);
  if (!offer) return out.error(offer.error());
  auto fields = fields_of(found->info);
  fields.push_back({"offered", offer->has_value()});
  std::string lines = fmt::format("blake3    {}\n", found->info.hash.hex());
  if (found->info.sha256) lines += fmt::format("sha256    {}\n", found->info.sha256->hex());
  lines += fmt::format("size      {} bytes{}\n", found->info.size,
                       found->info.size_verified ? "" : " (claimed, not verified)");
  lines += fmt::format("held      {} bytes{}\n", held_bytes(found->info),
                       found->info.complete ? ", complete" : "");
  lines += fmt::format("location  {}", location_name(found->info.location));
  if (!found->info.external_path.empty()) {
    lines += fmt::format(" {}", escape_for_terminal(found->info.external_path.string()));
  }
  lines += fmt::format("\noffered   {}", offer->has_value() ? "yes" : "no");
  out.line(fields, lines);
  return kOk;
}

int export_command(const GlobalOptions& global, const std::string& text, const std::string& to) {
  const Output out = global.output();
  auto found = open_and_find(global, text);
  if (!found) return out.error(found.error());
  auto written = export_content(*found->core, found->content, to, global);
  if (!written) return out.error(written.error());
  for (const rt::Path& path : *written) {
    out.line({{"path", path.string()}}, escape_for_terminal(path.string()));
  }
  return kOk;
}

}  // namespace

void register_list(CLI::App& app, const GlobalOptions& global, int& exit) {
  app.add_subcommand("ls", "list the blobs in the store")->callback([&] { exit = ls(global); });

  auto hash = std::make_shared<std::string>();
  auto* one = app.add_subcommand("info", "what the store knows of one blob");
  one->add_option("hash", *hash, "hash or ticket")->required();
  one->callback([&global, &exit, hash] { exit = info(global, *hash); });

  auto content = std::make_shared<std::string>();
  auto to = std::make_shared<std::string>();
  auto* out = app.add_subcommand(
      "export", "write a blob, or the files of a collection (s<hash> or its ticket), to disk");
  out->add_option("hash", *content, "hash, s<hash> or ticket")->required();
  out->add_option("-o,--output", *to, "file (for a blob) or folder (for a collection)")->required();
  out->callback([&global, &exit, content, to] { exit = export_command(global, *content, *to); });
}

}  // namespace archy::cli
