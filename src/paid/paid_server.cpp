#include "paid/paid_server.hpp"

#include <algorithm>

#include "base/log.hpp"
#include "blobs/stream_deadline.hpp"
#include "paid/address_prefix.hpp"
#include "wire/id_text.hpp"

namespace archy::paid {
namespace {

using streaming::GateAnswer;
using streaming::GateVerdict;

// An answer that nobody reads is given up.
constexpr auto kStallLimit = std::chrono::seconds(10);

PaymentRequired required_of(GateAnswer answer, std::int64_t now_ms) {
  streaming::Quote& quote = *answer.quote;
  PaymentRequired out;
  out.price_sats = quote.price.value();
  out.accepted_mints = std::move(quote.accepted_mints);
  out.quote = std::move(quote.id);
  const std::int64_t left_ms =
      std::clamp<std::int64_t>(quote.expires_ms - now_ms, 0, streaming::kQuoteMs);
  out.expires_in_s = static_cast<std::uint64_t>(left_ms / 1000);
  out.terms = quote.terms;
  out.receipt = std::move(answer.receipt);
  return out;
}

}  // namespace

PaidAnswer answer_of(GateAnswer answer, std::int64_t now_ms) {
  switch (answer.verdict) {
    case GateVerdict::allowed:
      return Granted{};
    case GateVerdict::paid_and_allowed:
      return Granted{std::move(answer.receipt)};
    case GateVerdict::payment_required:
    case GateVerdict::insufficient:
      if (answer.quote) return required_of(std::move(answer), now_ms);
      return Denied{std::move(answer.reason)};
    case GateVerdict::failed:
      return Denied{std::move(answer.reason)};
    case GateVerdict::unavailable:
      break;
  }
  return Denied{"try later", true};
}

PaidServer::PaidServer(const rt::Env& env, Catalog& catalog, Till& till, FrameLimits limits)
    : env_(env), catalog_(catalog), till_(till), limits_(limits) {}

std::shared_ptr<PaidServer::Slots> PaidServer::slots_of(const EndpointId& peer) {
  std::erase_if(slots_, [](const auto& entry) { return entry.second.expired(); });
  auto& slot = slots_[peer];
  auto held = slot.lock();
  if (!held) slot = held = std::make_shared<Slots>(env_.executor);
  return held;
}

boost::asio::awaitable<void> PaidServer::serve(std::shared_ptr<quic::Connection> connection,
                                               std::stop_token stop) {
  const auto slots = slots_of(connection->peer());
  std::stop_callback on_stop(stop, [&connection] { connection->close(0, ""); });
  rt::Scope scope(env_.executor);
  for (;;) {
    auto accepted = co_await connection->accept_bi();
    if (!accepted) break;
    while (slots->taken >= kQuestionsAtOnce && !connection->closed())
      (void)co_await slots->freed.wait(env_.clock);
    ++slots->taken;
    std::shared_ptr<quic::Stream> stream = std::move(*accepted);
    Who who{connection->peer(), prefix_of(connection->remote_address())};
    scope.start(handle(std::move(stream), std::move(who), slots, scope.stop_token()));
  }
  co_await scope.close(env_.clock);
}

boost::asio::awaitable<void> PaidServer::handle(std::shared_ptr<quic::Stream> stream, Who who,
                                                std::shared_ptr<Slots> slots,
                                                std::stop_token stop) {
  auto answer = co_await answer_to(stream, std::move(who), std::move(stop));
  --slots->taken;
  slots->freed.notify();
  if (!answer) {
    stream->finish();
    stream->stop(0);
    co_return;
  }
  blobs::StreamDeadline stall(env_.clock, [&stream] { stream->reset(0); });
  stall.set_in(kStallLimit);
  Secret<std::string> json(std::move(*answer));
  auto written = co_await write_frame(*stream, std::move(json));
  if (written) (void)co_await stream->drained();
}

boost::asio::awaitable<std::optional<std::string>> PaidServer::answer_to(
    std::shared_ptr<quic::Stream> stream, Who who, std::stop_token stop) {
  auto frame = co_await read_frame(env_.clock, *stream, limits_, stop);
  auto request = frame ? parse_request(frame->reveal()) : Result<PaidRequest>(fail(frame.error()));
  if (!request) {
    log::debug("paid", "no question of {}: {}", wire::short_id(who.peer),
               to_string(request.error()));
    co_return std::nullopt;
  }
  const bool extras = request->version.has_value();
  PaidRequest asked = std::move(*request);
  const PaidAnswer answer = co_await decide(std::move(who), std::move(asked), std::move(stop));
  co_return to_json(answer, extras);
}

boost::asio::awaitable<PaidAnswer> PaidServer::decide(Who who, PaidRequest request,
                                                      std::stop_token stop) {
  const auto entry = catalog_.find(request.want);
  if (!entry) {
    log::warn("paid", "{} cannot be looked up: {}", request.want.hex(), to_string(entry.error()));
    co_return Denied{"try later", true};
  }
  if (!*entry) co_return Denied{"not found"};
  const CatalogEntry& found = **entry;
  if (found.klass == streaming::ContentClass::public_) co_return Granted{};
  streaming::Want want{who.peer,    found.service, request.want,
                       found.klass, found.size,    std::move(who.prefix)};
  if (request.bytes) want.size = std::min(found.size, *request.bytes);
  streaming::GateAnswer answer =
      co_await till_.ask(std::move(want), std::move(request.token), std::move(stop));
  co_return answer_of(std::move(answer), env_.clock.unix_ms());
}

}  // namespace archy::paid
