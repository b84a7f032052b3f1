// Bearer tokens of the control port: one root secret per start, and narrower tokens made from it.
//
// A narrow token is a chain of caveats, each sealed by HMAC with the seal before it as key. So
// whoever holds one can add caveats, none can take one away, and nothing has to be stored.
// Shape: root: 64 hex digits. narrow: "archy1~scope=read~until=1764000000~<64 hex>".
// Pure: time is an argument.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "base/secret.hpp"
#include "crypto/hmac_sha256.hpp"
#include "rpc/allowances.hpp"
#include "rt/random.hpp"

namespace archy::rpc {

// Each includes those before it.
enum class Scope : unsigned char { read, operate, spend, admin };
std::string_view to_string(Scope scope);
std::optional<Scope> scope_named(std::string_view name);

// What the bearer of a token, or a user of the Unix socket, may do.
struct Grant {
  Scope scope = Scope::read;
  std::optional<std::string> only_method;   // and nothing else
  bool local = false;                       // our own user, on the Unix socket or in this process
  std::optional<std::uint64_t> token = {};  // the id of the one that was shown
  std::optional<std::uint64_t> cap_sats = {};      // what it may spend in all
  std::optional<std::uint64_t> day_cap_sats = {};  // and on one day
  std::string holder = {};  // a name for its holder that no other start gives again

  bool allows(Scope needed) const { return scope >= needed; }
  bool is_capped() const { return cap_sats || day_cap_sats; }
  bool allows_method(std::string_view method) const {
    return !only_method || *only_method == method;
  }
  static Grant own_user() {
    Grant out;
    out.scope = Scope::admin;
    out.local = true;
    return out;
  }
};

// Caveats of a narrow token. Several of a kind: all hold.
struct Caveats {
  std::optional<std::uint64_t> id;           // to revoke it by
  std::optional<Scope> scope;                // at most
  std::optional<std::int64_t> until_unix_s;  // not after
  std::optional<std::string> only_method;
  std::optional<std::uint64_t> cap_sats;  // counted for the token, and all that are made from it
  std::optional<std::uint64_t> day_cap_sats;
};

inline constexpr std::size_t kTokenBytes = 512;
inline constexpr std::size_t kTokenCaveats = 16;
// Tokens one start can issue; a restart ends them all.
inline constexpr std::uint64_t kTokensIssued = 65536;

// Adds caveats to a narrow token: what a holder can do without us.
// Errors: bad_input (not of the shape above, too long).
Result<std::string> narrow(std::string_view token, const Caveats& more);

// Thread: the loop. The root is never printed; reveal_root() is for the token file alone.
class Tokens {
 public:
  explicit Tokens(rt::Random& random);

  std::string reveal_root() const;
  // A token with these caveats and an id of its own.
  // Errors: bad_input (a method name that cannot stand in a token), try_later (too many issued).
  struct Issued {
    std::uint64_t id = 0;
    std::string token;
  };
  Result<Issued> issue(Caveats caveats);
  // False: no such token was made since the start.
  bool revoke(std::uint64_t id);
  // None for everything but a token of ours whose caveats hold now. Takes the same time however
  // nearly right a wrong one is.
  std::optional<Grant> check(std::string_view presented, std::int64_t unix_s) const;
  // What tokens with a cap have spent.
  Allowances& allowances() { return allowances_; }

 private:
  std::optional<Grant> check_narrow(std::string_view presented, std::int64_t unix_s) const;

  Secret<crypto::Mac> root_;
  std::uint64_t next_id_ = 1;
  std::set<std::uint64_t> revoked_;
  Allowances allowances_;
};

}  // namespace archy::rpc
