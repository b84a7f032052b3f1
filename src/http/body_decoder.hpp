// The body of a request out of the bytes of its connection: of a known length, or in chunks. Pure,
// any split of the input.
#pragma once

#include "http/request_parser.hpp"

namespace archy::http {

class BodyDecoder {
 public:
  explicit BodyDecoder(const BodyFraming& framing);

  bool done() const { return state_ == State::done; }
  // Consumes from the front of `input` and appends payload to `out`, at most `room` bytes; returns
  // how much was consumed. Stops at the end of the body: what follows is the next request.
  // Errors: bad_input for a chunk line that is not 1 to 15 hex digits, a chunk longer than its
  // size, a bare CR or LF. Chunk extensions and trailers, which nobody sends, are refused too.
  Result<std::size_t> feed(ByteView input, std::size_t room, Bytes& out);

 private:
  enum class State : unsigned char { size_line, data, data_end, end, done };
  // A line of the framing, taken byte by byte.
  Result<> take_line_byte(std::uint8_t byte);
  Result<> end_line();

  bool chunked_;
  State state_;
  std::uint64_t left_ = 0;  // of this chunk, or of the body
  std::string line_;
};

}  // namespace archy::http
