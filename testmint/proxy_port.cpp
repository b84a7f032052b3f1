#include "testmint/proxy_port.hpp"

namespace archy::testmint {
namespace {

// A mint may wait for Lightning before it answers a melt.
constexpr rt::Duration kPatience = std::chrono::minutes(5);
constexpr std::uint64_t kAnswerBytes = 16u << 20;

}  // namespace

rt::Task<Reply> ProxyPort::execute(const PortRequest& request, const Carriage&) {
  if (request.method != "GET" && request.method != "POST")
    co_return json_reply(405, R"({"detail":"GET or POST"})");
  http::Request forwarded{.url = upstream_ + request.target};
  forwarded.no_progress_timeout = kPatience;
  forwarded.max_body_bytes = kAnswerBytes;
  if (request.method == "POST")
    forwarded.post = http::Post{"application/json", Secret<std::string>(request.body)};
  CO_TRY(response, co_await client_.send(std::move(forwarded), {}));
  Reply out{response->head().status, response->head().header("content-type").value_or(""), {}};
  if (out.content_type.empty()) out.content_type = "application/octet-stream";
  for (;;) {
    CO_TRY(piece, co_await response->read());
    if (piece.empty()) co_return out;
    out.body += as_text(piece);
  }
}

Reply ProxyPort::control(const PortRequest& request, std::string_view name) {
  if (auto faults = control_faults(script_, request, name)) return *faults;
  if (name != "shutdown" || request.method != "POST") return json_reply(404, "{}");
  shut_down_();
  return json_reply(200, "{}");
}

}  // namespace archy::testmint
