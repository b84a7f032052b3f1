#include "sim/truth.hpp"

#include <gtest/gtest.h>

#include "bao/decoder.hpp"
#include "bao/encoder.hpp"

namespace archy::sim {
namespace {

TEST(Truth, ItsReaderEncodesToWhatADecoderAccepts) {
  SeededRandom random(1);
  for (std::size_t size : {0u, 1u, 1024u, 16384u, 16385u, 100'000u}) {
    const Truth truth = Truth::random(random, size);
    TruthReader reader(truth);
    bao::Encoder encoder(truth.hash, size, bao::ChunkRanges::all(), reader);
    Bytes answer;
    while (!encoder.done()) ASSERT_TRUE(encoder.step(answer));
    bao::Decoder decoder(truth.hash, bao::ChunkRanges::all());
    ByteView rest = answer;
    while (!decoder.done()) {
      const std::size_t n = decoder.next_size();
      ASSERT_TRUE(decoder.step(rest.first(n)));
      rest = rest.subspan(n);
    }
    EXPECT_TRUE(rest.empty());
    EXPECT_TRUE(decoder.size_verified());
  }
}

}  // namespace
}  // namespace archy::sim
