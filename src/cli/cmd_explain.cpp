// explain: who was asked for a blob, what each gave, and why one was left.
#include <fmt/core.h>

#include <nlohmann/json.hpp>

#include "base/utf8.hpp"
#include "cli/caller.hpp"
#include "cli/exit_code.hpp"
#include "cli/explain.hpp"
#include "cli/receipt.hpp"
#include "cli/subcommand.hpp"

namespace archy::cli {
namespace {

using rpc::Json;

std::string outcome_of(const Json& source) {
  const Json& error = source.at("last_error");
  const std::string why = error.is_null() ? std::string() : error.at("message").get<std::string>();
  if (source.at("lied").get<bool>()) return "lied: " + (why.empty() ? "bad bytes" : why);
  if (!why.empty()) return why;
  return source.at("attempts").get<std::uint64_t>() == 0 ? "not needed" : "ok";
}

// What the store holds of it, as one line. Errors: not_found.
Result<> print_held(const Output& out, Caller& caller, const std::string& hash) {
  TRY(blob, caller.call("blob.get", Json{{"content", hash}}));
  const bool complete = blob.at("complete").get<bool>();
  const auto held = blob.at("held_bytes").get<std::uint64_t>();
  const auto size = blob.at("size_bytes").get<std::uint64_t>();
  const bool offered = !blob.at("offered").is_null();
  out.line({{"blake3", hash},
            {"complete", complete},
            {"held_bytes", held},
            {"size_bytes", size},
            {"offered", offered}},
           fmt::format("{}\n  {} of {} held{}, {}", hash, human_bytes(held), human_bytes(size),
                       complete ? " (complete)" : "",
                       offered ? "offered to peers" : "not offered to peers"));
  return {};
}

void print_fetch(const Output& out, const Json& explained) {
  const auto state = explained.at("state").get<std::string>();
  const auto fetch = explained.at("fetch").get<std::uint64_t>();
  std::string text = fmt::format("  fetch {}: {}", fetch, state);
  std::string error;
  if (!explained.at("error").is_null()) {
    error = explained.at("error").at("message").get<std::string>();
    text += ": " + escape_for_terminal(error);
  }
  out.line({{"fetch", fetch}, {"state", state}, {"error", error}}, text);
  print_sources(out, explained);
  print_receipt(out, explained);
}

int explain(const GlobalOptions& global, const std::string& content) {
  const Output out = global.output();
  auto target = app::parse_target(content);
  if (!target) return out.error(target.error());
  auto caller = Caller::open(global, {});
  if (!caller) return out.error(caller.error());
  const std::string hash = target->content.hash.hex();
  const auto held = print_held(out, **caller, hash);
  if (!held && held.error().code != Code::not_found) return out.error(held.error());
  auto explained = (*caller)->call("fetch.explain", Json{{"content", hash}});
  if (explained) {
    print_fetch(out, *explained);
    return kOk;
  }
  if (explained.error().code != Code::not_found) return out.error(explained.error());
  if (!held) {
    return out.error(
        {Code::not_found,
         fmt::format("{} is not in the store and no fetch of it is remembered", hash)});
  }
  out.text_line((*caller)->is_node()
                    ? "  no fetch of it is remembered"
                    : "  fetches are remembered by a node while it runs; none does");
  return kOk;
}

}  // namespace

void print_sources(const Output& out, const Json& explained) {
  for (const Json& source : explained.at("sources")) {
    const std::string outcome = outcome_of(source);
    const auto name = source.at("source").get<std::string>();
    const auto verified = source.at("verified_bytes").get<std::uint64_t>();
    const auto attempts = source.at("attempts").get<std::uint64_t>();
    const auto time_ms = source.at("time_ms").get<std::uint64_t>();
    const auto rate = source.at("rate_bytes_s").get<std::uint64_t>();
    out.line({{"source", name},
              {"kind", source.at("kind").get<std::string>()},
              {"verified_bytes", verified},
              {"attempts", attempts},
              {"time_ms", time_ms},
              {"rate_bytes_s", rate},
              {"lied", source.at("lied").get<bool>()},
              {"left", source.at("left").get<bool>()},
              {"outcome", outcome}},
             fmt::format("  {}: {} verified in {} attempts, {:.2f} s, {}/s: {}",
                         escape_for_terminal(name), human_bytes(verified), attempts,
                         static_cast<double>(time_ms) / 1000, human_bytes(rate),
                         escape_for_terminal(outcome)));
  }
}

void register_explain(CLI::App& app, const GlobalOptions& global, int& exit) {
  auto content = std::make_shared<std::string>();
  Subcommand command(
      app, "explain",
      "who was asked for a blob in its last fetch, what each gave, why one was left");
  command.required("content", *content, "hash, s<hash> or ticket");
  command.run([&global, &exit, content] { exit = explain(global, *content); });
}

}  // namespace archy::cli
