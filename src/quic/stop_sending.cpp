#include "quic/stop_sending.hpp"

namespace archy::quic {
namespace {

// A view that is read from the front; everything fails once it is short.
class Reader {
 public:
  explicit Reader(ByteView bytes) : bytes_(bytes) {}
  bool ok() const { return ok_; }
  bool more() const { return ok_ && !bytes_.empty(); }

  std::uint64_t varint() {
    if (bytes_.empty()) return fail();
    const std::size_t length = std::size_t{1} << (bytes_[0] >> 6);
    if (bytes_.size() < length) return fail();
    std::uint64_t value = bytes_[0] & 0x3f;
    for (std::size_t i = 1; i < length; ++i) value = value << 8 | bytes_[i];
    bytes_ = bytes_.subspan(length);
    return value;
  }
  std::uint8_t byte() {
    if (bytes_.empty()) return static_cast<std::uint8_t>(fail());
    const std::uint8_t value = bytes_[0];
    bytes_ = bytes_.subspan(1);
    return value;
  }
  void skip(std::uint64_t n) {
    if (n > bytes_.size()) {
      fail();
      return;
    }
    bytes_ = bytes_.subspan(n);
  }
  void skip_varints(int n) {
    for (int i = 0; i < n && ok_; ++i) (void)varint();
  }
  void skip_rest() { bytes_ = {}; }

 private:
  std::uint64_t fail() {
    ok_ = false;
    return 0;
  }
  ByteView bytes_;
  bool ok_ = true;
};

void skip_ack(Reader& in, bool with_ecn) {
  in.skip_varints(2);
  const std::uint64_t ranges = in.varint();
  in.skip_varints(1);
  for (std::uint64_t i = 0; i < ranges && in.ok(); ++i) in.skip_varints(2);
  if (with_ecn) in.skip_varints(3);
}

void skip_stream(Reader& in, std::uint64_t type) {
  (void)in.varint();
  if ((type & 4) != 0) (void)in.varint();
  if ((type & 2) != 0) {
    in.skip(in.varint());
  } else {
    in.skip_rest();
  }
}

// False for a frame type that is not known here.
bool skip_frame(Reader& in, std::uint64_t type) {
  if (type >= 0x08 && type <= 0x0f) {
    skip_stream(in, type);
    return true;
  }
  switch (type) {
    case 0x00:  // PADDING
    case 0x01:  // PING
    case 0x1e:  // HANDSHAKE_DONE
      return true;
    case 0x02:
    case 0x03:
      skip_ack(in, type == 0x03);
      return true;
    case 0x04:  // RESET_STREAM
      in.skip_varints(3);
      return true;
    case 0x06:  // CRYPTO
      (void)in.varint();
      in.skip(in.varint());
      return true;
    case 0x07:  // NEW_TOKEN
      in.skip(in.varint());
      return true;
    case 0x11:  // MAX_STREAM_DATA
    case 0x15:  // STREAM_DATA_BLOCKED
      in.skip_varints(2);
      return true;
    case 0x10:  // MAX_DATA
    case 0x12:  // MAX_STREAMS, both kinds
    case 0x13:
    case 0x14:  // DATA_BLOCKED
    case 0x16:  // STREAMS_BLOCKED, both kinds
    case 0x17:
    case 0x19:  // RETIRE_CONNECTION_ID
      in.skip_varints(1);
      return true;
    case 0x18:  // NEW_CONNECTION_ID
      in.skip_varints(2);
      in.skip(in.byte());
      in.skip(16);
      return true;
    case 0x1a:  // PATH_CHALLENGE, PATH_RESPONSE
    case 0x1b:
      in.skip(8);
      return true;
    default:  // CONNECTION_CLOSE (nothing after it matters), extensions
      return false;
  }
}

}  // namespace

std::size_t find_stop_sending(ByteView payload, std::span<StopSending> out) {
  std::size_t found = 0;
  Reader in(payload);
  while (in.more() && found < out.size()) {
    const std::uint64_t type = in.varint();
    if (type == 0x05) {
      StopSending stop;
      stop.stream = in.varint();
      stop.code = in.varint();
      if (in.ok()) out[found++] = stop;
    } else if (!in.ok() || !skip_frame(in, type)) {
      break;
    }
  }
  return found;
}

}  // namespace archy::quic
