// fetch.*: bringing content into the store.
#include <chrono>
#include <nlohmann/json.hpp>

#include "rpc/message.hpp"
#include "rpc/method.hpp"
#include "rpc/purchase_json.hpp"

namespace archy::rpc {
namespace {

constexpr std::uint64_t kMostPurchases = 1000;

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
          {"blobs", fetch.blobs},
          {"error", fetch.error ? error_json(*fetch.error, grant) : Json(nullptr)}};
}

Json source_json(const fetch::SourceReport& source, const Grant& grant) {
  const auto time = std::chrono::duration_cast<std::chrono::milliseconds>(source.time);
  const double seconds = std::chrono::duration<double>(source.time).count();
  const double rate = seconds > 0 ? static_cast<double>(source.verified_bytes) / seconds : 0;
  return {
      {"source", source.name},
      {"kind", source.kind == fetch::SourceKind::peer ? "peer" : "origin"},
      {"verified_bytes", source.verified_bytes},
      {"attempts", source.attempts},
      {"time_ms", time.count()},
      {"rate_bytes_s", static_cast<std::uint64_t>(rate)},
      {"lied", source.lied},
      {"left", source.left},
      {"last_error", source.last_error ? error_json(*source.last_error, grant) : Json(nullptr)}};
}

rt::Task<Json> fetch_start(Context& context, const Grant& grant, const Json& params) {
  FetchRequest request;
  request.target = text(params, "content");
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

// What was paid in this fetch. Nothing where there is no wallet.
std::vector<streaming::PurchaseView> purchases_of(Context& context, const FetchView& fetch) {
  auto found = context.node.buyer().purchases(fetch.content.hash, kMostPurchases);
  if (!found || fetch.begun_ms == 0) return {};
  std::erase_if(*found, [&](const auto& one) { return one.at_ms < fetch.begun_ms; });
  return std::move(*found);
}

rt::Task<Json> fetch_explain(Context& context, const Grant& grant, const Json& params) {
  if (has(params, "fetch") == has(params, "content"))
    co_return fail(Code::bad_input, "wants either fetch or content");
  Result<FetchView> found = fail(Code::not_found);
  if (has(params, "fetch")) {
    found = context.node.fetch(static_cast<std::uint64_t>(integer(params, "fetch", 0)));
  } else {
    found = context.node.last_fetch(content(params, "content").hash);
  }
  if (!found) co_return fail(found.error());
  Json sources = Json::array();
  for (const fetch::SourceReport& source : found->sources)
    sources.push_back(source_json(source, grant));
  Json out = fetch_json(*found, grant);
  out["sources"] = std::move(sources);
  const auto bought = purchases_of(context, *found);
  Json purchases = Json::array();
  for (const streaming::PurchaseView& one : bought) purchases.push_back(purchase_json(one));
  out["purchases"] = std::move(purchases);
  add_sums(out, bought);
  co_return out;
}

rt::Task<Json> fetch_cancel(Context& context, const Grant&, const Json& params) {
  const auto id = static_cast<std::uint64_t>(integer(params, "fetch", 0));
  CO_TRY_OK(context.node.cancel_fetch(id));
  co_return Json{{"fetch", id}, {"cancelled", true}};
}

constexpr Param kFetch{"fetch", Type::integer, true, "as fetch.start gave it", 1, INT64_MAX};

// What is said of one fetch, here and in a list of them.
std::vector<ResultField> fetch_fields(const std::string& prefix) {
  std::vector<ResultField> out{{"fetch", ""},
                               {"blake3", ""},
                               {"state", "waiting, running, complete, failed or cancelled"},
                               {"held_bytes", "verified and in the store"},
                               {"total_bytes", "0: not known yet"},
                               {"from_peers_bytes", ""},
                               {"from_origin_bytes", ""},
                               {"resumed_bytes", "held before it began"},
                               {"blobs", "complete: how many the content is of"},
                               {"error", "code and message; null unless failed or cancelled"}};
  for (ResultField& field : out) field.name.insert(0, prefix);
  return out;
}

std::vector<ResultField> explain_fields() {
  std::vector<ResultField> out = fetch_fields("");
  for (ResultField field :
       {ResultField{"source", "a peer's id or an origin's URL without its query"},
        {"kind", "peer or origin"},
        {"verified_bytes", "of the content, by this source"},
        {"attempts", ""},
        {"time_ms", "that it was asked for"},
        {"rate_bytes_s", "verified bytes in that time"},
        {"lied", "sent bytes that do not hash; never asked again"},
        {"left", "not asked again in this fetch"},
        {"last_error", "code and message, or null"}}) {
    field.name.insert(0, "sources[].");
    out.push_back(std::move(field));
  }
  for (ResultField& field : purchase_fields("purchases[].")) out.push_back(std::move(field));
  for (ResultField& field : sum_fields()) out.push_back(std::move(field));
  return out;
}

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
       .params = {{"content", Type::text, true,
                   "a ticket, a hash, or s and the hash of a sequence. The peer of a ticket is "
                   "asked, too"},
                  {"peers", Type::text_list, false, "ID@IP:PORT[,IP:PORT...] of each", 0, 64},
                  {"origins", Type::text_list, false,
                   "URLs of the same bytes: http, https or s3://BUCKET/KEY. Private addresses need "
                   "an admin token, here and in peers; those in a ticket are left out without one",
                   0, 16},
                  {"seed", Type::boolean, false, "offer it to peers from then on"}},
       .result = {{"fetch", "its number, for the other methods"}},
       .errors = {Code::denied, Code::try_later, Code::unsupported, Code::no_space},
       .handler = fetch_start},
      {.name = "fetch.status",
       .scope = Scope::read,
       .help = "One fetch, or all that run and the last that ended.",
       .params = {{"fetch", Type::integer, false, "only this one", 1, INT64_MAX}},
       .result = fetch_fields("fetches[]."),
       .errors = {Code::not_found},
       .handler = fetch_status},
      {.name = "fetch.explain",
       .scope = Scope::read,
       .help = "Who was asked in a fetch, what each gave so far, and why one was left.",
       .params = {{"fetch", Type::integer, false, "as fetch.start gave it", 1, INT64_MAX},
                  {"content", Type::content, false, "instead: the last fetch of this"}},
       .result = explain_fields(),
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
