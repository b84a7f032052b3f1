#include <gtest/gtest.h>

#include <random>

#include "quic/recv_buffer.hpp"
#include "quic/send_queue.hpp"
#include "quic/stop_sending.hpp"

namespace archy::quic {
namespace {

Bytes numbered(std::uint64_t from, std::size_t n) {
  Bytes out(n);
  for (std::size_t i = 0; i < n; ++i) out[i] = static_cast<std::uint8_t>((from + i) * 31 >> 3);
  return out;
}

TEST(RecvBuffer, KeepsOrderThroughAnyMixOfAppendAndConsume) {
  std::mt19937 rng(1);
  RecvBuffer buffer;
  std::uint64_t in = 0, out = 0;
  for (int i = 0; i < 20000; ++i) {
    const std::size_t n = rng() % 3000;
    buffer.append(numbered(in, n));
    in += n;
    const std::size_t take = rng() % (buffer.size() + 1);
    ASSERT_TRUE(equal(buffer.view().first(take), numbered(out, take)));
    buffer.consume(take);
    out += take;
    ASSERT_EQ(buffer.size(), in - out);
  }
}

TEST(RecvBuffer, StaysSmallWhenTheReaderKeepsUp) {
  RecvBuffer buffer;
  for (int i = 0; i < 10000; ++i) {
    buffer.append(numbered(0, 16384));
    buffer.consume(buffer.size() - (i % 2 ? 0 : 100));
  }
  EXPECT_LE(buffer.capacity(), 128u << 10);
}

TEST(SendQueue, HandsOutEveryByteOnceAndKeepsItUntilAcknowledged) {
  std::mt19937 rng(2);
  SendQueue queue;
  std::uint64_t queued = 0;
  for (int i = 0; i < 5000; ++i) {
    const std::size_t n = rng() % (i % 3 == 0 ? 5000 : 100);
    queue.push(numbered(queued, n));
    queued += n;
    std::array<ngtcp2_vec, 4> pieces;
    const std::size_t count = queue.next(pieces, 1 << 20);
    Bytes offered;
    for (std::size_t k = 0; k < count; ++k) append(offered, {pieces[k].base, pieces[k].len});
    ASSERT_EQ(offered, numbered(queue.sent(), offered.size()));
    queue.mark_sent(offered.empty() ? 0 : rng() % (offered.size() + 1));
    queue.mark_acked(queue.acked() + rng() % (queue.sent() - queue.acked() + 1));
    ASSERT_EQ(queue.unsent(), queued - queue.sent());
  }
}

TEST(SendQueue, BytesHandedOutDoNotMoveWhenSmallPiecesFollow) {
  SendQueue queue;
  queue.push(numbered(0, 10));
  std::array<ngtcp2_vec, 1> before;
  ASSERT_EQ(queue.next(before, 1), 1u);
  queue.mark_sent(10);
  for (int i = 0; i < 1000; ++i) queue.push(numbered(0, 64));
  EXPECT_TRUE(equal({before[0].base, 10}, numbered(0, 10)));
}

TEST(StopSending, IsFoundBehindEveryOtherFrame) {
  // ACK with ECN and one range, RESET_STREAM, CRYPTO, STREAM with length, NEW_CONNECTION_ID,
  // PATH_CHALLENGE.
  Bytes packet = {0x03, 5,    0, 1, 0, 0, 1,    1, 0, 0, 0x04, 4, 1,
                  9,    0x06, 0, 2, 1, 1, 0x0e, 8, 0, 3, 7,    7, 7};
  append(packet, Bytes{0x18, 1, 0, 4, 1, 2, 3, 4});
  append(packet, Bytes(16, 5));
  append(packet, Bytes{0x1a, 1, 2, 3, 4, 5, 6, 7, 8, 0x00, 0x01, 0x05, 0x44, 0x00, 0x09});
  std::array<StopSending, 4> found;
  ASSERT_EQ(find_stop_sending(packet, found), 1u);
  EXPECT_EQ(found[0].stream, 0x400u);
  EXPECT_EQ(found[0].code, 9u);
}

TEST(StopSending, StreamDataThatLooksLikeOneIsNot) {
  std::array<StopSending, 4> found;
  EXPECT_EQ(find_stop_sending(Bytes{0x08, 0, 0x05, 0x00, 0x09}, found), 0u);
  EXPECT_EQ(find_stop_sending(Bytes{0x05, 0x44}, found), 0u);
}

}  // namespace
}  // namespace archy::quic
