// Values the store keeps as blobs in its database: bitfields and file stamps. Pure; the bytes come
// from a disk, so the readers believe nothing. Format of a bitfield: boundary count, then each
// boundary's distance from the one before, all LEB128. Format of a stamp: device, inode, size,
// mtime, ctime as little-endian 64-bit integers.
#pragma once

#include "bao/chunk_ranges.hpp"
#include "base/bytes.hpp"
#include "base/result.hpp"
#include "rt/files.hpp"

namespace archy::store {

Bytes encode_ranges(const bao::ChunkRanges& ranges);
// Errors: corrupt.
Result<bao::ChunkRanges> decode_ranges(ByteView row);

Bytes encode_stamp(const rt::FileStamp& stamp);
// Errors: corrupt.
Result<rt::FileStamp> decode_stamp(ByteView row);

}  // namespace archy::store
