#include "store/rows.hpp"

#include <bit>

namespace archy::store {
namespace {

void put_varint(Bytes& out, std::uint64_t value) {
  while (value >= 0x80) {
    out.push_back(static_cast<std::uint8_t>(value | 0x80));
    value >>= 7;
  }
  out.push_back(static_cast<std::uint8_t>(value));
}

Result<std::uint64_t> take_varint(ByteView& in) {
  std::uint64_t value = 0;
  for (unsigned shift = 0; shift < 64; shift += 7) {
    if (in.empty()) return fail(Code::corrupt, "a bitfield row ends early");
    const std::uint8_t byte = in[0];
    in = in.subspan(1);
    const std::uint64_t bits = byte & 0x7f;
    if (shift == 63 && bits > 1) break;
    value |= bits << shift;
    if ((byte & 0x80) == 0) return value;
  }
  return fail(Code::corrupt, "a number in a bitfield row is too long");
}

}  // namespace

Bytes encode_ranges(const bao::ChunkRanges& ranges) {
  Bytes out;
  put_varint(out, ranges.boundaries().size());
  std::uint64_t before = 0;
  for (const std::uint64_t boundary : ranges.boundaries()) {
    put_varint(out, boundary - before);
    before = boundary;
  }
  return out;
}

Result<bao::ChunkRanges> decode_ranges(ByteView row) {
  TRY(count, take_varint(row));
  // Each boundary takes at least one byte: more than that is a lie, found before anything is
  // reserved.
  if (count > row.size()) return fail(Code::corrupt, "a bitfield row ends early");
  std::vector<std::uint64_t> boundaries;
  boundaries.reserve(count);
  std::uint64_t at = 0;
  for (std::uint64_t i = 0; i < count; ++i) {
    TRY(distance, take_varint(row));
    if (__builtin_add_overflow(at, distance, &at) || (i > 0 && distance == 0)) {
      return fail(Code::corrupt, "a bitfield row is out of order");
    }
    boundaries.push_back(at);
  }
  if (!row.empty()) return fail(Code::corrupt, "a bitfield row has bytes too many");
  auto ranges = bao::ChunkRanges::from_boundaries(std::move(boundaries));
  if (!ranges.has_value()) return fail(Code::corrupt, "a bitfield row is out of order");
  return std::move(*ranges);
}

Bytes encode_stamp(const rt::FileStamp& stamp) {
  Bytes out(40);
  store_u64_le(&out[0], stamp.device);
  store_u64_le(&out[8], stamp.inode);
  store_u64_le(&out[16], stamp.size);
  store_u64_le(&out[24], std::bit_cast<std::uint64_t>(stamp.mtime_ns));
  store_u64_le(&out[32], std::bit_cast<std::uint64_t>(stamp.ctime_ns));
  return out;
}

Result<rt::FileStamp> decode_stamp(ByteView row) {
  if (row.size() != 40) return fail(Code::corrupt, "a file stamp row has the wrong length");
  return rt::FileStamp{.device = load_u64_le(&row[0]),
                       .inode = load_u64_le(&row[8]),
                       .size = load_u64_le(&row[16]),
                       .mtime_ns = std::bit_cast<std::int64_t>(load_u64_le(&row[24])),
                       .ctime_ns = std::bit_cast<std::int64_t>(load_u64_le(&row[32]))};
}

}  // namespace archy::store
