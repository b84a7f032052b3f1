// The answer to one Get or GetMany: for each blob asked for its size and the verified items, back
// to back. Encodes into buffers that are moved into the stream, so payload is copied once (from the
// store's view).
#pragma once

#include <vector>

#include "bao/encoder.hpp"
#include "blobs/provider.hpp"

namespace archy::blobs {

// Thread: the loop. Lifetime: everything referenced outlives it.
class Answer {
 public:
  struct Context {
    rt::Env& env;
    store::BlobStore& store;
    Admission& admission;
    ProviderCounters& counters;  // kept up while the answer goes out
    rt::Duration stall_limit;
  };
  // `report`: request is set by the caller (the hash of a GetMany by this), the counts are kept up
  // here.
  Answer(Context context, quic::Stream& stream, RequestReport& report);

  // Ok: everything asked for was written, the stream is not finished. Errors: what broke it off;
  // refusal() says with which code, and every valid byte before it has been delivered.
  rt::Task<> get(const GetRequest& request);
  rt::Task<> get_many(const GetManyRequest& request);
  Verdict refusal() const { return refusal_; }
  // Counts what the peer has acknowledged by now.
  void count_acked();

 private:
  struct Mark {
    std::uint64_t encoded;
    std::uint64_t payload;
  };
  rt::Task<> children(const GetRequest& request);
  rt::Task<> blob(const Blake3Hash& hash, const bao::ChunkRanges& ranges);
  rt::Task<> encode_blob(bao::Encoder encoder);
  rt::Task<> leave_for(std::size_t payload);
  rt::Task<> flush();
  // Gives the peer what was encoded before an error, then passes the error on.
  rt::Task<> break_off(Error error);
  Result<> check(Verdict verdict);
  // Payload among the first `acked` bytes of the answer.
  std::uint64_t payload_acked(std::uint64_t acked) const;

  Context context_;
  quic::Stream& stream_;
  RequestReport& report_;
  Verdict refusal_ = Verdict::hide;
  Bytes buffer_;
  std::uint64_t payload_flushed_ = 0;
  std::vector<Mark> marks_;  // after each buffer: what it adds up to
};

}  // namespace archy::blobs
