// Asks a peer for blobs over one connection and verifies what comes, item by item, before anyone
// sees it. Errors of every call, by what the caller can do:
// - not_found: the peer does not have it, or not all of it (code 3, an empty answer, an end between
//   two items);
// - denied (code 1), try_later (code 2);
// - corrupt: bytes that do not hash, so the peer lied;
// - peer_fault: absurd size, an end within an item, bytes after the end, an unknown code;
// - timed_out: no verified byte for `no_progress`; cancelled: stop was requested;
// - unreachable: the connection went away; others: the sink's.
//
// What was verified before an error has reached the sink.
#pragma once

#include <memory>
#include <optional>
#include <stop_token>
#include <vector>

#include "blobs/blob_sink.hpp"
#include "blobs/hash_seq.hpp"
#include "blobs/request.hpp"
#include "quic/types.hpp"
#include "rt/clock.hpp"

namespace archy::blobs {

// Kept up while a transfer runs. Units: bytes.
struct GetStats {
  std::uint64_t payload_bytes = 0;  // verified leaf bytes handed to a sink
  std::uint64_t other_bytes = 0;    // sizes, hashes, the request
};

// Lifetime: `clock`, and `stats` if given, outlive the call.
struct GetOptions {
  rt::Clock& clock;
  rt::Duration no_progress = std::chrono::seconds(30);
  std::stop_token stop{};
  GetStats* stats = nullptr;
};

// One blob, or parts of it. An empty set asks for nothing and succeeds. Lifetime: `sink` outlives
// the call.
rt::Task<> get_blob(std::shared_ptr<quic::Connection> connection, Blake3Hash hash,
                    bao::ChunkRanges ranges, BlobSink& sink, GetOptions options);

// A small blob, whole, into memory. Errors: bad_input when it is larger than `most`.
rt::Task<Bytes> get_bytes(std::shared_ptr<quic::Connection> connection, Blake3Hash hash,
                          std::size_t most, GetOptions options);

// The size of a blob, proven by its last chunk.
rt::Task<std::uint64_t> probe_size(std::shared_ptr<quic::Connection> connection, Blake3Hash hash,
                                   GetOptions options);

// Hands out the sink of each blob of a sequence as its turn comes.
class SequenceSink {
 public:
  virtual ~SequenceSink() = default;
  // `offset` as in ChunkRangesSeq. Not null; must live until the next call or the end.
  virtual Result<BlobSink*> begin(std::uint64_t offset, const Blake3Hash& hash) = 0;
  // The blob that was begun last is in, as far as it was asked for.
  virtual Result<> end(std::uint64_t offset) = 0;
};

// A hash sequence and its children in one request. `known`: the sequence, where the caller has it;
// without it the request must ask for the whole root (bad_input otherwise). Returns the sequence.
rt::Task<HashSeq> get_hash_seq(std::shared_ptr<quic::Connection> connection, Blake3Hash hash,
                               ChunkRangesSeq ranges, std::optional<HashSeq> known,
                               SequenceSink& sink, GetOptions options);

// Several blobs in one request; offset i of `ranges` and of the sink is hashes[i].
rt::Task<> get_many(std::shared_ptr<quic::Connection> connection, std::vector<Blake3Hash> hashes,
                    ChunkRangesSeq ranges, SequenceSink& sink, GetOptions options);

}  // namespace archy::blobs
