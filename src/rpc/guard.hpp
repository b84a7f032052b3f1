// Which request on the control port is looked at at all. Pure: facts of a head in, verdict out.
//
// Order of checks, the same for every path, before routing and before a byte of the body is read:
//   1 method, 2 Host, 3 Sec-Fetch-Site, 4 Origin, 5 token, 6 scope, 7 size, 8 content type.
// A web page in the operator's browser fails at 2 (rebinding), 3 or 4; another user of this machine
// at 5. On the Unix socket 2 to 5 are replaced by the user at its other end.
// There are no cookies, no CORS, no OPTIONS, and GET changes nothing.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rpc/token.hpp"

namespace archy::rpc {

// Views into the request. Each header with all its values: one that comes twice is two claims.
struct RequestFacts {
  std::string_view method;
  std::string_view path;
  std::vector<std::string_view> host;
  std::vector<std::string_view> fetch_site;
  std::vector<std::string_view> origin;
  std::vector<std::string_view> authorization;
  std::vector<std::string_view> content_type;
  std::optional<std::uint64_t> content_length;  // none: chunked, or no body
  std::optional<std::uint32_t> socket_uid;      // on the Unix socket
};

struct GuardPolicy {
  std::vector<std::string> hosts;  // name:port, lower case; http://<host> is our Origin
  std::uint32_t own_uid = 0;
  const Tokens* tokens = nullptr;
  std::int64_t unix_s = 0;
};

// Units: bytes.
inline constexpr std::size_t kBodyBytes = 1u << 20;

struct Verdict {
  int status = 0;              // 0: go on; else what it is answered with
  std::string_view check;      // which check refused it
  std::string_view text;       // for the one who asks: nothing of the request is repeated
  std::optional<Grant> grant;  // status 0 only

  bool passed() const { return status == 0; }
};

// What can be asked for, and how.
struct Route {
  std::string_view path;
  std::string_view method;
  Scope scope = Scope::read;  // at least; a call's own scope is judged when it is known
};
inline constexpr Route kRoutes[] = {
    {"/rpc/v1", "POST", Scope::read},
    {"/events", "GET", Scope::read},
    {"/metrics", "GET", Scope::read},
};

Verdict authorize(const RequestFacts& facts, const GuardPolicy& policy);

}  // namespace archy::rpc
