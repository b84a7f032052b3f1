// blob.*: what is in the store.
#include <nlohmann/json.hpp>

#include "rpc/method.hpp"

namespace archy::rpc {
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

// What a call names; none: nothing. Errors: bad_input.
Result<std::optional<store::OfferClass>> class_named(const Json& params) {
  if (!has(params, "class")) return std::optional<store::OfferClass>{};
  const auto named = store::offer_class_of(text(params, "class"));
  if (!named) return fail(Code::bad_input, "class: wants standard, public, metered or paid");
  return named;
}

template <class T>
Json or_null(const std::optional<T>& value) {
  return value ? Json(value->hex()) : Json(nullptr);
}

std::string format_name(store::Format format) {
  return format == store::Format::raw ? "raw" : "hash_seq";
}

Json blob_json(const BlobView& blob, const Grant& grant) {
  const store::BlobInfo& info = blob.info;
  Json out{{"blake3", info.hash.hex()},
           {"sha256", or_null(info.sha256)},
           {"size_bytes", info.size},
           {"size_verified", info.size_verified},
           {"complete", info.complete},
           {"held_bytes", blob.held_bytes},
           {"location", location_name(info.location)},
           {"names", blob.names},
           {"pinned", blob.pinned},
           {"offered", blob.offered ? Json(to_string(*blob.offered)) : Json(nullptr)}};
  const bool show_path = grant.local && !info.external_path.empty();
  out["path"] = show_path ? Json(info.external_path.string()) : Json(nullptr);
  return out;
}

std::vector<ResultField> blob_fields(const std::string_view (&names)[11]) {
  static constexpr std::string_view kHelp[] = {
      "64 hex digits",
      "64 hex digits; null while it is not known: of what was fetched nobody asked for it yet",
      "as claimed while partial; certain when size_verified",
      "",
      "",
      "of its bytes, verified",
      "inline, owned or external (a file of the operator's)",
      "that keep it",
      "",
      "standard (as the services say), public, metered or paid: it is served to peers, by the "
      "strictest of its offers; null: it is not",
      "of an external file; null unless asked over the Unix socket"};
  std::vector<ResultField> out;
  for (std::size_t i = 0; i < std::size(names); ++i)
    out.push_back({std::string(names[i]), kHelp[i]});
  return out;
}

rt::Task<Json> blob_add(Context& context, const Grant&, const Json& params) {
  AddRequest request;
  request.path = text(params, "path");
  request.in_place = flag(params, "in_place");
  request.collection = flag(params, "collection");
  CO_TRY(offer_class, class_named(params));
  request.offer_class = offer_class;
  request.stop = context.stop;
  if (!request.path.is_absolute()) co_return fail(Code::bad_input, "path: wants an absolute path");
  CO_TRY(added, co_await context.node.add(std::move(request)));
  Json out{{"blake3", added.content.hash.hex()},
           {"sha256", or_null(added.sha256)},
           {"size_bytes", added.size_bytes},
           {"files", added.files},
           {"format", format_name(added.content.format)},
           {"ticket", added.ticket.empty() ? Json(nullptr) : Json(added.ticket)}};
  context.events.publish("blob.added", Json{{"blake3", added.content.hash.hex()}}.dump());
  co_return out;
}

rt::Task<Json> blob_get(Context& context, const Grant& grant, const Json& params) {
  CO_TRY(blob, context.node.blob(content(params, "content").hash));
  if (flag(params, "sha256") && blob.info.complete && !blob.info.sha256) {
    CO_TRY(digest, co_await context.node.sha256(blob.info.hash, context.stop));
    blob.info.sha256 = digest;
  }
  co_return blob_json(blob, grant);
}

rt::Task<Json> blob_list(Context& context, const Grant& grant, const Json& params) {
  std::optional<Blake3Hash> after;
  if (has(params, "after")) after = content(params, "after").hash;
  const auto limit = static_cast<std::size_t>(integer(params, "limit", 1000));
  CO_TRY(blobs, context.node.blobs(after, limit));
  Json list = Json::array();
  for (const BlobView& blob : blobs) list.push_back(blob_json(blob, grant));
  const bool more = blobs.size() == limit;
  co_return Json{{"blobs", list}, {"next", more ? Json(blobs.back().info.hash.hex()) : Json()}};
}

rt::Task<Json> blob_pin(Context& context, const Grant&, const Json& params) {
  CO_TRY(offer_class, class_named(params));
  const PinRequest request{content(params, "content"), flag(params, "offer"), offer_class};
  if (offer_class && !request.offer) co_return fail(Code::bad_input, "class: only with offer");
  CO_TRY_OK(context.node.pin(request));
  co_return Json{{"blake3", request.content.hash.hex()}, {"pinned", true}};
}

rt::Task<Json> blob_unpin(Context& context, const Grant&, const Json& params) {
  const PinRequest request{content(params, "content"), flag(params, "offer")};
  CO_TRY_OK(context.node.unpin(request));
  co_return Json{{"blake3", request.content.hash.hex()}, {"pinned", false}};
}

rt::Task<Json> blob_remove(Context& context, const Grant&, const Json& params) {
  const Blake3Hash hash = content(params, "content").hash;
  CO_TRY_OK(context.node.remove(hash, flag(params, "force")));
  context.events.publish("blob.removed", Json{{"blake3", hash.hex()}}.dump());
  co_return Json{{"blake3", hash.hex()}, {"removed", true}};
}

rt::Task<Json> blob_verify(Context& context, const Grant&, const Json& params) {
  store::VerifyOptions options;
  options.repair = flag(params, "repair");
  if (has(params, "content")) options.only = content(params, "content").hash;
  CO_TRY(report, co_await context.node.verify(options, context.stop));
  Json damage = Json::array();
  std::uint64_t left = 0;
  for (const store::Damage& one : report.damage) {
    damage.push_back(
        {{"blake3", one.hash.hex()}, {"damage", one.what}, {"repaired", one.repaired}});
    if (!one.repaired) ++left;
  }
  co_return Json{{"blobs", report.blobs},
                 {"bytes", report.bytes},
                 {"damaged", report.damage.size()},
                 {"damage_left", left},
                 {"damage", damage}};
}

rt::Task<Json> blob_export(Context& context, const Grant&, const Json& params) {
  ExportRequest request;
  request.content = content(params, "content");
  request.path = text(params, "path");
  request.stop = context.stop;
  if (has(params, "fetch")) request.fetch = static_cast<std::uint64_t>(integer(params, "fetch", 0));
  if (!request.path.is_absolute()) co_return fail(Code::bad_input, "path: wants an absolute path");
  CO_TRY(written, co_await context.node.export_content(std::move(request)));
  Json paths = Json::array();
  for (const rt::Path& path : written) paths.push_back(path.string());
  co_return Json{{"paths", paths}};
}

rt::Task<Json> blob_gc(Context& context, const Grant&, const Json& params) {
  store::GcOptions options;
  options.dry_run = flag(params, "dry_run");
  options.min_age_ms = integer(params, "min_age_s", 3600) * 1000;
  CO_TRY(report, co_await context.node.gc(options));
  co_return Json{{"removed_blobs", report.removed_blobs},
                 {"removed_bytes", report.removed_bytes},
                 {"removed_files", report.removed_files},
                 {"kept_blobs", report.kept_blobs},
                 {"dry_run", options.dry_run}};
}

constexpr Param kContent{"content", Type::content, true,
                         "the blob, or s and the hash of a sequence"};

constexpr Param kClass{"class", Type::text, false,
                       "of the offer: public (free, whatever is sold), metered, paid, or standard "
                       "(as the services say); default: standard, or the class it has already"};

constexpr std::int64_t kMaxAgeSeconds = 100ll * 366 * 24 * 3600;

}  // namespace

