// get: the verified bytes of a ticket or hash, from whoever has them.
#include <fmt/core.h>

#include <chrono>
#include <nlohmann/json.hpp>

#include "base/utf8.hpp"
#include "cli/caller.hpp"
#include "cli/exit_code.hpp"
#include "cli/explain.hpp"
#include "cli/file_progress.hpp"
#include "cli/receipt.hpp"
#include "cli/subcommand.hpp"
#include "rpc/answer.hpp"

namespace archy::cli {
namespace {

using rpc::Json;

struct GetOptions {
  std::string content;
  std::string output;
  std::vector<std::string> from;
  std::vector<std::string> origins;
  bool explain = false;
  bool seed = false;
  bool sha256 = false;
};

std::uint64_t number(const Json& row, const char* name) {
  return row.at(name).get<std::uint64_t>();
}

std::string note_of(const Json& now) {
  const std::uint64_t peers = number(now, "from_peers_bytes");
  const std::uint64_t origins = number(now, "from_origin_bytes");
  std::string note;
  if (peers > 0) note += fmt::format("peers {}", human_bytes(peers));
  if (origins > 0) {
    note += fmt::format("{}origin {}", note.empty() ? "" : ", ", human_bytes(origins));
  }
  return note;
}

// What is refused before any byte is fetched, because the person would find out only at the end.
Result<> check_output(const std::string& output) {
  if (output.empty()) return {};
  const rt::Path to(output);
  std::error_code ignored;
  const auto there = std::filesystem::symlink_status(to, ignored);
  if (std::filesystem::exists(there) && !std::filesystem::is_directory(to, ignored))
    return fail(Code::denied, fmt::format("{} exists already", to.string()));
  const rt::Path parent = to.has_parent_path() ? to.parent_path() : rt::Path(".");
  if (!std::filesystem::exists(parent, ignored))
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

int report_failure(const Output& out, const Json& row) {
  const auto words = row.at("error").at("message").get<std::string>();
  const Code code = rpc::code_named(row.at("error").at("code").get<std::string>());
  if (code != Code::cancelled) return out.error({code, words});
  const std::uint64_t held = number(row, "resumed_bytes") + number(row, "from_peers_bytes") +
                             number(row, "from_origin_bytes");
  return out.error(
      {Code::cancelled,
       fmt::format("interrupted with {} held; run the same command again to go on from there",
                   human_bytes(held))});
}

struct Begun {
  std::uint64_t fetch = 0;
  bool ours = true;  // false: somebody else's call is bringing it already
};

Result<Begun> begin(Caller& caller, const app::Target& target, const GetOptions& options) {
  auto started = caller.call("fetch.start", Json{{"content", options.content},
                                                 {"peers", options.from},
                                                 {"origins", options.origins},
                                                 {"seed", options.seed}});
  if (started) return Begun{number(*started, "fetch"), true};
  if (started.error().code != Code::try_later) return fail(started.error());
  TRY(all, caller.call("fetch.status", Json::object()));
  for (const Json& row : all.at("fetches")) {
    const auto state = row.at("state").get<std::string>();
    if (row.at("blake3").get<std::string>() == target.content.hash.hex() &&
        (state == "waiting" || state == "running"))
      return Begun{number(row, "fetch"), false};
  }
  return fail(started.error());
}

// Known where the blob was added here once; else only when asked for, because it costs a pass.
Result<Json> sha256_of(Caller& caller, const app::Target& target, bool compute) {
  if (target.content.format == store::Format::hash_seq) return Json(nullptr);
  TRY(blob,
      caller.call("blob.get", Json{{"content", target.content.hash.hex()}, {"sha256", compute}}));
  return blob.at("sha256");
}

struct Outcome {
  Json row;
  std::vector<std::string> paths;
  Json sha256;
  double seconds = 0;
};

void print(const Output& out, const Outcome& done, bool show_sha256) {
  const Json& row = done.row;
  const auto hash = row.at("blake3").get<std::string>();
  std::string text = fmt::format(
      "{} ({}) in {:.2f} s: {} from peers, {} from origin, {} held before", hash,
      human_bytes(number(row, "total_bytes")), done.seconds,
      human_bytes(number(row, "from_peers_bytes")), human_bytes(number(row, "from_origin_bytes")),
      human_bytes(number(row, "resumed_bytes")));
  Value sha256 = nullptr;
  if (done.sha256.is_string()) sha256 = done.sha256.get<std::string>();
  if (show_sha256 && done.sha256.is_string())
    text += fmt::format("\nsha256 {}", done.sha256.get<std::string>());
  for (const std::string& path : done.paths) text += "\n" + escape_for_terminal(path);
  out.line({{"blake3", hash},
            {"sha256", sha256},
            {"size_bytes", number(row, "total_bytes")},
            {"blobs", number(row, "blobs")},
            {"from_peers_bytes", number(row, "from_peers_bytes")},
            {"from_origin_bytes", number(row, "from_origin_bytes")},
            {"resumed_bytes", number(row, "resumed_bytes")},
            {"paths", done.paths}},
           text);
}

int get(const GlobalOptions& global, const GetOptions& options) {
  const Output out = global.output();
  auto target = app::parse_target(options.content);
  if (!target) return out.error(target.error());
  if (options.sha256 && target->content.format == store::Format::hash_seq) {
    return out.error({Code::bad_input, "a collection has no SHA-256, only its blobs have"});
  }
  if (auto free = check_output(options.output); !free) return out.error(free.error());
  Progress hashing(global.progress_style(), "hashing");
  FileProgress writing(global.progress_style(), "writing");
  CallerOptions how;
  how.create = app::DataDir::Create::if_missing;
  how.verify_progress = [&](const store::Progress& now) { hashing.update(now.done, now.total); };
  how.export_progress = [&](const rt::Path& file, const store::Progress& now) {
    writing.show(file, now);
  };
  auto opened = Caller::open(global, std::move(how));
  if (!opened) return out.error(opened.error());
  Caller& caller = **opened;

  Outcome done;
  const auto began = std::chrono::steady_clock::now();
  auto begun = begin(caller, *target, options);
  if (!begun) return out.error(begun.error());
  Progress progress(global.progress_style(), "got");
  auto show = [&](const Json& now) {
    progress.update(number(now, "held_bytes"), number(now, "total_bytes"), note_of(now));
  };
  auto row = caller.follow_fetch(begun->fetch, begun->ours, show);
  progress.clear();
  if (!row) return out.error(row.error());
  done.row = std::move(*row);
  auto explained = caller.call("fetch.explain", Json{{"fetch", begun->fetch}});
  if (!explained) return out.error(explained.error());
  if (options.explain) print_sources(out, *explained);
  print_receipt(out, *explained);
  if (!done.row.at("error").is_null()) return report_failure(out, done.row);

  if (const auto to = destination(*target, options)) {
    auto written =
        caller.call("blob.export", Json{{"content", content_text(target->content)},
                                        {"path", std::filesystem::absolute(*to).string()},
                                        {"fetch", begun->fetch}});
    writing.clear();
    if (!written) return out.error(written.error());
    done.paths = written->at("paths").get<std::vector<std::string>>();
  }
  auto sha256 = sha256_of(caller, *target, options.sha256);
  hashing.clear();
  if (!sha256) return out.error(sha256.error());
  done.sha256 = std::move(*sha256);
  done.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  print(out, done, options.sha256);
  return kOk;
}

}  // namespace

void register_get(CLI::App& app, const GlobalOptions& global, int& exit) {
  auto options = std::make_shared<GetOptions>();
  Subcommand command(app, "get", "fetch and verify, from all peers and origins at once");
  command.required("content", options->content, "ticket, hash, or s<hash> for a hash sequence");
  command.option("-o,--output", options->output,
                 "file for a blob or a one-file collection, folder for a collection (default: "
                 "a collection's files "
                 "into the current folder, a blob only into the store)");
  command.option("--from", options->from, "ID@IP:PORT[,IP:PORT] of a peer that may have it");
  command.option("--origin", options->origins,
                 "http or https URL, or s3://BUCKET/KEY, of the same bytes");
  command.flag("--explain", options->explain, "say what each source gave, and why one was left");
  command.flag("--sha256", options->sha256,
               "also say the SHA-256 (of a blob): one more pass over it");
  command.flag("--seed", options->seed,
               "offer it to others too (from then on, while `serve` or a node runs)");
  command.run([&global, &exit, options] { exit = get(global, *options); });
}

}  // namespace archy::cli
