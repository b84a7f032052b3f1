// pin, rm, gc: what stays and what goes.
#include <fmt/core.h>

#include <nlohmann/json.hpp>

#include "cli/caller.hpp"
#include "cli/exit_code.hpp"
#include "cli/subcommand.hpp"

namespace archy::cli {
namespace {

struct PinOptions {
  std::string content;
  bool remove = false;
  bool offer = false;
  std::string offer_class;  // empty: as the services say
};

int pin(const GlobalOptions& global, const PinOptions& options) {
  const Output out = global.output();
  auto target = app::parse_target(options.content);
  if (!target) return out.error(target.error());
  if (!options.offer_class.empty() && (options.remove || !options.offer))
    return out.error(Error{.code = Code::bad_input, .detail = "--class goes with --offer"});
  auto caller = Caller::open(global, {});
  if (!caller) return out.error(caller.error());
  rpc::Json params{{"content", content_text(target->content)}, {"offer", options.offer}};
  if (!options.offer_class.empty()) params["class"] = options.offer_class;
  auto done = (*caller)->call(options.remove ? "blob.unpin" : "blob.pin", params);
  if (!done) return out.error(done.error());
  const std::string hash = target->content.hash.hex();
  out.line({{"blake3", hash}, {"pinned", !options.remove}},
           fmt::format("{} {}", options.remove ? "unpinned" : "pinned", hash));
  return kOk;
}

int remove(const GlobalOptions& global, const std::vector<std::string>& contents, bool force) {
  const Output out = global.output();
  auto caller = Caller::open(global, {});
  if (!caller) return out.error(caller.error());
  int exit = kOk;
  for (const std::string& content : contents) {
    auto target = app::parse_target(content);
    if (!target) {
      exit = out.error(target.error());
      continue;
    }
    const std::string hash = target->content.hash.hex();
    auto done = (*caller)->call("blob.remove", rpc::Json{{"content", hash}, {"force", force}});
    if (!done) {
      exit = out.error(done.error());
      continue;
    }
    out.line({{"blake3", hash}, {"removed", true}}, fmt::format("removed {}", hash));
  }
  return exit;
}

int gc(const GlobalOptions& global, bool dry_run, std::uint64_t min_age_s) {
  const Output out = global.output();
  auto caller = Caller::open(global, {});
  if (!caller) return out.error(caller.error());
  auto report =
      (*caller)->call("blob.gc", rpc::Json{{"dry_run", dry_run}, {"min_age_s", min_age_s}});
  if (!report) return out.error(report.error());
  const auto count = [&](const char* name) { return report->at(name).get<std::uint64_t>(); };
  out.line({{"removed_blobs", count("removed_blobs")},
            {"removed_bytes", count("removed_bytes")},
            {"removed_files", count("removed_files")},
            {"kept_blobs", count("kept_blobs")},
            {"dry_run", dry_run}},
           fmt::format("{} {} blobs ({}) and {} stray files, kept {} blobs",
                       dry_run ? "would remove" : "removed", count("removed_blobs"),
                       human_bytes(count("removed_bytes")), count("removed_files"),
                       count("kept_blobs")));
  return kOk;
}

}  // namespace

void register_keep(CLI::App& app, const GlobalOptions& global, int& exit) {
  auto pinning = std::make_shared<PinOptions>();
  Subcommand pin_command(app, "pin", "keep a blob or collection from gc");
  pin_command.required("hash", pinning->content, "hash, s<hash> or ticket");
  pin_command.flag("--remove", pinning->remove, "let it go again");
  pin_command.flag("--offer", pinning->offer,
                   "also serve it to peers (with --remove: stop serving it)");
  pin_command.option("--class", pinning->offer_class, kClassHelp);
  pin_command.run([&global, &exit, pinning] { exit = pin(global, *pinning); });

  auto removing = std::make_shared<std::vector<std::string>>();
  auto force = std::make_shared<bool>(false);
  Subcommand rm_command(app, "rm", "remove blobs from the store (never the user's own files)");
  rm_command.required("hash", *removing, "hashes or tickets");
  rm_command.flag("--force", *force, "even when pinned or named");
  rm_command.run([&global, &exit, removing, force] { exit = remove(global, *removing, *force); });

  auto dry_run = std::make_shared<bool>(false);
  auto min_age = std::make_shared<std::uint64_t>(3600);
  Subcommand gc_command(app, "gc", "remove what no name, pin or offer keeps");
  gc_command.flag("--dry-run", *dry_run, "only say what would go");
  gc_command.option("--min-age", *min_age, "seconds; nothing younger goes (default 3600)");
  gc_command.run([&global, &exit, dry_run, min_age] { exit = gc(global, *dry_run, *min_age); });
}

}  // namespace archy::cli
