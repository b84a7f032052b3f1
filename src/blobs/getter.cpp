#include "blobs/getter.hpp"

#include "base/limits.hpp"
#include "blobs/answer_reader.hpp"

namespace archy::blobs {
namespace {

// Passes everything on, and keeps the bytes.
class TeeSink final : public BlobSink {
 public:
  TeeSink(BlobSink& first, BlobSink& second) : first_(first), second_(second) {}
  Result<> take(std::span<const bao::DecodeEvent> events) override {
    TRY_OK(first_.take(events));
    return second_.take(events);
  }
  Result<> size_verified(std::uint64_t size) override {
    TRY_OK(first_.size_verified(size));
    return second_.size_verified(size);
  }

 private:
  BlobSink& first_;
  BlobSink& second_;
};

rt::Task<> read_child(AnswerReader& answer, std::uint64_t offset, const Blake3Hash& hash,
                      const bao::ChunkRanges& ranges, SequenceSink& sink) {
  CO_TRY(blob_sink, sink.begin(offset, hash));
  CO_TRY_OK(co_await answer.blob(hash, ranges, *blob_sink));
  co_return sink.end(offset);
}

}  // namespace

rt::Task<> get_blob(std::shared_ptr<quic::Connection> connection, Blake3Hash hash,
                    bao::ChunkRanges ranges, BlobSink& sink, GetOptions options) {
  if (ranges.is_empty()) co_return Result<>{};
  Request request = GetRequest{hash, ChunkRangesSeq::blob(ranges)};
  CO_TRY(answer, co_await AnswerReader::ask(std::move(connection), std::move(request), options));
  CO_TRY_OK(co_await answer->blob(hash, ranges, sink));
  co_return co_await answer->end();
}

rt::Task<Bytes> get_bytes(std::shared_ptr<quic::Connection> connection, Blake3Hash hash,
                          std::size_t most, GetOptions options) {
  MemorySink sink(most);
  CO_TRY_OK(co_await get_blob(std::move(connection), hash, bao::ChunkRanges::all(), sink, options));
  co_return sink.take_bytes();
}

namespace {

class SizeSink final : public BlobSink {
 public:
  Result<> take(std::span<const bao::DecodeEvent>) override { return {}; }
  Result<> size_verified(std::uint64_t size) override {
    proven = size;
    return {};
  }
  std::optional<std::uint64_t> proven;
};

}  // namespace

rt::Task<std::uint64_t> probe_size(std::shared_ptr<quic::Connection> connection, Blake3Hash hash,
                                   GetOptions options) {
  SizeSink sink;
  CO_TRY_OK(co_await get_blob(std::move(connection), hash, bao::ChunkRanges::last_chunk(), sink,
                              options));
  if (!sink.proven) co_return fail(Code::peer_fault, "the last chunk does not prove the size");
  co_return *sink.proven;
}

rt::Task<HashSeq> get_hash_seq(std::shared_ptr<quic::Connection> connection, Blake3Hash hash,
                               ChunkRangesSeq ranges, std::optional<HashSeq> known,
                               SequenceSink& sink, GetOptions options) {
  const bao::ChunkRanges root = ranges.at(0);
  if (!known && !root.is_all()) {
    co_return fail(Code::bad_input, "an unknown hash sequence must be asked for whole");
  }
  Request request = GetRequest{hash, ranges};
  CO_TRY(answer, co_await AnswerReader::ask(std::move(connection), std::move(request), options));
  HashSeq sequence;
  if (known) {
    sequence = std::move(*known);
    if (!root.is_empty()) CO_TRY_OK(co_await read_child(*answer, 0, hash, root, sink));
  } else {
    MemorySink memory(limits::kSeqChildren * 32);
    CO_TRY(root_sink, sink.begin(0, hash));
    TeeSink both(memory, *root_sink);
    CO_TRY_OK(co_await answer->blob(hash, root, both));
    CO_TRY_OK(sink.end(0));
    CO_TRY(parsed, HashSeq::parse(memory.take_bytes()));
    sequence = std::move(parsed);
  }
  for (auto offset = ranges.next_wanted(1); offset && *offset - 1 < sequence.size();
       offset = ranges.next_wanted(*offset + 1)) {
    const Blake3Hash child = sequence[*offset - 1];
    CO_TRY_OK(co_await read_child(*answer, *offset, child, ranges.at(*offset), sink));
  }
  CO_TRY_OK(co_await answer->end());
  co_return sequence;
}

rt::Task<> get_many(std::shared_ptr<quic::Connection> connection, std::vector<Blake3Hash> hashes,
                    ChunkRangesSeq ranges, SequenceSink& sink, GetOptions options) {
  Request request = GetManyRequest{hashes, ranges};
  CO_TRY(answer, co_await AnswerReader::ask(std::move(connection), std::move(request), options));
  for (auto offset = ranges.next_wanted(0); offset && *offset < hashes.size();
       offset = ranges.next_wanted(*offset + 1)) {
    const Blake3Hash hash = hashes[*offset];
    CO_TRY_OK(co_await read_child(*answer, *offset, hash, ranges.at(*offset), sink));
  }
  co_return co_await answer->end();
}

}  // namespace archy::blobs
