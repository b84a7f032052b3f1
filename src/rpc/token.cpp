#include "rpc/token.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>

#include "base/hex.hpp"
#include "base/test_hooks.hpp"

namespace archy::rpc {
namespace {

constexpr std::string_view kVersion = "archy1";
constexpr std::string_view kNames[] = {"read", "operate", "spend", "admin"};

std::vector<std::string_view> split(std::string_view text) {
  std::vector<std::string_view> out;
  for (;;) {
    const auto at = text.find('~');
    out.push_back(text.substr(0, at));
    if (at == std::string_view::npos || out.size() > kTokenCaveats + 2) return out;
    text.remove_prefix(at + 1);
  }
}

template <class T>
std::optional<T> number(std::string_view text) {
  T out{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (error != std::errc() || end != text.data() + text.size() || text.empty()) return std::nullopt;
  return out;
}

bool is_method_name(std::string_view text) {
  return !text.empty() && text.size() <= 64 && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || c == '.' || c == '_';
  });
}

Result<std::vector<std::string>> texts(const Caveats& caveats) {
  std::vector<std::string> out;
  if (caveats.id) out.push_back(fmt::format("id={}", *caveats.id));
  if (caveats.scope) out.push_back(fmt::format("scope={}", to_string(*caveats.scope)));
  if (caveats.until_unix_s) out.push_back(fmt::format("until={}", *caveats.until_unix_s));
  if (caveats.only_method) {
    if (!is_method_name(*caveats.only_method))
      return fail(Code::bad_input, "not the name of a method");
    out.push_back("method=" + *caveats.only_method);
  }
  if (caveats.cap_sats) out.push_back(fmt::format("cap={}", *caveats.cap_sats));
  if (caveats.day_cap_sats) out.push_back(fmt::format("daycap={}", *caveats.day_cap_sats));
  return out;
}

// The token with `more` sealed behind what it says already. Requires: seal is the last of `head`.
std::string sealed(std::string head, crypto::Mac seal, const std::vector<std::string>& more) {
  for (const std::string& caveat : more) {
    seal = crypto::hmac_sha256(seal, as_bytes(caveat));
    head += "~" + caveat;
  }
  return head + "~" + to_hex(seal);
}

// False: the caveat does not hold, or is one we do not know (then it was meant to forbid
// something).
bool apply(std::string_view caveat, std::int64_t unix_s, const std::set<std::uint64_t>& revoked,
           Grant& grant) {
  const auto equals = caveat.find('=');
  if (equals == std::string_view::npos) return false;
  const std::string_view name = caveat.substr(0, equals);
  const std::string_view value = caveat.substr(equals + 1);
  if (name == "id") {
    const auto id = number<std::uint64_t>(value);
    grant.token = id;
    return id && !revoked.contains(*id);
  }
  if (name == "scope") {
    const auto scope = scope_named(value);
    if (scope) grant.scope = std::min(grant.scope, *scope);
    return scope.has_value();
  }
  if (name == "until") {
    const auto until = number<std::int64_t>(value);
    return until && unix_s <= *until;
  }
  if (name == "cap") {
    const auto cap = number<std::uint64_t>(value);
    if (cap) grant.cap_sats = std::min(grant.cap_sats.value_or(*cap), *cap);
    return cap && grant.token;
  }
  if (name == "daycap") {
    const auto cap = number<std::uint64_t>(value);
    if (cap) grant.day_cap_sats = std::min(grant.day_cap_sats.value_or(*cap), *cap);
    return cap && grant.token;
  }
  if (name == "method") {
    if (grant.only_method && *grant.only_method != value) return false;
    grant.only_method = std::string(value);
    return is_method_name(value);
  }
  return false;
}

}  // namespace

std::string_view to_string(Scope scope) { return kNames[static_cast<std::size_t>(scope)]; }

std::optional<Scope> scope_named(std::string_view name) {
  for (std::size_t i = 0; i < std::size(kNames); ++i) {
    if (kNames[i] == name) return static_cast<Scope>(i);
  }
  return std::nullopt;
}

Result<std::string> narrow(std::string_view token, const Caveats& more) {
  if (token.size() > kTokenBytes) return fail(Code::bad_input, "token too long");
  const auto parts = split(token);
  if (parts.size() < 3 || parts.front() != kVersion)
    return fail(Code::bad_input, "not a token that can be narrowed");
  crypto::Mac seal{};
  TRY_OK(from_hex_into(parts.back(), seal));
  TRY(caveats, texts(more));
  std::string out = sealed(std::string(token.substr(0, token.rfind('~'))), seal, caveats);
  if (out.size() > kTokenBytes || parts.size() - 2 + caveats.size() > kTokenCaveats)
    return fail(Code::bad_input, "token too long");
  return out;
}

Tokens::Tokens(rt::Random& random)
    : root_([&] {
        crypto::Mac fresh{};
        random.fill(fresh);
        return fresh;
      }()) {}

std::string Tokens::reveal_root() const { return to_hex(root_.reveal()); }

Result<Tokens::Issued> Tokens::issue(Caveats caveats) {
  if (next_id_ > kTokensIssued)
    return fail(Code::try_later, "too many tokens since the start; a restart ends them all");
  Issued out;
  out.id = next_id_;
  caveats.id = out.id;
  TRY(words, texts(caveats));
  ++next_id_;
  const crypto::Mac first = crypto::hmac_sha256(root_.reveal(), as_bytes(kVersion));
  out.token = sealed(std::string(kVersion), first, words);
  return out;
}

bool Tokens::revoke(std::uint64_t id) {
  if (id == 0 || id >= next_id_) return false;
  revoked_.insert(id);
  return true;
}

std::optional<Grant> Tokens::check(std::string_view presented, std::int64_t unix_s) const {
  if (presented.starts_with(kVersion)) return check_narrow(presented, unix_s);
  const std::string root = to_hex(root_.reveal());
  if (!crypto::equal_in_constant_time(as_bytes(presented), as_bytes(root))) return std::nullopt;
  Grant grant;
  grant.scope = Scope::admin;
  return grant;
}

std::optional<Grant> Tokens::check_narrow(std::string_view presented, std::int64_t unix_s) const {
  if (presented.size() > kTokenBytes) return std::nullopt;
  const auto parts = split(presented);
  if (parts.size() < 3 || parts.size() - 2 > kTokenCaveats || parts.front() != kVersion)
    return std::nullopt;
  crypto::Mac seal = crypto::hmac_sha256(root_.reveal(), as_bytes(kVersion));
  for (std::size_t i = 1; i + 1 < parts.size(); ++i)
    seal = crypto::hmac_sha256(seal, as_bytes(parts[i]));
  const bool ours = crypto::equal_in_constant_time(as_bytes(parts.back()), as_bytes(to_hex(seal)));
  if (!ours && !test_hooks::planted("token_seal_unchecked")) return std::nullopt;
  Grant grant;
  grant.scope = Scope::admin;
  for (std::size_t i = 1; i + 1 < parts.size(); ++i) {
    if (!apply(parts[i], unix_s, revoked_, grant)) return std::nullopt;
  }
  if (grant.token) {
    const std::string holder = fmt::format("holder of {}", *grant.token);
    grant.holder = to_hex(crypto::hmac_sha256(root_.reveal(), as_bytes(holder))).substr(0, 16);
  }
  return grant;
}

}  // namespace archy::rpc
