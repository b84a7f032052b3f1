// verify: every byte held against its hash.
#include <fmt/core.h>

#include <nlohmann/json.hpp>

#include "base/utf8.hpp"
#include "cli/caller.hpp"
#include "cli/exit_code.hpp"
#include "cli/subcommand.hpp"

namespace archy::cli {
namespace {

int verify(const GlobalOptions& global, const std::string& only, bool repair) {
  const Output out = global.output();
  rpc::Json params{{"repair", repair}};
  if (!only.empty()) {
    auto target = app::parse_target(only);
    if (!target) return out.error(target.error());
    params["content"] = target->content.hash.hex();
  }
  Progress progress(global.progress_style(), "verifying");
  CallerOptions how;
  how.verify_progress = [&](const store::Progress& now) { progress.update(now.done, now.total); };
  auto caller = Caller::open(global, std::move(how));
  if (!caller) return out.error(caller.error());
  auto report = (*caller)->call("blob.verify", params);
  progress.clear();
  if (!report) return out.error(report.error());
  for (const rpc::Json& damage : report->at("damage")) {
    const auto hash = damage.at("blake3").get<std::string>();
    const auto what = damage.at("damage").get<std::string>();
    const bool repaired = damage.at("repaired").get<bool>();
    out.line(
        {{"blake3", hash}, {"damage", what}, {"repaired", repaired}},
        fmt::format("{}  {}{}", hash, escape_for_terminal(what), repaired ? " (repaired)" : ""));
  }
  const auto blobs = report->at("blobs").get<std::uint64_t>();
  const auto bytes = report->at("bytes").get<std::uint64_t>();
  const auto damaged = report->at("damaged").get<std::uint64_t>();
  const auto left = report->at("damage_left").get<std::uint64_t>();
  out.line({{"blobs", blobs}, {"bytes", bytes}, {"damaged", damaged}, {"damage_left", left}},
           damaged == 0 ? fmt::format("{} blobs, {}: clean", blobs, human_bytes(bytes))
                        : fmt::format("{} blobs, {}: {} damaged, {} left", blobs,
                                      human_bytes(bytes), damaged, left));
  return left == 0 ? kOk : kVerification;
}

}  // namespace

void register_check(CLI::App& app, const GlobalOptions& global, int& exit) {
  auto only = std::make_shared<std::string>();
  auto repair = std::make_shared<bool>(false);
  Subcommand command(app, "verify", "check every byte in the store against its hash");
  command.option("hash", *only, "only this blob");
  command.flag("--repair", *repair, "drop damaged parts so that a later get brings them again");
  command.run([&global, &exit, only, repair] { exit = verify(global, *only, *repair); });
}

}  // namespace archy::cli
