// fetch.*: bringing content into the store.
#include <chrono>
#include <nlohmann/json.hpp>

#include "rpc/message.hpp"
#include "rpc/method.hpp"

namespace archy::rpc {
namespace {

Json error_json(const Error& error, const Grant& grant) {
  const CallError shown = from_error(error, grant.local);
  return {{"code", shown.code}, {"message", shown.message}};
}

Json fetch_json(const FetchView& fetch, const Grant& grant) {
  return {{"fetch", fetch.id},
          {"blake3", fetch.content.hash.hex()},
          {"state", to_string(fetch.state)},
          {"held_bytes", fetch.held_bytes},
          {"total_bytes", fetch.total_bytes},
          {"from_peers_bytes", fetch.from_peers_bytes},
          {"from_origin_bytes", fetch.from_origin_bytes},
          {"resumed_bytes", fetch.resumed_bytes},
          {"error", fetch.error ? error_json(*fetch.error, grant) : Json(nullptr)}};
}

Json source_json(const fetch::SourceReport& source, const Grant& grant) {
  const auto time = std::chrono::duration_cast<std::chrono::milliseconds>(source.time);
  return {
      {"source", source.name},
      {"kind", source.kind == fetch::SourceKind::peer ? "peer" : "origin"},
      {"verified_bytes", source.verified_bytes},
      {"attempts", source.attempts},
      {"time_ms", time.count()},
      {"lied", source.lied},
      {"left", source.left},
      {"last_error", source.last_error ? error_json(*source.last_error, grant) : Json(nullptr)}};
}

rt::Task<Json> fetch_start(Context& context, const Grant& grant, const Json& params) {
  FetchRequest request;
  request.content = content(params, "content");
  request.peers = texts(params, "peers");
  request.origins = texts(params, "origins");
  request.seed = flag(params, "seed");
  request.allow_private = grant.allows(Scope::admin);
  CO_TRY(id, context.node.start_fetch(request));
  co_return Json{{"fetch", id}};
}

rt::Task<Json> fetch_status(Context& context, const Grant& grant, const Json& params) {
  Json list = Json::array();
  if (has(params, "fetch")) {
    CO_TRY(one, context.node.fetch(static_cast<std::uint64_t>(integer(params, "fetch", 0))));
    list.push_back(fetch_json(one, grant));
  } else {
    for (const FetchView& one : context.node.fetches()) list.push_back(fetch_json(one, grant));
  }
  co_return Json{{"fetches", list}};
}

rt::Task<Json> fetch_explain(Context& context, const Grant& grant, const Json& params) {
  CO_TRY(one, context.node.fetch(static_cast<std::uint64_t>(integer(params, "fetch", 0))));
  Json sources = Json::array();
  for (const fetch::SourceReport& source : one.sources)
    sources.push_back(source_json(source, grant));
  co_return Json{{"fetch", one.id}, {"state", to_string(one.state)}, {"sources", sources}};
}

rt::Task<Json> fetch_cancel(Context& context, const Grant&, const Json& params) {
  const auto id = static_cast<std::uint64_t>(integer(params, "fetch", 0));
  CO_TRY_OK(context.node.cancel_fetch(id));
  co_return Json{{"fetch", id}, {"cancelled", true}};
}

constexpr Param kFetch{"fetch", Type::integer, true, "as fetch.start gave it", 1, INT64_MAX};

}  // namespace

std::string_view to_string(FetchState state) {
  switch (state) {
    case FetchState::waiting:
      return "waiting";
    case FetchState::running:
      return "running";
    case FetchState::complete:
      return "complete";
    case FetchState::failed:
      return "failed";
    case FetchState::cancelled:
      return "cancelled";
  }
  return "failed";
}

std::vector<Method> fetch_methods() {
  return {
      {.name = "fetch.start",
       .scope = Scope::operate,
       .changes = true,
       .help = "Begins to bring content into the store and returns at once. What is named here is "
               "asked whether the swarm is enabled or not.",
       .params = {{"content", Type::content, true, "a hash, or s and the hash of a sequence"},
                  {"peers", Type::text_list, false, "ID@IP:PORT[,IP:PORT...] of each", 0, 64},
                  {"origins", Type::text_list, false,
                   "URLs of the same bytes. Private addresses need an admin token, here and in "
                   "peers",
                   0, 16},
                  {"seed", Type::boolean, false, "offer it to peers from then on"}},
       .result = {{"fetch", "its number, for the other methods"}},
       .errors = {Code::denied, Code::try_later, Code::unsupported},
       .handler = fetch_start},
      {.name = "fetch.status",
       .scope = Scope::read,
       .help = "One fetch, or all that run and the last that ended.",
       .params = {{"fetch", Type::integer, false, "only this one", 1, INT64_MAX}},
       .result = {{"fetches[].fetch", ""},
                  {"fetches[].blake3", ""},
                  {"fetches[].state", "waiting, running, complete, failed or cancelled"},
                  {"fetches[].held_bytes", "verified and in the store"},
                  {"fetches[].total_bytes", "0: not known yet"},
                  {"fetches[].from_peers_bytes", ""},
                  {"fetches[].from_origin_bytes", ""},
                  {"fetches[].resumed_bytes", "held before it began"},
                  {"fetches[].error", "code and message; null unless failed or cancelled"}},
       .errors = {Code::not_found},
       .handler = fetch_status},
      {.name = "fetch.explain",
       .scope = Scope::read,
       .help = "Who was asked in a fetch, what each gave, and why one was left.",
       .params = {kFetch},
       .result = {{"fetch", ""},
                  {"state", ""},
                  {"sources[].source", "a peer's id or an origin's URL without its query"},
                  {"sources[].kind", "peer or origin"},
                  {"sources[].verified_bytes", "of the blob, by this source"},
                  {"sources[].attempts", ""},
                  {"sources[].time_ms", ""},
                  {"sources[].lied", "sent bytes that do not hash; never asked again"},
                  {"sources[].left", "not asked again in this fetch"},
                  {"sources[].last_error", "code and message, or null"}},
       .errors = {Code::not_found},
       .handler = fetch_explain},
      {.name = "fetch.cancel",
       .scope = Scope::operate,
       .changes = true,
       .help = "Ends a fetch; what it brought stays and the next one goes on from there.",
       .params = {kFetch},
       .result = {{"fetch", ""}, {"cancelled", "true"}},
       .errors = {Code::not_found},
       .handler = fetch_cancel},
  };
}

}  // namespace archy::rpc