std::vector<Method> blob_methods() {
  return {
      {.name = "blob.add",
       .scope = Scope::admin,  // it reads any file the node can read
       .changes = true,
       .help = "Adds a file, or a folder as a collection, of the node's machine, and offers it.",
       .params = {{"path", Type::text, true, "absolute"},
                  {"in_place", Type::boolean, false, "refer to the files instead of copying them"},
                  {"collection", Type::boolean, false,
                   "a single file too becomes a one-name collection"},
                  kClass},
       .result = {{"blake3", "of the file, or of the collection's hash sequence"},
                  {"sha256", "of a single file; else null"},
                  {"size_bytes", "of all files"},
                  {"files", ""},
                  {"format", "raw or hash_seq"},
                  {"ticket", "to hand on; null in a build without the swarm"}},
       .errors = {Code::not_found, Code::denied, Code::no_space, Code::io, Code::cancelled},
       .handler = blob_add},
      {.name = "blob.get",
       .scope = Scope::read,
       .help = "What the store knows of one blob.",
       .params =
           {kContent,
            {"sha256", Type::boolean, false,
             "of a complete blob: compute it where it is not known, once, by reading all of it"}},
       .result = blob_fields({"blake3", "sha256", "size_bytes", "size_verified", "complete",
                              "held_bytes", "location", "names", "pinned", "offered", "path"}),
       .errors = {Code::not_found, Code::corrupt, Code::cancelled},
       .handler = blob_get},
      {.name = "blob.list",
       .scope = Scope::read,
       .help = "The blobs in the store, in the order of their hashes.",
       .params = {{"after", Type::hash, false, "the last hash of the page before"},
                  {"limit", Type::integer, false, "default 1000", 1, 10000}},
       .result =
           [] {
             auto fields = blob_fields({"blobs[].blake3", "blobs[].sha256", "blobs[].size_bytes",
                                        "blobs[].size_verified", "blobs[].complete",
                                        "blobs[].held_bytes", "blobs[].location", "blobs[].names",
                                        "blobs[].pinned", "blobs[].offered", "blobs[].path"});
             fields.push_back(
                 {"next", "what to give as `after` for the next page; null at the end"});
             return fields;
           }(),
       .handler = blob_list},
      {.name = "blob.pin",
       .scope = Scope::operate,
       .changes = true,
       .help = "Keeps a blob, or a sequence with its children, from gc.",
       .params = {kContent, {"offer", Type::boolean, false, "also serve it to peers"}, kClass},
       .result = {{"blake3", ""}, {"pinned", "true"}},
       .errors = {Code::not_found, Code::io, Code::no_space},
       .handler = blob_pin},
      {.name = "blob.unpin",
       .scope = Scope::operate,
       .changes = true,
       .help = "Lets it go again.",
       .params = {kContent, {"offer", Type::boolean, false, "also stop serving it"}},
       .result = {{"blake3", ""}, {"pinned", "false"}},
       .errors = {Code::io, Code::no_space},
       .handler = blob_unpin},
      {.name = "blob.remove",
       .scope = Scope::operate,
       .changes = true,
       .help = "Removes a blob from the store; never a file of the operator's.",
       .params = {kContent, {"force", Type::boolean, false, "even when pinned or named"}},
       .result = {{"blake3", ""}, {"removed", "true"}},
       .errors = {Code::not_found, Code::denied, Code::locked, Code::io},
       .handler = blob_remove},
      {.name = "blob.verify",
       .scope = Scope::operate,
       .changes = true,
       .help = "Holds every byte of one blob, or of the whole store, against its hash.",
       .params = {{"content", Type::content, false, "only this one"},
                  {"repair", Type::boolean, false,
                   "drop damaged parts, so that a later fetch brings them again"}},
       .result = {{"blobs", "looked at"},
                  {"bytes", "looked at"},
                  {"damaged", "blobs"},
                  {"damage_left", "of these, not repaired"},
                  {"damage", "blake3, damage (words) and repaired of each"}},
       .errors = {Code::not_found, Code::io, Code::cancelled},
       .handler = blob_verify},
      {.name = "blob.export",
       .scope = Scope::admin,  // it writes where the node can write
       .changes = true,
       .help = "Writes a blob, or the files of a collection, to files of the node's machine, each "
               "whole or not at all. What exists is never replaced.",
       .params = {kContent,
                  {"path", Type::text, true,
                   "absolute: a file for a blob or a one-file collection, a folder for a "
                   "collection"},
                  {"fetch", Type::integer, false,
                   "what this fetch brought is handed over by a rename where it can be, and the "
                   "store refers to it from then on",
                   1, INT64_MAX}},
       .result = {{"paths", "that were written"}},
       .errors = {Code::not_found, Code::denied, Code::corrupt, Code::no_space, Code::io,
                  Code::cancelled},
       .handler = blob_export},
      {.name = "blob.gc",
       .scope = Scope::operate,
       .changes = true,
       .help = "Removes what no name, pin, offer or running fetch keeps.",
       .params = {{"dry_run", Type::boolean, false, "only say what would go"},
                  {"min_age_s", Type::integer, false, "nothing younger goes; default 3600", 0,
                   kMaxAgeSeconds}},
       .result = {{"removed_blobs", ""},
                  {"removed_bytes", ""},
                  {"removed_files", "orphans and temporary files"},
                  {"kept_blobs", ""},
                  {"dry_run", ""}},
       .errors = {Code::io, Code::corrupt},
       .handler = blob_gc},
  };
}

}  // namespace archy::rpc
