#include "rpc/pages.hpp"

#include <fmt/core.h>

#include "rpc/message.hpp"
#include "rpc/method.hpp"

namespace archy::rpc {
namespace {

constexpr std::string_view kIntro = R"PAGE(# The control API
<!-- Printed from the method table in src/rpc; a test holds it to that. -->

JSON-RPC 2.0 over HTTP/1.1: `POST /rpc/v1` on `127.0.0.1:4920` (`run/ports.json` in the data
directory says where) and on the Unix socket `run/sock`. `archipelago rpc METHOD JSON` calls any
method through the socket, or works on the data directory itself when no node runs.

```sh
archipelago rpc node.info
curl --unix-socket DATA_DIR/run/sock -H 'Content-Type: application/json' \
  -d '{"jsonrpc":"2.0","id":1,"method":"blob.list","params":{"limit":10}}' http://localhost/rpc/v1
curl -H "Authorization: Bearer $(cat DATA_DIR/run/token)" http://127.0.0.1:4920/metrics
```

## Who may call
The Unix socket belongs to the node's own user: mode 0600, the user at its other end is checked, no
token is needed. The port needs a bearer token: `run/token` (mode 0600, new at every start) has scope
`admin`; `token.create` makes lesser ones that end by themselves. `admin` includes `spend` (money),
`spend` includes `operate`, `operate` includes `read`.

Checks on the port, in this order, before a body is read: method (405), `Host` (421),
`Sec-Fetch-Site` and `Origin` (403), token (401), scope (403), size (413: 1 MiB), `Content-Type:
application/json` (415). There are no cookies and no CORS headers, `OPTIONS` is refused, `GET`
changes nothing. A refusal ends the connection.

## Calls
`params` is an object; a parameter that is not in the table is an error. A batch has at most 20
calls, run one after another in order. Nesting deeper than 16 levels, and a key twice in one object,
are refused. Without `id` a call is a notification and is not answered; an answer with nothing in it
is `204`.

A call that takes long (`blob.add`, `blob.verify`, `blob.export`) ends with its connection: what
nobody waits for any more is given up, and nothing half done is left. A fetch goes on until
`fetch.cancel`. What a call of `wallet.*` has begun stays in the book when its connection ends: it is gone
on with by `wallet.go_on`, or by itself.

Errors carry a stable number and `data.code`, the name to switch on. Over the port the message of a
code that tells of our disk or state (`internal io corrupt no_space locked unknown_outcome`) is only
"see the node's log".

)PAGE";

constexpr std::string_view kStreams = R"PAGE(
## Events and metrics
`GET /events` (scope `read`) is a stream of server-sent events: `blob.added`, `blob.removed`,
`fetch.progress`, `fetch.done`, `settings.changed`, `node.stopping`; `data` is one JSON object, `id`
counts every event since the start, so a gap is seen. A listener more than 256 events behind loses
the oldest. `GET /metrics` (scope `read`) is Prometheus text.
)PAGE";

std::string escaped_bar(std::string_view text) {
  std::string out;
  for (const char c : text) out += c == '|' ? std::string("\\|") : std::string(1, c);
  return out;
}

std::string errors_table() {
  std::string out = "| number | `data.code` |\n|---|---|\n";
  for (const CallError& error : {parse_error(""), invalid_request(""), method_not_found()})
    out += fmt::format("| {} | `{}` |\n", error.number, error.code);
  for (int i = 0; i <= static_cast<int>(Code::unknown_outcome); ++i) {
    const auto code = static_cast<Code>(i);
    out += fmt::format("| {} | `{}` |\n", error_number(code), to_string(code));
  }
  return out;
}

std::string section(const Method& method) {
  std::string out =
      fmt::format("\n### {}\nScope `{}`{}. {}\n", method.name, to_string(method.scope),
                  method.changes ? ", changes things" : "", method.help);
  if (!method.params.empty()) {
    out += "\n| parameter | | |\n|---|---|---|\n";
    for (const Param& param : method.params) {
      out += fmt::format("| `{}` | {}{} | {} |\n", param.name, type_text(param),
                         param.required ? ", required" : "", escaped_bar(param.help));
    }
  }
  out += "\n| result | |\n|---|---|\n";
  for (const ResultField& field : method.result)
    out += fmt::format("| `{}` | {} |\n", field.name, escaped_bar(field.help));
  if (!method.errors.empty()) {
    out += "\nErrors:";
    for (const Code code : method.errors) out += fmt::format(" `{}`", to_string(code));
    out += "\n";
  }
  return out;
}

}  // namespace

std::string markdown_page() {
  std::string out(kIntro);
  out += errors_table();
  out += "\n## Methods\n";
  for (const Method& method : methods()) out += section(method);
  return out + std::string(kStreams);
}

}  // namespace archy::rpc
