#include "sim/answer_feed.hpp"

#include "bao/decoder.hpp"
#include "bao/encoder.hpp"

namespace archy::sim {

Result<> feed_answer(store::PartialBlob& partial, const Truth& truth,
                     const bao::ChunkRanges& wanted) {
  if (wanted.is_empty()) return {};
  TruthReader reader(truth);
  bao::Encoder encoder(truth.hash, truth.bytes.size(), wanted, reader);
  Bytes answer;
  while (!encoder.done()) TRY_OK(encoder.step(answer));
  bao::Decoder decoder(truth.hash, wanted);
  ByteView rest = answer;
  while (!decoder.done()) {
    const std::size_t n = decoder.next_size();
    TRY(event, decoder.step(rest.first(n)));
    rest = rest.subspan(n);
    if (const auto* claim = std::get_if<bao::SizeClaim>(&event))
      TRY_OK(partial.claim_size(claim->size));
    if (const auto* parent = std::get_if<bao::VerifiedParent>(&event))
      TRY_OK(partial.write(*parent));
    if (const auto* leaf = std::get_if<bao::VerifiedLeaf>(&event)) TRY_OK(partial.write(*leaf));
    if (decoder.size_verified() && !partial.size_verified()) TRY_OK(partial.mark_size_verified());
  }
  return {};
}

}  // namespace archy::sim
