#include "testmint/fault_port.hpp"

#include <nlohmann/json.hpp>

#include "rt/signal.hpp"

namespace archy::testmint {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kBodyBytes = 4u << 20;
constexpr std::string_view kControl = "/_test/";

// The server cuts such a connection off without another byte.
Error cut_off() { return {Code::cancelled, "dropped by a script"}; }

}  // namespace

Reply json_reply(int status, std::string body) {
  return {status, "application/json", std::move(body)};
}

std::optional<Reply> control_faults(FaultScript& script, const PortRequest& request,
                                    std::string_view name) {
  if (name != "faults") return std::nullopt;
  if (request.method == "POST") {
    if (auto added = script.add(request.body); !added)
      return json_reply(400, Json{{"error", added.error().detail}}.dump());
  } else if (request.method == "DELETE") {
    script.clear();
  } else if (request.method != "GET") {
    return json_reply(405, R"({"error":"GET, POST or DELETE"})");
  }
  return json_reply(200, Json{{"happened", script.happened()}}.dump());
}

rt::Task<> FaultPort::handle(http::ServerExchange& exchange) {
  PortRequest request{exchange.request().method,
                      exchange.request().target,
                      std::string(exchange.request().path()),
                      {}};
  auto body = co_await exchange.read_body(kBodyBytes);
  if (!body) {
    if (body.error().code != Code::no_space) co_return fail(body.error());
    co_return co_await answer(exchange, json_reply(413, "{}"), {});
  }
  request.body = as_text(*body);
  if (request.path.starts_with(kControl)) {
    Reply reply = control_here(request);
    co_return co_await answer(exchange, std::move(reply), {});
  }
  ++arrived_;
  ++under_way_;
  const Carriage carriage = script().take(request.method, request.path);
  auto reply = co_await carry(request, carriage);
  --under_way_;
  if (!reply) co_return fail(reply.error());
  co_return co_await answer(exchange, std::move(*reply), carriage.truncate_at);
}

Reply FaultPort::control_here(const PortRequest& request) {
  const auto name = std::string_view(request.path).substr(kControl.size());
  if (name == "cut" && request.method == "POST") {
    delays_.request_stop();
    delays_ = std::stop_source();
    return json_reply(200, "{}");
  }
  if (name != "requests") return control(request, name);
  return json_reply(
      200, Json{{"arrived", arrived_}, {"executed", executed_}, {"under_way", under_way_}}.dump());
}

// Errors: cancelled: the connection ends without an answer.
rt::Task<Reply> FaultPort::carry(const PortRequest& request, const Carriage& carriage) {
  CO_TRY_OK(co_await pause(carriage.delay_before_ms));
  if (carriage.drop_before) co_return fail(cut_off());
  if (carriage.answer_before)
    co_return Reply{*carriage.answer_before, "text/html", fault_page(*carriage.answer_before)};
  if (carriage.duplicate) CO_TRY_OK(co_await execute(request, carriage));
  auto reply = co_await execute(request, carriage);
  ++executed_;
  CO_TRY_OK(co_await pause(carriage.delay_after_ms));
  if (!reply || carriage.drop_after) co_return fail(cut_off());
  if (carriage.answer_after)
    co_return Reply{*carriage.answer_after, "text/html", fault_page(*carriage.answer_after)};
  co_return std::move(*reply);
}

// Whether or not the client still waits: a request that has arrived is executed.
rt::Task<> FaultPort::pause(std::int64_t ms) {
  if (ms <= 0) co_return Result<>{};
  const auto until = clock_.now() + std::chrono::milliseconds(ms);
  co_return co_await rt::sleep_until(executor_, clock_, until, delays_.get_token());
}

rt::Task<> FaultPort::answer(http::ServerExchange& exchange, Reply reply,
                             std::optional<std::size_t> truncate_at) {
  http::ServerResponse head;
  head.status = reply.status;
  head.headers = {{"Content-Type", reply.content_type}, {"Cache-Control", "no-store"}};
  head.close = !options_.keep_alive;
  if (!truncate_at || *truncate_at >= reply.body.size())
    co_return co_await exchange.send(std::move(head), reply.body);
  CO_TRY_OK(co_await exchange.begin(std::move(head), reply.body.size()));
  CO_TRY_OK(co_await exchange.write(as_bytes(reply.body).first(*truncate_at)));
  co_return fail(cut_off());
}

}  // namespace archy::testmint
