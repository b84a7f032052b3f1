// verify: every byte held against its hash.
#include <fmt/core.h>

#include <CLI/App.hpp>

#include "base/utf8.hpp"
#include "cli/command.hpp"
#include "cli/exit_code.hpp"

namespace archy::cli {
namespace {

int verify(const GlobalOptions& global, const std::string& only, bool repair) {
  const Output out = global.output();
  store::VerifyOptions options;
  options.repair = repair;
  if (!only.empty()) {
    auto target = app::parse_target(only);
    if (!target) return out.error(target.error());
    options.only = target->content.hash;
  }
  auto core = global.open(app::DataDir::Create::never);
  if (!core) return out.error(core.error());
  auto report = [&] {
    Progress progress(global.progress_style(), "verifying");
    auto tell = [&](const store::Progress& now) {
      (*core)->poll();
      progress.update(now.done, now.total);
    };
    return (*core)->store().verify(options, tell, (*core)->interrupted());
  }();
  if (!report) return out.error(report.error());
  std::uint64_t left = 0;
  for (const store::Damage& damage : report->damage) {
    if (!damage.repaired) ++left;
    out.line(
        {{"blake3", damage.hash.hex()}, {"damage", damage.what}, {"repaired", damage.repaired}},
        fmt::format("{}  {}{}", damage.hash.hex(), escape_for_terminal(damage.what),
                    damage.repaired ? " (repaired)" : ""));
  }
  out.line({{"blobs", report->blobs},
            {"bytes", report->bytes},
            {"damaged", static_cast<std::uint64_t>(report->damage.size())},
            {"damage_left", left}},
           report->damage.empty()
               ? fmt::format("{} blobs, {}: clean", report->blobs, human_bytes(report->bytes))
               : fmt::format("{} blobs, {}: {} damaged, {} left", report->blobs,
                             human_bytes(report->bytes), report->damage.size(), left));
  return left == 0 ? kOk : kVerification;
}

}  // namespace

void register_check(CLI::App& app, const GlobalOptions& global, int& exit) {
  auto only = std::make_shared<std::string>();
  auto repair = std::make_shared<bool>(false);
  auto* command = app.add_subcommand("verify", "check every byte in the store against its hash");
  command->add_option("hash", *only, "only this blob");
  command->add_flag("--repair", *repair,
                    "drop damaged parts so that a later get brings them again");
  command->callback([&global, &exit, only, repair] { exit = verify(global, *only, *repair); });
}

}  // namespace archy::cli
