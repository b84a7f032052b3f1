#include "blobs/provider_session.hpp"

#include <algorithm>

#include "base/limits.hpp"
#include "base/log.hpp"
#include "blobs/answer.hpp"
#include "blobs/observe_answer.hpp"
#include "blobs/stream_deadline.hpp"
#include "wire/id_text.hpp"

namespace archy::blobs {
namespace {

// A finished answer with less than this still on its way gives its slot to the next request at
// once, so that many small requests are not served one round trip at a time.
constexpr std::uint64_t kTailBytes = 64u << 10;

std::uint64_t wire_code(Verdict verdict) {
  switch (verdict) {
    case Verdict::deny:
      return static_cast<std::uint64_t>(ResetCode::permission);
    case Verdict::limit:
      return static_cast<std::uint64_t>(ResetCode::limit);
    case Verdict::hide:
    case Verdict::allow:
      break;
  }
  return static_cast<std::uint64_t>(ResetCode::internal);
}

}  // namespace

ProviderSession::ProviderSession(Provider& provider, std::shared_ptr<quic::Connection> connection,
                                 std::shared_ptr<PeerSlots> slots)
    : provider_(provider),
      connection_(std::move(connection)),
      slots_(std::move(slots)),
      scope_(provider.env_.executor) {}

boost::asio::awaitable<void> ProviderSession::run() {
  for (;;) {
    auto stream = co_await connection_->accept_bi();
    if (!stream) break;
    // Nothing of a stream is read before it has a slot: further requests wait in the transport.
    while (slots_->requests >= limits::kRequestsAtOnce && !connection_->closed()) {
      (void)co_await slots_->freed.wait(provider_.env_.clock);
    }
    scope_.start(handle(std::move(*stream), SlotHold(slots_, &PeerSlots::requests)));
  }
  co_await scope_.close(provider_.env_.clock);
}

rt::Task<Request> ProviderSession::read_request(quic::Stream& stream) {
  rt::Clock& clock = provider_.env_.clock;
  const rt::Instant begun = clock.now();
  StreamDeadline deadline(clock, [&stream] { stream.stop(0); });
  deadline.set(begun +
               std::min(provider_.config_.first_byte_limit, provider_.config_.request_limit));
  CO_TRY(first, co_await stream.fill(1));
  if (first == 0) co_return fail(Code::bad_input, "empty request");
  const std::uint8_t type_byte = stream.buffered()[0];
  if (type_byte == static_cast<std::uint8_t>(RequestKind::push)) {
    co_return fail(Code::denied, "push");
  }
  CO_TRY_OK(request_kind(type_byte));
  deadline.set(begun + provider_.config_.request_limit);
  for (std::size_t held = first;;) {
    if (held > limits::kRequestBytes + 1) co_return fail(Code::bad_input, "request above 1 MiB");
    CO_TRY(now, co_await stream.fill(held + 1));
    if (now <= held) break;
    held = now;
  }
  auto request = decode_request(stream.buffered());
  stream.consume(stream.buffered().size());
  co_return request;
}

boost::asio::awaitable<void> ProviderSession::handle(std::shared_ptr<quic::Stream> stream,
                                                     SlotHold slot) {
  auto request = co_await read_request(*stream);
  if (!request && request.error().code == Code::denied) {
    ++provider_.counters_.push;
    ++provider_.counters_.refused;
    stream->reset(static_cast<std::uint64_t>(ResetCode::permission));
    stream->stop(0);
    co_return;
  }
  if (!request) {
    // Both halves are dropped, as iroh does: a clean end without a byte, and nothing more is read.
    ++provider_.counters_.malformed;
    log::debug("blobs", "bad request of {}: {}", wire::short_id(connection_->peer()),
               to_string(request.error()));
    stream->finish();
    stream->stop(0);
    co_return;
  }
  if (auto* observe = std::get_if<ObserveRequest>(&*request)) {
    slot.release();
    ObserveRequest asked = std::move(*observe);
    co_await answer_observe(std::move(stream), std::move(asked));
    co_return;
  }
  Request asked = std::move(*request);
  co_await answer_data(std::move(stream), std::move(asked), std::move(slot));
}

boost::asio::awaitable<void> ProviderSession::answer_data(std::shared_ptr<quic::Stream> stream,
                                                          Request request, SlotHold slot) {
  const rt::Instant begun = provider_.env_.clock.now();
  RequestReport outcome;
  outcome.request.peer = connection_->peer();
  outcome.request.serial = provider_.next_serial_++;
  outcome.request.from = connection_->remote_address();
  Answer answer({provider_.env_, provider_.store_, provider_.admission_, provider_.counters_,
                 provider_.config_.stall_limit},
                *stream, outcome);
  Result<> sent;
  if (auto* many = std::get_if<GetManyRequest>(&request)) {
    count(RequestKind::get_many);
    outcome.request.kind = RequestKind::get_many;
    sent = co_await answer.get_many(*many);
  } else if (auto* get = std::get_if<GetRequest>(&request)) {
    count(RequestKind::get);
    outcome.request.hash = get->hash;
    sent = co_await answer.get(*get);
  }
  provider_.admission_.on_end(outcome.request);
  if (sent) {
    stream->finish();
  } else {
    outcome.reset_code = wire_code(answer.refusal());
    ++provider_.counters_.refused;
    log::debug("blobs", "request of {} ended with code {}: {}",
               wire::short_id(outcome.request.peer), *outcome.reset_code, to_string(sent.error()));
    stream->reset(*outcome.reset_code);
  }
  if (stream->acked_bytes() + kTailBytes >= outcome.encoded_bytes) slot.release();
  StreamDeadline stall(provider_.env_.clock,
                       [&stream] { stream->reset(static_cast<std::uint64_t>(ResetCode::limit)); });
  stall.set_in(provider_.config_.stall_limit);
  (void)co_await stream->drained();
  answer.count_acked();
  report(std::move(outcome), begun);
}

boost::asio::awaitable<void> ProviderSession::answer_observe(std::shared_ptr<quic::Stream> stream,
                                                             ObserveRequest request) {
  count(RequestKind::observe);
  if (slots_->observes >= limits::kObservesAtOnce) {
    ++provider_.counters_.refused;
    stream->reset(static_cast<std::uint64_t>(ResetCode::limit));
    co_return;
  }
  const SlotHold slot(slots_, &PeerSlots::observes);
  const rt::Instant begun = provider_.env_.clock.now();
  RequestReport outcome;
  outcome.request = {connection_->peer(), request.hash, RequestKind::observe,
                     provider_.next_serial_++, connection_->remote_address()};
  ObserveAnswer answer(
      {provider_.env_, provider_.store_, provider_.admission_, provider_.config_.observe_poll},
      *connection_, *stream, outcome.request);
  const Verdict verdict = co_await answer.run();
  if (verdict == Verdict::allow) {
    stream->finish();
  } else {
    outcome.reset_code = wire_code(verdict);
    ++provider_.counters_.refused;
    stream->reset(*outcome.reset_code);
  }
  report(std::move(outcome), begun);
}

void ProviderSession::count(RequestKind kind) {
  ProviderCounters& counters = provider_.counters_;
  if (kind == RequestKind::get) ++counters.get;
  if (kind == RequestKind::get_many) ++counters.get_many;
  if (kind == RequestKind::observe) ++counters.observe;
}

void ProviderSession::report(RequestReport outcome, rt::Instant begun) {
  outcome.duration = provider_.env_.clock.now() - begun;
  if (provider_.on_request_end) provider_.on_request_end(outcome);
}

}  // namespace archy::blobs
