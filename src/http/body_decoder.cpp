#include "http/body_decoder.hpp"

#include <algorithm>
#include <charconv>

namespace archy::http {
namespace {

// Longer than any line that is taken.
constexpr std::size_t kLineBytes = 32;
constexpr std::size_t kSizeDigits = 15;

Result<std::uint64_t> parse_chunk_size(std::string_view digits) {
  if (digits.size() > kSizeDigits) return fail(Code::bad_input, "malformed chunk size");
  std::uint64_t size = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), size, 16);
  if (error != std::errc() || end != digits.data() + digits.size()) {
    return fail(Code::bad_input, "malformed chunk size");
  }
  return size;
}

}  // namespace

BodyDecoder::BodyDecoder(const BodyFraming& framing)
    : chunked_(framing.chunked),
      state_(framing.chunked  ? State::size_line
             : framing.length ? State::data
                              : State::done),
      left_(framing.length) {}

Result<std::size_t> BodyDecoder::feed(ByteView input, std::size_t room, Bytes& out) {
  std::size_t used = 0;
  while (state_ != State::done && used < input.size()) {
    if (state_ != State::data) {
      TRY_OK(take_line_byte(input[used++]));
      continue;
    }
    const auto n =
        static_cast<std::size_t>(std::min<std::uint64_t>({left_, room, input.size() - used}));
    if (n == 0) break;  // no room
    append(out, input.subspan(used, n));
    used += n;
    room -= n;
    left_ -= n;
    if (left_ == 0) state_ = chunked_ ? State::data_end : State::done;
  }
  return used;
}

Result<> BodyDecoder::take_line_byte(std::uint8_t byte) {
  const bool after_cr = !line_.empty() && line_.back() == '\r';
  if (byte == '\n' && after_cr) {
    line_.pop_back();
    return end_line();
  }
  const bool is_control = byte < 0x20 && byte != '\t' && byte != '\r';
  if (after_cr || is_control || byte == 0x7f || line_.size() >= kLineBytes) {
    return fail(Code::bad_input, "malformed chunk");
  }
  line_.push_back(static_cast<char>(byte));
  return {};
}

Result<> BodyDecoder::end_line() {
  const std::string line = std::exchange(line_, {});
  if (state_ == State::size_line) {
    TRY(size, parse_chunk_size(line));
    left_ = size;
    state_ = size == 0 ? State::end : State::data;
  } else if (state_ == State::data_end) {
    if (!line.empty()) return fail(Code::bad_input, "a chunk is longer than its size");
    state_ = State::size_line;
  } else {
    if (!line.empty()) return fail(Code::bad_input, "trailers are not taken");
    state_ = State::done;
  }
  return {};
}

}  // namespace archy::http
