#include "rpc/guard.hpp"

#include <algorithm>

#include "base/test_hooks.hpp"
#include "http/token.hpp"

namespace archy::rpc {
namespace {

using test_hooks::planted;

Verdict refuse(int status, std::string_view check, std::string_view text) {
  return {status, check, text, std::nullopt};
}

bool method_fits(const RequestFacts& facts) {
  for (const Route& route : kRoutes) {
    if (route.path == facts.path) return route.method == facts.method;
  }
  return facts.method == "GET" || facts.method == "POST";  // 404 when all else is right
}

bool host_is_ours(const RequestFacts& facts, const GuardPolicy& policy) {
  if (facts.host.size() != 1) return false;
  return std::ranges::any_of(policy.hosts, [&](const std::string& host) {
    return http::equal_nocase(host, facts.host[0]);
  });
}

bool fetch_site_is_ours(const RequestFacts& facts) {
  return std::ranges::all_of(facts.fetch_site, [](std::string_view site) {
    return site == "same-origin" || site == "none";
  });
}

bool origin_is_ours(const RequestFacts& facts) {
  if (facts.origin.empty()) return true;
  constexpr std::string_view kScheme = "http://";
  const std::string_view origin = facts.origin[0];
  // The Host was found to be ours before; the Origin has to be that very one.
  return facts.origin.size() == 1 && facts.host.size() == 1 && origin.starts_with(kScheme) &&
         http::equal_nocase(origin.substr(kScheme.size()), facts.host[0]);
}

std::optional<Grant> bearer(const RequestFacts& facts, const GuardPolicy& policy) {
  constexpr std::string_view kBearer = "bearer ";
  if (facts.authorization.size() != 1 || !policy.tokens) return std::nullopt;
  const std::string_view value = facts.authorization[0];
  if (value.size() < kBearer.size() ||
      !http::equal_nocase(value.substr(0, kBearer.size()), kBearer))
    return std::nullopt;
  return policy.tokens->check(http::trimmed(value.substr(kBearer.size())), policy.unix_s);
}

bool is_json(const RequestFacts& facts) {
  if (facts.content_type.size() != 1) return false;
  std::string_view type = facts.content_type[0];
  const auto semicolon = type.find(';');
  if (!http::equal_nocase(http::trimmed(type.substr(0, semicolon)), "application/json"))
    return false;
  if (semicolon == std::string_view::npos) return true;
  return http::equal_nocase(http::trimmed(type.substr(semicolon + 1)), "charset=utf-8");
}

constexpr Verdict bad_token() {
  return {401, "token", "a bearer token is needed (run/token in the data directory)", std::nullopt};
}

// Who asks: by the socket he came through, or by the token he shows.
Verdict identify(const RequestFacts& facts, const GuardPolicy& policy) {
  if (facts.socket_uid) {
    if (*facts.socket_uid != policy.own_uid)
      return refuse(403, "user", "this socket belongs to another user");
    return {0, {}, {}, Grant::own_user()};
  }
  if (planted("guard_token_before_host") && !bearer(facts, policy)) return bad_token();
  if (!planted("guard_skips_host") && !host_is_ours(facts, policy))
    return refuse(421, "host", "this server does not answer to that name");
  if (!planted("guard_skips_fetch_site") && !fetch_site_is_ours(facts))
    return refuse(403, "fetch_site", "requests of other sites are refused");
  if (!planted("guard_skips_origin") && !origin_is_ours(facts))
    return refuse(403, "origin", "requests of other origins are refused");
  auto grant = bearer(facts, policy);
  if (!grant && planted("guard_skips_token")) {
    grant.emplace();
    grant->scope = Scope::admin;
  }
  if (!grant) return bad_token();
  return {0, {}, {}, std::move(grant)};
}

}  // namespace

Verdict authorize(const RequestFacts& facts, const GuardPolicy& policy) {
  if (!planted("guard_skips_method") && !method_fits(facts))
    return refuse(405, "method", "not with this method");
  Verdict verdict = identify(facts, policy);
  if (!verdict.passed()) return verdict;
  const auto* route = std::ranges::find(kRoutes, facts.path, &Route::path);
  const bool known = route != std::end(kRoutes);
  const bool fits = !known || (verdict.grant->allows(route->scope) &&
                               // One call's token opens neither events nor metrics.
                               (route->method == "POST" || !verdict.grant->only_method));
  if (!planted("guard_skips_scope") && !fits)
    return refuse(403, "scope", "this token does not reach that far");
  if (!planted("guard_skips_size") && facts.content_length.value_or(0) > kBodyBytes)
    return refuse(413, "size", "more than 1 MiB");
  if (!planted("guard_skips_content_type") && facts.method == "POST" && !is_json(facts))
    return refuse(415, "content_type", "Content-Type has to be application/json");
  if (!known) return refuse(404, "path", "there is nothing here");
  return verdict;
}

}  // namespace archy::rpc
