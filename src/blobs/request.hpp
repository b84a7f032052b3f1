// The requests of `/iroh-bytes/4`: one per bidirectional stream, type byte first, ended by FIN.
// Source: iroh-blobs 0.103 protocol.rs. Page: doc/formats/request.md.
#pragma once

#include <string_view>
#include <variant>
#include <vector>

#include "base/fixed_bytes.hpp"
#include "blobs/range_seq.hpp"

namespace archy::blobs {

inline constexpr std::string_view kAlpn = "/iroh-bytes/4";

enum class RequestKind : unsigned char { get = 0, observe = 1, push = 8, get_many = 9 };
std::string_view to_string(RequestKind kind);

// Application codes of RESET_STREAM, STOP_SENDING and CONNECTION_CLOSE.
enum class ResetCode : std::uint64_t {
  dropped = 0,     // nobody reads or writes this half any more
  permission = 1,  // refused
  limit = 2,       // refused for now
  internal = 3,    // not found, cut off, bad hash sequence, input/output
};

struct GetRequest {
  Blake3Hash hash;
  ChunkRangesSeq ranges;
  bool operator==(const GetRequest&) const = default;
};
struct GetManyRequest {
  std::vector<Blake3Hash> hashes;
  ChunkRangesSeq ranges;  // offset i: hashes[i]
  bool operator==(const GetManyRequest&) const = default;
};
struct ObserveRequest {
  Blake3Hash hash;
  bao::ChunkRanges ranges;
  bool operator==(const ObserveRequest&) const = default;
};
// What stands before the data of a push.
struct PushRequest {
  GetRequest content;
  bool operator==(const PushRequest&) const = default;
};
using Request = std::variant<GetRequest, ObserveRequest, PushRequest, GetManyRequest>;

// Errors: unsupported on a type byte that is reserved.
Result<RequestKind> request_kind(std::uint8_t type_byte);
// `message`: everything the stream carried up to FIN, type byte first (of a push: at least type and
// header). Bytes after a complete request are not looked at, as in iroh. Errors: bad_input
// (malformed, or above a limit), unsupported.
Result<Request> decode_request(ByteView message);
Bytes encode(const Request& request);

}  // namespace archy::blobs
