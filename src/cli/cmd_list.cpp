// ls, info, export: what is held, and out of the store again.
#include <fmt/core.h>

#include <nlohmann/json.hpp>

#include "base/utf8.hpp"
#include "cli/caller.hpp"
#include "cli/exit_code.hpp"
#include "cli/file_progress.hpp"
#include "cli/subcommand.hpp"

namespace archy::cli {
namespace {

// One blob as blob.get and blob.list say it.
std::vector<Field> fields_of(const rpc::Json& blob) {
  std::vector<Field> fields{{"blake3", blob.at("blake3").get<std::string>()}};
  if (blob.at("sha256").is_string())
    fields.push_back({"sha256", blob.at("sha256").get<std::string>()});
  fields.push_back({"size_bytes", blob.at("size_bytes").get<std::uint64_t>()});
  fields.push_back({"size_verified", blob.at("size_verified").get<bool>()});
  fields.push_back({"complete", blob.at("complete").get<bool>()});
  fields.push_back({"held_bytes", blob.at("held_bytes").get<std::uint64_t>()});
  fields.push_back({"location", blob.at("location").get<std::string>()});
  if (blob.at("path").is_string()) fields.push_back({"path", blob.at("path").get<std::string>()});
  if (blob.at("offered").is_string())
    fields.push_back({"class", blob.at("offered").get<std::string>()});
  return fields;
}

void print_row(const Output& out, const rpc::Json& blob) {
  std::string labels;
  for (const rpc::Json& name : blob.at("names"))
    labels += " " + escape_for_terminal(name.get<std::string>());
  const std::string state =
      blob.at("complete").get<bool>()
          ? "complete"
          : fmt::format("{} held", human_bytes(blob.at("held_bytes").get<std::uint64_t>()));
  const std::string offered =
      blob.at("offered").is_string() ? blob.at("offered").get<std::string>() : "-";
  auto fields = fields_of(blob);
  if (!labels.empty()) fields.push_back({"names", labels.substr(1)});
  out.line(fields, fmt::format("{}  {:>10}  {:<8}  {}{}", blob.at("blake3").get<std::string>(),
                               human_bytes(blob.at("size_bytes").get<std::uint64_t>()), offered,
                               state, labels));
}

int ls(const GlobalOptions& global) {
  const Output out = global.output();
  auto caller = Caller::open(global, {});
  if (!caller) return out.error(caller.error());
  rpc::Json params = rpc::Json::object();
  for (;;) {
    auto page = (*caller)->call("blob.list", params);
    if (!page) return out.error(page.error());
    for (const rpc::Json& blob : page->at("blobs")) print_row(out, blob);
    if (page->at("next").is_null()) return kOk;
    params["after"] = page->at("next");
  }
}

int info(const GlobalOptions& global, const std::string& text) {
  const Output out = global.output();
  auto target = app::parse_target(text);
  if (!target) return out.error(target.error());
  Progress progress(global.progress_style(), "hashing");
  CallerOptions how;
  how.verify_progress = [&](const store::Progress& now) { progress.update(now.done, now.total); };
  auto caller = Caller::open(global, std::move(how));
  if (!caller) return out.error(caller.error());
  rpc::Json params{{"content", target->content.hash.hex()}, {"sha256", true}};
  auto blob = (*caller)->call("blob.get", params);
  progress.clear();
  if (!blob && blob.error().code == Code::corrupt) {
    // What else is known of a damaged blob is known all the same.
    params.erase("sha256");
    blob = (*caller)->call("blob.get", params);
  }
  if (!blob) return out.error(blob.error());
  auto text_of = [&](const char* name) { return blob->at(name).get<std::string>(); };
  const bool offered = !blob->at("offered").is_null();
  auto fields = fields_of(*blob);
  fields.push_back({"offered", offered});
  std::string lines = fmt::format("blake3    {}\n", text_of("blake3"));
  if (blob->at("sha256").is_string()) lines += fmt::format("sha256    {}\n", text_of("sha256"));
  lines += fmt::format("size      {} bytes{}\n", blob->at("size_bytes").get<std::uint64_t>(),
                       blob->at("size_verified").get<bool>() ? "" : " (claimed, not verified)");
  lines += fmt::format("held      {} bytes{}\n", blob->at("held_bytes").get<std::uint64_t>(),
                       blob->at("complete").get<bool>() ? ", complete" : "");
  lines += fmt::format("location  {}", text_of("location"));
  if (blob->at("path").is_string())
    lines += fmt::format(" {}", escape_for_terminal(text_of("path")));
  lines += fmt::format("\noffered   {}", offered ? "yes, " + text_of("offered") : "no");
  out.line(fields, lines);
  return kOk;
}

int export_command(const GlobalOptions& global, const std::string& text, const std::string& to) {
  const Output out = global.output();
  auto target = app::parse_target(text);
  if (!target) return out.error(target.error());
  FileProgress progress(global.progress_style(), "writing");
  CallerOptions how;
  how.export_progress = [&](const rt::Path& file, const store::Progress& now) {
    progress.show(file, now);
  };
  auto caller = Caller::open(global, std::move(how));
  if (!caller) return out.error(caller.error());
  const rpc::Json params{{"content", content_text(target->content)},
                         {"path", std::filesystem::absolute(to).string()}};
  auto written = (*caller)->call("blob.export", params);
  progress.clear();
  if (!written) return out.error(written.error());
  for (const rpc::Json& path : written->at("paths")) {
    const auto name = path.get<std::string>();
    out.line({{"path", name}}, escape_for_terminal(name));
  }
  return kOk;
}

}  // namespace

void register_list(CLI::App& app, const GlobalOptions& global, int& exit) {
  Subcommand(app, "ls", "list the blobs in the store").run([&] { exit = ls(global); });

  auto hash = std::make_shared<std::string>();
  Subcommand one(app, "info", "what the store knows of one blob");
  one.required("hash", *hash, "hash or ticket");
  one.run([&global, &exit, hash] { exit = info(global, *hash); });

  auto content = std::make_shared<std::string>();
  auto to = std::make_shared<std::string>();
  Subcommand out(app, "export",
                 "write a blob, or the files of a collection (s<hash> or its ticket), to disk");
  out.required("hash", *content, "hash, s<hash> or ticket");
  out.required("-o,--output", *to, "file (for a blob) or folder (for a collection)");
  out.run([&global, &exit, content, to] { exit = export_command(global, *content, *to); });
}

}  // namespace archy::cli
