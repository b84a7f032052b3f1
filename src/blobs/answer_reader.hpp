// Reads one answer from its stream: blob after blob through a decoder, straight from the
// transport's buffer.
#pragma once

#include "blobs/getter.hpp"
#include "blobs/stream_deadline.hpp"

namespace archy::blobs {

// Thread: the loop. Invariant: nothing reaches a sink that was not verified, and no size before a
// leaf.
class AnswerReader {
 public:
  // Opens a stream and sends the request. Errors: those of getter.hpp.
  static rt::Task<std::unique_ptr<AnswerReader>> ask(std::shared_ptr<quic::Connection> connection,
                                                     Request request, GetOptions options);
  // Drops what is still to come.
  ~AnswerReader();

  // The next blob of the answer.
  rt::Task<> blob(const Blake3Hash& hash, const bao::ChunkRanges& ranges, BlobSink& sink);
  // After the last blob: the answer ends here. Errors: peer_fault when more bytes follow.
  rt::Task<> end();
  // Waits for `n` buffered bytes, of which the first `whole_items` are items that came whole.
  // Errors: as in getter.hpp; when the answer ends before: not_found on an item's border (what a
  // node does that has no more), peer_fault within one (no honest node does).
  rt::Task<> need(std::size_t n, std::size_t whole_items = SIZE_MAX);
  quic::Stream& stream() { return *stream_; }
  StreamDeadline& deadline() { return deadline_; }

 private:
  AnswerReader(std::shared_ptr<quic::Connection> connection, std::shared_ptr<quic::Stream> stream,
               GetOptions options);
  rt::Task<> first_leaf(bao::Decoder& decoder, BlobSink& sink);
  // Steps on what is buffered, at most one batch; false: more bytes are needed.
  Result<> step_buffered(bao::Decoder& decoder, BlobSink& sink);
  Result<> hand_over(const bao::Decoder& decoder, std::size_t used, BlobSink& sink);
  Error explain(const Error& error) const;

  GetOptions options_;
  std::shared_ptr<quic::Connection> connection_;
  std::shared_ptr<quic::Stream> stream_;
  StreamDeadline deadline_;
  std::vector<bao::DecodeEvent> events_;  // of the batch, reused
  bool size_reported_ = false;            // of the blob that is being read
  bool ended_ = false;
};

}  // namespace archy::blobs
