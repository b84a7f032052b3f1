#include "blobs/answer_reader.hpp"

namespace archy::blobs {
namespace {

// Bytes handed to the sink at once: the transport's window opens in such steps.
constexpr std::size_t kBatchBytes = 1u << 20;
// A peer that has sent everything but not its FIN is not waited for longer.
constexpr rt::Duration kEndLimit = std::chrono::seconds(1);

// A provider refuses whole connections with the same codes as requests.
Error explain_close(const quic::Connection& connection, const Error& error) {
  const auto& closed = connection.closed();
  if (!closed || !closed->application || closed->by != quic::CloseInfo::By::peer) return error;
  if (closed->code == static_cast<std::uint64_t>(ResetCode::permission)) {
    return {Code::denied, "the peer refuses the connection"};
  }
  if (closed->code == static_cast<std::uint64_t>(ResetCode::limit)) {
    return {Code::try_later, "the peer is busy"};
  }
  return error;
}

}  // namespace

AnswerReader::AnswerReader(std::shared_ptr<quic::Connection> connection,
                           std::shared_ptr<quic::Stream> stream, GetOptions options)
    : options_(std::move(options)),
      connection_(std::move(connection)),
      stream_(std::move(stream)),
      deadline_(
          options_.clock,
          [this] {
            stream_->stop(0);
            stream_->reset(0);
          },
          options_.stop) {}

AnswerReader::~AnswerReader() {
  if (!ended_) stream_->stop(0);
}

rt::Task<std::unique_ptr<AnswerReader>> AnswerReader::ask(
    std::shared_ptr<quic::Connection> connection, Request request, GetOptions options) {
  if (options.stop.stop_requested()) co_return fail(Code::cancelled, "cancelled");
  auto stream = co_await connection->open_bi();
  if (!stream) co_return fail(explain_close(*connection, stream.error()));
  std::unique_ptr<AnswerReader> reader(
      new AnswerReader(std::move(connection), std::move(*stream), options));
  reader->deadline_.set_in(options.no_progress);
  Bytes message = encode(request);
  if (options.stats) options.stats->other_bytes += message.size();
  auto written = co_await reader->stream_->write(std::move(message));
  // A peer that refuses at once may stop the request half before it is written: its answer says
  // why.
  if (!written && !reader->stream_->stop_code()) co_return fail(reader->explain(written.error()));
  reader->stream_->finish();
  co_return reader;
}

Error AnswerReader::explain(const Error& error) const {
  if (deadline_.expired()) {
    const auto limit = std::chrono::duration_cast<std::chrono::milliseconds>(options_.no_progress);
    return {Code::timed_out, "no progress for " + std::to_string(limit.count()) + " ms"};
  }
  if (deadline_.stopped()) return {Code::cancelled, "cancelled"};
  const auto code = stream_->reset_code();
  if (!code) return explain_close(*connection_, error);
  switch (*code) {
    case static_cast<std::uint64_t>(ResetCode::permission):
      return {Code::denied, "the peer refuses"};
    case static_cast<std::uint64_t>(ResetCode::limit):
      return {Code::try_later, "the peer is busy"};
    case static_cast<std::uint64_t>(ResetCode::internal):
      return {Code::not_found, "the peer does not have it"};
    default:
      return {Code::peer_fault, "the peer reset the answer with code " + std::to_string(*code)};
  }
}

rt::Task<> AnswerReader::need(std::size_t n, std::size_t whole_items) {
  auto held = co_await stream_->fill(n);
  if (!held) co_return fail(explain(held.error()));
  if (*held < n && *held > whole_items) {
    co_return fail(Code::peer_fault, "the answer ends in the middle of an item");
  }
  if (*held < n) co_return fail(Code::not_found, "the answer ends early");
  co_return Result<>{};
}

Result<> AnswerReader::hand_over(const bao::Decoder& decoder, std::size_t used, BlobSink& sink) {
  std::size_t payload = 0;
  for (const auto& event : events_) {
    if (const auto* leaf = std::get_if<bao::VerifiedLeaf>(&event)) payload += leaf->bytes().size();
  }
  TRY_OK(sink.take(events_));
  events_.clear();
  stream_->consume(used);
  deadline_.set_in(options_.no_progress);
  if (options_.stats) {
    options_.stats->payload_bytes += payload;
    options_.stats->other_bytes += used - payload;
  }
  if (decoder.size_verified() && !size_reported_) {
    size_reported_ = true;
    TRY_OK(sink.size_verified(decoder.claimed_size()));
  }
  return {};
}

// Tries with a copy of the decoder until the bytes up to the first leaf are there, so that a size
// nobody has vouched for by a single matching byte never reaches the sink.
rt::Task<> AnswerReader::first_leaf(bao::Decoder& decoder, BlobSink& sink) {
  CO_TRY_OK(co_await need(decoder.next_size()));
  for (;;) {
    bao::Decoder attempt = decoder;
    const ByteView view = stream_->buffered();
    std::size_t used = 0;
    bool leaf = false;
    events_.clear();
    while (!leaf && !attempt.done() && view.size() - used >= attempt.next_size()) {
      const std::size_t length = attempt.next_size();
      CO_TRY(event, attempt.step(view.subspan(used, length)));
      leaf = std::holds_alternative<bao::VerifiedLeaf>(event);
      used += length;
      events_.push_back(std::move(event));
    }
    if (leaf || attempt.done()) {
      decoder = std::move(attempt);
      co_return hand_over(decoder, used, sink);
    }
    const std::size_t wanted = used + attempt.next_size();
    CO_TRY_OK(co_await need(wanted, used));
  }
}

Result<> AnswerReader::step_buffered(bao::Decoder& decoder, BlobSink& sink) {
  const ByteView view = stream_->buffered();
  std::size_t used = 0;
  events_.clear();
  while (!decoder.done() && used < kBatchBytes && view.size() - used >= decoder.next_size()) {
    const std::size_t length = decoder.next_size();
    auto event = decoder.step(view.subspan(used, length));
    if (!event) {
      // What verified before the bad item stays.
      TRY_OK(hand_over(decoder, used, sink));
      return fail(std::move(event).error());
    }
    used += length;
    events_.push_back(std::move(*event));
  }
  return hand_over(decoder, used, sink);
}

rt::Task<> AnswerReader::blob(const Blake3Hash& hash, const bao::ChunkRanges& ranges,
                              BlobSink& sink) {
  bao::Decoder decoder(hash, ranges);
  if (decoder.done()) co_return Result<>{};
  size_reported_ = false;
  CO_TRY_OK(co_await first_leaf(decoder, sink));
  while (!decoder.done()) {
    CO_TRY_OK(co_await need(decoder.next_size(), 0));
    CO_TRY_OK(step_buffered(decoder, sink));
  }
  co_return Result<>{};
}

rt::Task<> AnswerReader::end() {
  deadline_.set_in(std::min(kEndLimit, options_.no_progress));
  auto held = co_await stream_->fill(1);
  if (held && *held > 0) co_return fail(Code::peer_fault, "bytes after the end of the answer");
  if (held) ended_ = true;
  if (deadline_.stopped()) co_return fail(Code::cancelled, "cancelled");
  // A missing FIN, or a connection that goes now, takes nothing from what was verified.
  co_return Result<>{};
}

}  // namespace archy::blobs
