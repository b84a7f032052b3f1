// get: the verified bytes of a ticket or hash, from whoever has them.
#include <fmt/core.h>

#include <CLI/App.hpp>
#include <chrono>

#include "app/fetch_content.hpp"
#include "base/utf8.hpp"
#include "cli/command.hpp"
#include "cli/exit_code.hpp"
#include "cli/export_files.hpp"

namespace archy::cli {
namespace {

struct GetOptions {
  std::string content;
  std::string output;
  std::vector<std::string> from;
  std::vector<std::string> origins;
  bool explain = false;
  bool seed = false;
  bool sha256 = false;
};

rt::Task<app::ContentReport> fetch(app::Core& core, store::HashAndFormat content,
                                   app::FetchContentOptions options,
                                   app::FetchProgressFn progress) {
  co_return co_await app::fetch_content(core, content, std::move(options), std::move(progress));
}

std::string note_of(const app::FetchProgress& now) {
  std::string note;
  if (now.from_peers_bytes > 0) note += fmt::format("peers {}", human_bytes(now.from_peers_bytes));
  if (now.from_origin_bytes > 0) {
    note +=
        fmt::format("{}origin {}", note.empty() ? "" : ", ", human_bytes(now.from_origin_bytes));
  }
  return note;
}

std::string outcome_of(const fetch::SourceReport& source) {
  if (source.lied)
    return "lied: " +
           (source.last_error ? to_string(*source.last_error) : std::string("bad bytes"));
  if (source.last_error) return to_string(*source.last_error);
  if (source.attempts == 0) return "not needed";
  return "ok";
}

void explain(const Output& out, const app::ContentReport& report) {
  for (const fetch::SourceReport& source : report.sources) {
    const std::string outcome = outcome_of(source);
    const double seconds = std::chrono::duration<double>(source.time).count();
    out.line({{"source", source.name},
              {"kind", std::string(source.kind == fetch::SourceKind::peer ? "peer" : "origin")},
              {"verified_bytes", source.verified_bytes},
              {"attempts", source.attempts},
              {"lied", source.lied},
              {"outcome", outcome}},
             fmt::format("  {}: {} verified in {} attempts, {:.2f} s: {}",
                         escape_for_terminal(source.name), human_bytes(source.verified_bytes),
                         source.attempts, seconds, escape_for_terminal(outcome)));
  }
}

// What is refused before any byte is fetched, because the person would find out only at the end.
Result<> check_output(app::Core& core, const GetOptions& options) {
  if (options.output.empty()) return {};
  rt::Files& files = core.env().files;
  const rt::Path to(options.output);
  auto kind = files.kind(to);
  if (kind && *kind != rt::FileKind::directory)
    return fail(Code::denied, fmt::format("{} exists already", to.string()));
  const rt::Path parent = to.has_parent_path() ? to.parent_path() : rt::Path(".");
  if (!files.kind(parent))
    return fail(Code::not_found, fmt::format("{}: no such folder", parent.string()));
  return {};
}

// Where the content goes without -o: a collection's files into the current folder, a blob stays in
// the store.
std::optional<rt::Path> destination(const app::Target& target, const GetOptions& options) {
  if (!options.output.empty()) return rt::Path(options.output);
  if (target.content.format == store::Format::hash_seq) return rt::Path(".");
  return std::nullopt;
}

// Known where the blob was added here once; else only when asked for, because it costs a pass.
Result<std::optional<Sha256Digest>> sha256_of(app::Core& core, const app::Target& target,
                                              const GetOptions& options,
                                              const GlobalOptions& global) {
  std::optional<Sha256Digest> none;
  if (target.content.format == store::Format::hash_seq) return none;
  if (!options.sha256) {
    TRY(info, core.store().info(target.content.hash));
    return info ? info->sha256 : none;
  }
  Progress progress(global.progress_style(), "hashing");
  auto tell = [&](const store::Progress& now) {
    core.poll();
    progress.update(now.done, now.total);
  };
  TRY(digest, core.store().sha256(target.content.hash, tell, core.interrupted()));
  return std::optional(digest);
}

int report_failure(const Output& out, const app::ContentReport& report) {
  if (report.error->code != Code::cancelled) return out.error(*report.error);
  const std::uint64_t held =
      report.resumed_bytes + report.from_peers_bytes + report.from_origin_bytes;
  return out.error(
      {Code::cancelled,
       fmt::format("interrupted with {} held; run the same command again to go on from there",
                   human_bytes(held))});
}

int get(const GlobalOptions& global, const GetOptions& options) {
  const Output out = global.output();
  auto target = app::parse_target(options.content);
  if (!target) return out.error(target.error());
  if (options.sha256 && target->content.format == store::Format::hash_seq) {
    return out.error({Code::bad_input, "a collection has no SHA-256, only its blobs have"});
  }
  app::FetchContentOptions how;
  how.peers = target->peers;
  for (const std::string& text : options.from) {
    auto peer = app::parse_peer(text);
    if (!peer) return out.error(peer.error());
    how.peers.push_back(*peer);
  }
  how.origins = options.origins;
  auto core = global.open();
  if (!core) return out.error(core.error());
  if (auto config = global.load_config(**core); !config) return out.error(config.error());
  if (auto free = check_output(**core, options); !free) return out.error(free.error());

  if (options.seed) {
    auto offered = (*core)->store().set_offer(target->content, store::OfferClass::public_);
    if (!offered) return out.error(offered.error());
  }
  const auto begun = std::chrono::steady_clock::now();
  Progress progress(global.progress_style(), "got");
  auto show = [&](const app::FetchProgress& now) {
    progress.update(now.held_bytes, now.total_bytes, note_of(now));
  };
  auto report = (*core)->run(fetch(**core, target->content, how, show));
  progress.clear();
  if (!report) return out.error(report.error());
  if (options.explain) explain(out, *report);
  if (report->error) return report_failure(out, *report);

  std::vector<rt::Path> written;
  if (auto to = destination(*target, options)) {
    auto exported = export_content(**core, target->content, *to, global, report->fetched);
    if (!exported) return out.error(exported.error());
    written = std::move(*exported);
  }
  auto sha256 = sha256_of(**core, *target, options, global);
  if (!sha256) return out.error(sha256.error());
  const double seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
  std::vector<std::string> paths;
  for (const rt::Path& path : written) paths.push_back(path.string());
  const std::string hash = target->content.hash.hex();
  std::string text =
      fmt::format("{} ({}) in {:.2f} s: {} from peers, {} from origin, {} held before", hash,
                  human_bytes(report->size_bytes), seconds, human_bytes(report->from_peers_bytes),
                  human_bytes(report->from_origin_bytes), human_bytes(report->resumed_bytes));
  if (options.sha256 && *sha256) text += fmt::format("\nsha256 {}", (*sha256)->hex());
  for (const std::string& path : paths) text += "\n" + escape_for_terminal(path);
  out.line({{"blake3", hash},
            {"sha256", *sha256 ? Value((*sha256)->hex()) : Value(nullptr)},
            {"size_bytes", report->size_bytes},
            {"blobs", report->blobs},
            {"from_peers_bytes", report->from_peers_bytes},
            {"from_origin_bytes", report->from_origin_bytes},
            {"resumed_bytes", report->resumed_bytes},
            {"paths", paths}},
           text);
  return kOk;
}

}  // namespace

void register_get(CLI::App& app, const GlobalOptions& global, int& exit) {
  auto options = std::make_shared<GetOptions>();
  auto* command =
      app.add_subcommand("get", "fetch and verify; peers one after another, then the origins");
  command->add_option("content", options->content, "ticket, hash, or s<hash> for a hash sequence")
      ->required();
  command->add_option("-o,--output", options->output,
                      "file for a blob or a one-file collection, folder for a collection (default: "
                      "a collection's files "
                      "into the current folder, a blob only into the store)");
  command->add_option("--from", options->from, "ID@IP:PORT[,IP:PORT] of a peer that may have it");
  command->add_option("--origin", options->origins, "URL of the same bytes on a plain HTTP server");
  command->add_flag("--explain", options->explain,
                    "say what each source gave, and why one was left");
  command->add_flag("--sha256", options->sha256,
                    "also say the SHA-256 (of a blob): one more pass over it");
  command->add_flag("--seed", options->seed,
                    "offer it to others too (from then on, while `serve` runs)");
  command->callback([&global, &exit, options] { exit = get(global, *options); });
}

}  // namespace archy::cli
