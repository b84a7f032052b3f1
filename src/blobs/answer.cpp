#include "blobs/answer.hpp"

#include <algorithm>

#include "bao/encoder.hpp"
#include "blobs/empty_blob.hpp"
#include "blobs/sequence_reader.hpp"
#include "blobs/stream_deadline.hpp"
#include "rt/signal.hpp"

namespace archy::blobs {
namespace {

constexpr std::size_t kBufferBytes = 64u << 10;
// The largest step of an encoder: a header, the parents of the deepest tree, one leaf.
constexpr std::size_t kStepBytes = 8 + 64 * 64 + bao::kGroupBytes;

}  // namespace

Answer::Answer(Context context, quic::Stream& stream, RequestReport& report)
    : context_(context), stream_(stream), report_(report) {}

Result<> Answer::check(Verdict verdict) {
  if (verdict == Verdict::allow) return {};
  refusal_ = verdict;
  return fail(Code::denied, "not admitted");
}

rt::Task<> Answer::get(const GetRequest& request) {
  CO_TRY_OK(check(context_.admission.on_request(report_.request)));
  const auto first = request.ranges.next_wanted(0);
  if (!first) co_return Result<>{};
  Result<> sent;
  if (*first == 0) sent = co_await blob(request.hash, request.ranges.at(0));
  if (sent && request.ranges.next_wanted(1)) sent = co_await children(request);
  if (sent) sent = co_await flush();
  if (!sent) co_return co_await break_off(std::move(sent).error());
  co_return Result<>{};
}

rt::Task<> Answer::children(const GetRequest& request) {
  CO_TRY(opened, context_.store.reader(request.hash));
  auto read = SequenceReader::open(std::move(opened));
  if (!read && read.error().code == Code::corrupt) report_.damaged = request.hash;
  CO_TRY(sequence, std::move(read));
  for (auto offset = request.ranges.next_wanted(1); offset && *offset - 1 < sequence.size();
       offset = request.ranges.next_wanted(*offset + 1)) {
    CO_TRY(child, sequence.at(*offset - 1));
    CO_TRY_OK(check(context_.admission.on_child(report_.request, child)));
    CO_TRY_OK(co_await blob(child, request.ranges.at(*offset)));
  }
  co_return Result<>{};
}

rt::Task<> Answer::get_many(const GetManyRequest& request) {
  Result<> sent;
  for (auto offset = request.ranges.next_wanted(0);
       sent && offset && *offset < request.hashes.size();
       offset = request.ranges.next_wanted(*offset + 1)) {
    report_.request.hash = request.hashes[*offset];
    sent = check(context_.admission.on_request(report_.request));
    if (sent) sent = co_await blob(report_.request.hash, request.ranges.at(*offset));
  }
  if (sent) sent = co_await flush();
  if (!sent) co_return co_await break_off(std::move(sent).error());
  co_return Result<>{};
}

rt::Task<> Answer::blob(const Blake3Hash& hash, const bao::ChunkRanges& ranges) {
  if (hash == empty_blob_hash()) {
    EmptyBlob empty;
    co_return co_await encode_blob(bao::Encoder(hash, 0, ranges, empty));
  }
  CO_TRY(reader, context_.store.reader(hash));
  if (!reader->complete() && reader->size() == 0)
    co_return fail(Code::not_found, "nothing held yet");
  auto sent = co_await encode_blob(bao::Encoder(hash, reader->size(), ranges, *reader));
  if (!sent && sent.error().code == Code::corrupt) report_.damaged = hash;
  co_return sent;
}

rt::Task<> Answer::encode_blob(bao::Encoder encoder) {
  while (!encoder.done()) {
    const std::size_t payload = encoder.next_leaf_size();
    CO_TRY_OK(co_await leave_for(payload));
    if (buffer_.capacity() == 0) buffer_.reserve(kBufferBytes + kStepBytes);
    CO_TRY_OK(encoder.step(buffer_));
    report_.payload_bytes_sent += payload;
    if (buffer_.size() >= kBufferBytes) CO_TRY_OK(co_await flush());
  }
  co_return Result<>{};
}

rt::Task<> Answer::leave_for(std::size_t payload) {
  for (;;) {
    const GroupVerdict verdict = context_.admission.on_group(report_.request, payload);
    if (verdict.action == GroupVerdict::Action::go_on) co_return Result<>{};
    if (verdict.action == GroupVerdict::Action::refuse) {
      refusal_ = verdict.refusal;
      co_return fail(Code::denied, "refused in the middle");
    }
    // What is ready goes out before the pause.
    CO_TRY_OK(co_await flush());
    CO_TRY_OK(co_await rt::sleep_until(context_.env.executor, context_.env.clock, verdict.until));
    if (stream_.stop_code()) co_return fail(Code::cancelled, "the peer stopped reading");
  }
}

rt::Task<> Answer::flush() {
  if (buffer_.empty()) co_return Result<>{};
  StreamDeadline stall(context_.env.clock,
                       [this] { stream_.reset(static_cast<std::uint64_t>(ResetCode::limit)); });
  stall.set_in(context_.stall_limit);
  Bytes out = std::exchange(buffer_, Bytes());
  report_.encoded_bytes += out.size();
  marks_.push_back({report_.encoded_bytes, report_.payload_bytes_sent});
  context_.counters.encoded_bytes_sent += out.size();
  context_.counters.payload_bytes_sent += report_.payload_bytes_sent - payload_flushed_;
  payload_flushed_ = report_.payload_bytes_sent;
  count_acked();
  auto written = co_await stream_.write(std::move(out));
  if (!written && stall.expired()) refusal_ = Verdict::limit;
  co_return written;
}

rt::Task<> Answer::break_off(Error error) {
  // A reset drops what is queued: let it arrive first, it is valid and the peer can use it.
  auto flushed = co_await flush();
  if (flushed && report_.encoded_bytes > 0) {
    StreamDeadline stall(context_.env.clock,
                         [this] { stream_.reset(static_cast<std::uint64_t>(ResetCode::limit)); });
    stall.set_in(context_.stall_limit);
    (void)co_await stream_.drained();
  }
  co_return fail(std::move(error));
}

void Answer::count_acked() {
  const std::uint64_t now = payload_acked(stream_.acked_bytes());
  context_.counters.payload_bytes_acked += now - report_.payload_bytes_acked;
  report_.payload_bytes_acked = now;
}

std::uint64_t Answer::payload_acked(std::uint64_t acked) const {
  auto after = std::ranges::upper_bound(marks_, acked, {}, &Mark::encoded);
  return after == marks_.begin() ? 0 : std::prev(after)->payload;
}

}  // namespace archy::blobs
