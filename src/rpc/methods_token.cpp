// token.*: credentials that reach less far than the one in run/token.
#include <nlohmann/json.hpp>

#include "rpc/method.hpp"
#include "rpc/wallet_json.hpp"

namespace archy::rpc {
namespace {

std::unexpected<Error> no_tokens() {
  return fail(Code::unsupported, "no node runs here that a token would be for");
}

rt::Task<Json> token_create(Context& context, const Grant&, const Json& params) {
  if (!context.tokens) co_return no_tokens();
  const auto scope = scope_named(text(params, "scope"));
  if (!scope) co_return fail(Code::bad_input, "scope: wants read, operate, spend or admin");
  Caveats caveats;
  caveats.scope = scope;
  const std::int64_t lives_s = integer(params, "lives_s", 3600);
  caveats.until_unix_s = context.clock.unix_ms() / 1000 + lives_s;
  if (has(params, "method")) {
    caveats.only_method = text(params, "method");
    if (!find_method(*caveats.only_method))
      co_return fail(Code::bad_input, "method: no such method");
  }
  const std::pair<const char*, std::optional<std::uint64_t>*> caps[] = {
      {"cap_sats", &caveats.cap_sats}, {"day_cap_sats", &caveats.day_cap_sats}};
  for (const auto& [name, cap] : caps) {
    if (!has(params, name)) continue;
    // Whoever may see the words may have it all.
    if (*scope != Scope::spend)
      co_return fail(Code::bad_input,
                     std::string(name) + ": only a token of scope spend has a cap");
    *cap = static_cast<std::uint64_t>(integer(params, name, 0));
  }
  CO_TRY(issued, context.tokens->issue(caveats));
  co_return Json{
      {"id", issued.id},
      {"token", issued.token},
      {"until_unix_s", *caveats.until_unix_s},
      {"cap_sats", caveats.cap_sats ? Json(*caveats.cap_sats) : Json(nullptr)},
      {"day_cap_sats", caveats.day_cap_sats ? Json(*caveats.day_cap_sats) : Json(nullptr)}};
}

rt::Task<Json> token_revoke(Context& context, const Grant&, const Json& params) {
  if (!context.tokens) co_return no_tokens();
  const auto id = static_cast<std::uint64_t>(integer(params, "id", 0));
  if (!context.tokens->revoke(id)) co_return fail(Code::not_found, "no token of that number");
  co_return Json{{"id", id}, {"revoked", true}};
}

}  // namespace

std::vector<Method> token_methods() {
  return {
      {.name = "token.create",
       .scope = Scope::admin,
       .changes = true,
       .help = "Makes a token of a lesser scope. It ends by itself, at the latest with the node; "
               "whoever holds it can narrow it further, never widen it.",
       .params = {{"scope", Type::text, true, "read, operate, spend or admin", 0, 16},
                  {"lives_s", Type::integer, false, "default 3600", 1, std::int64_t{30} * 86400},
                  {"method", Type::text, false, "only this method", 0, 64},
                  {"cap_sats", Type::integer, false,
                   "of scope spend: what it may spend in all, fees counted; it and every one "
                   "narrowed from it together",
                   0, kMostSats},
                  {"day_cap_sats", Type::integer, false,
                   "the same for one day (UTC); both hold where both are given", 0, kMostSats}},
       .result = {{"id", "to revoke it by"},
                  {"token", ""},
                  {"until_unix_s", ""},
                  {"cap_sats", "or null"},
                  {"day_cap_sats", "or null"}},
       .errors = {Code::try_later, Code::unsupported},
       .handler = token_create},
      {.name = "token.revoke",
       .scope = Scope::admin,
       .changes = true,
       .help = "Ends a token, and every one narrowed from it, at once.",
       .params = {{"id", Type::integer, true, "as token.create gave it", 1, INT64_MAX}},
       .result = {{"id", ""}, {"revoked", "true"}},
       .errors = {Code::not_found, Code::unsupported},
       .handler = token_revoke},
  };
}

}  // namespace archy::rpc
