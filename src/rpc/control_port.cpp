#include "rpc/control_port.hpp"

#include <fmt/core.h>
#include <unistd.h>

#include <charconv>

#include "base/log.hpp"
#include "rpc/metrics.hpp"
#include "rt/signal.hpp"

namespace archy::rpc {
namespace {

http::ServerResponse head(int status, std::string_view type) {
  http::ServerResponse out;
  out.status = status;
  out.headers = {{"Content-Type", std::string(type)},
                 {"Cache-Control", "no-store"},
                 {"X-Content-Type-Options", "nosniff"},
                 {"Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"},
                 {"Cross-Origin-Resource-Policy", "same-origin"},
                 {"Referrer-Policy", "no-referrer"}};
  return out;
}

RequestFacts facts_of(const http::ServerRequest& request) {
  RequestFacts facts;
  facts.method = request.method;
  facts.path = request.path();
  for (const auto& [name, value] : request.headers) {
    if (name == "host") facts.host.emplace_back(value);
    if (name == "sec-fetch-site") facts.fetch_site.emplace_back(value);
    if (name == "origin") facts.origin.emplace_back(value);
    if (name == "authorization") facts.authorization.emplace_back(value);
    if (name == "content-type") facts.content_type.emplace_back(value);
    if (name == "content-length") {
      std::uint64_t length = UINT64_MAX;  // one that is too long a number is too long a body
      std::from_chars(value.data(), value.data() + value.size(), length);
      facts.content_length = length;
    }
  }
  facts.socket_uid = request.peer.uid;
  return facts;
}

std::string event_text(const Event& event) {
  return fmt::format("id: {}\nevent: {}\ndata: {}\n\n", event.number, event.name, event.data);
}

}  // namespace

ControlPort::ControlPort(Context context, rt::Executor executor, ControlOptions options)
    : context_(context), executor_(std::move(executor)), options_(options), dispatcher_(context) {
  policy_.own_uid = ::getuid();
  policy_.tokens = context_.tokens;
}

void ControlPort::set_hosts(std::uint16_t port, const std::vector<std::string>& further) {
  policy_.hosts = further;
  for (const char* name : {"127.0.0.1", "localhost", "[::1]"})
    policy_.hosts.push_back(fmt::format("{}:{}", name, port));
}

rt::Task<> ControlPort::handle(http::ServerExchange& exchange) {
  policy_.unix_s = context_.clock.unix_ms() / 1000;
  const RequestFacts facts = facts_of(exchange.request());
  const Verdict verdict = authorize(facts, policy_);
  if (!verdict.passed()) co_return co_await refuse(exchange, verdict);
  ++counts_.served;
  if (facts.path == "/events") co_return co_await events(exchange);
  if (facts.path == "/metrics") co_return co_await metrics(exchange);
  co_return co_await call(exchange, *verdict.grant);
}

rt::Task<> ControlPort::refuse(http::ServerExchange& exchange, const Verdict& verdict) {
  ++counts_.refused[verdict.check];
  log::debug("rpc", "refused: {}", verdict.check);
  http::ServerResponse response = head(verdict.status, "application/json");
  if (verdict.status == 401) {
    response.headers.emplace_back("WWW-Authenticate", "Bearer");
    const rt::Instant until = context_.clock.now() + options_.wrong_token_delay;
    auto waited = co_await rt::sleep_until(executor_, context_.clock, until, exchange.stop_token());
    if (!waited) co_return fail(waited.error());
  }
  // Nothing more of a client that was refused: what follows is looked at on another connection.
  response.close = true;
  const std::string body =
      fmt::format("{{\"error\":\"{}\",\"message\":\"{}\"}}\n", verdict.check, verdict.text);
  co_return co_await exchange.send(std::move(response), body);
}

rt::Task<> ControlPort::call(http::ServerExchange& exchange, Grant grant) {
  auto body = co_await exchange.read_body(kBodyBytes);
  if (!body) {
    if (body.error().code != Code::no_space) co_return fail(body.error());
    const Verdict too_long{413, "size", "more than 1 MiB", std::nullopt};
    co_return co_await refuse(exchange, too_long);
  }
  const std::string answer =
      co_await dispatcher_.answer(as_text(*body), std::move(grant), exchange.stop_token());
  http::ServerResponse response = head(answer.empty() ? 204 : 200, "application/json");
  co_return co_await exchange.send(std::move(response), answer);
}

rt::Task<> ControlPort::events(http::ServerExchange& exchange) {
  auto listener = context_.events.listen();
  if (!listener) {
    const Verdict full{503, "listeners", "too many listen already", std::nullopt};
    co_return co_await refuse(exchange, full);
  }
  const std::stop_token stop = exchange.stop_token();
  const std::stop_callback wake(stop, [&listener] { listener->wake(); });
  http::ServerResponse response = head(200, "text/event-stream");
  CO_TRY_OK(co_await exchange.begin(std::move(response), std::nullopt));
  const std::string hello = ": events of archipelago\n\n";
  CO_TRY_OK(co_await exchange.write(as_bytes(hello)));
  while (!stop.stop_requested()) {
    std::string text;
    while (!listener->empty() && text.size() < 64u << 10) text += event_text(listener->take());
    if (text.empty()) {
      const rt::Instant until = context_.clock.now() + options_.keep_alive;
      auto woken = co_await listener->wait(context_.clock, until);
      if (woken) continue;
      text = ": still here\n\n";
    }
    CO_TRY_OK(co_await exchange.write(as_bytes(text)));
  }
  co_return co_await exchange.finish();
}

rt::Task<> ControlPort::metrics(http::ServerExchange& exchange) {
  const std::string text =
      metrics_text(context_.node, context_.events, dispatcher_, counts_, options_.content);
  http::ServerResponse response = head(200, "text/plain; version=0.0.4; charset=utf-8");
  co_return co_await exchange.send(std::move(response), text);
}

}  // namespace archy::rpc
