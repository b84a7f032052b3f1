#include "paid/frame.hpp"

#include <algorithm>

#include "base/check.hpp"
#include "blobs/stream_deadline.hpp"

namespace archy::paid {
namespace {

constexpr std::size_t kLength = 4;

std::uint32_t length_of(ByteView bytes) {
  std::uint32_t out = 0;
  for (std::size_t i = kLength; i-- > 0;) out = out << 8 | bytes[i];
  return out;
}

}  // namespace

Bytes framed(std::string_view json) {
  CHECK(json.size() <= kFrameBytes);
  const auto size = static_cast<std::uint32_t>(json.size());
  Bytes out;
  out.reserve(kLength + json.size());
  for (unsigned i = 0; i < kLength; ++i) out.push_back(static_cast<std::uint8_t>(size >> (8 * i)));
  append(out, as_bytes(json));
  return out;
}

Result<std::string_view> unframed(ByteView bytes) {
  if (bytes.size() < kLength) return fail(Code::bad_input, "a frame without a length");
  const std::size_t size = length_of(bytes);
  if (size > kFrameBytes) return fail(Code::bad_input, "a frame above 64 KiB");
  if (bytes.size() != kLength + size) return fail(Code::bad_input, "a frame of another length");
  return as_text(bytes.subspan(kLength));
}

rt::Task<Secret<std::string>> read_frame(rt::Clock& clock, quic::Stream& stream, FrameLimits limits,
                                         std::stop_token stop) {
  const rt::Instant begun = clock.now();
  blobs::StreamDeadline deadline(clock, [&stream] { stream.stop(0); }, std::move(stop));
  deadline.set(begun + std::min(limits.first_byte, limits.whole));
  for (std::size_t held = 0;;) {
    auto now = co_await stream.fill(held + 1);
    if (!now && deadline.expired()) co_return fail(Code::timed_out, "the frame is late");
    CO_TRY(count, std::move(now));
    if (count <= held) break;
    if (held == 0) deadline.set(begun + limits.whole);
    held = count;
    // Of what is too long nothing more is read.
    const ByteView there = stream.buffered();
    const bool too_long = there.size() >= kLength && length_of(there) > kFrameBytes;
    if (too_long || there.size() > kLength + kFrameBytes)
      co_return fail(Code::bad_input, "a frame above 64 KiB");
  }
  CO_TRY(text, unframed(stream.buffered()));
  Secret<std::string> out{std::string(text)};
  stream.consume(stream.buffered().size());
  co_return out;
}

rt::Task<> write_frame(quic::Stream& stream, Secret<std::string> json) {
  Bytes bytes = framed(json.reveal());
  CO_TRY_OK(co_await stream.write(std::move(bytes)));
  stream.finish();
  co_return Result<>{};
}

}  // namespace archy::paid
