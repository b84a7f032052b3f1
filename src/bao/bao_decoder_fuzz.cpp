// Honest responses with damage, and plain garbage, into the Decoder; the recursive twin must agree
// on every verdict, and every leaf must be the blob's own bytes. And the encoder over bytes that
// have rotten: it stops there, and nothing false goes out.
#include "bao/decoder.hpp"
#include "bao/encoder.hpp"
#include "bao/fuzz_input.hpp"
#include "bao/held_blob.hpp"
#include "bao/reference.hpp"
#include "base/check.hpp"
#include "base/limits.hpp"

using namespace archy;
using namespace archy::bao;

namespace {

Bytes honest_response(HeldBlob& blob, const ChunkRanges& wanted) {
  Encoder encoder(blob.root, blob.size(), wanted, blob);
  Bytes out;
  while (!encoder.done()) {
    const std::size_t before = out.size(), leaf = encoder.next_leaf_size();
    CHECK(encoder.step(out).has_value() && out.size() - before >= leaf);
  }
  CHECK(out.size() == encoded_size(blob.size(), wanted));
  return out;
}

void encode_rotten(HeldBlob& blob, const ChunkRanges& wanted, std::uint64_t at,
                   const Bytes& honest) {
  const std::size_t stored = blob.bytes.size() + blob.outboard.size();
  if (stored == 0) return;
  at %= stored;
  auto& byte = at < blob.bytes.size() ? blob.bytes[at] : blob.outboard[at - blob.bytes.size()];
  byte ^= 0x10;
  Encoder encoder(blob.root, blob.size(), wanted, blob);
  Bytes out;
  bool ok = true;
  while (!encoder.done() && ok) {
    const auto step = encoder.step(out);
    ok = step.has_value();
    CHECK(ok || step.error().code == Code::corrupt);
  }
  CHECK(equal(out, ByteView(honest).first(std::min(out.size(), honest.size()))));
  CHECK(ok == (out.size() == honest.size()));
  byte ^= 0x10;
}

void compare(const DecodeEvent& event, const reference::Item& item, const HeldBlob& blob) {
  if (const auto* leaf = std::get_if<VerifiedLeaf>(&event)) {
    CHECK(item.kind == 'L' && item.start == leaf->offset() && equal(item.bytes, leaf->bytes()));
    CHECK(leaf->offset() + leaf->bytes().size() <= blob.size());
    CHECK(equal(leaf->bytes(), ByteView(blob.bytes).subspan(leaf->offset(), leaf->bytes().size())));
  } else if (const auto* parent = std::get_if<VerifiedParent>(&event)) {
    CHECK(item.kind == 'P' && item.start == parent->node().start &&
          item.length == parent->node().chunks && equal(item.bytes, parent->pair()));
  } else {
    CHECK(item.kind == 'S');
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  FuzzInput input(ByteView(data, size));
  const bool garbage = input.number(1) % 4 == 3;
  HeldBlob blob(pattern(static_cast<std::size_t>(input.number(3) % 40000)));
  const auto boundaries = input.boundaries(Tree(blob.size()).chunks());
  const ChunkRanges wanted = ChunkRanges::from_boundaries(boundaries).value();
  const Bytes honest = honest_response(blob, wanted);
  Bytes stream = honest;
  if (garbage) {
    stream = to_bytes(input.rest());
  } else {
    input.damage(stream);
  }
  encode_rotten(blob, wanted, input.number(3), honest);

  const auto twin =
      reference::Getter::decode(blob.root.bytes, boundaries, stream, limits::kBlobBytes);
  Decoder decoder(blob.root, wanted);
  std::size_t consumed = 0;
  std::size_t items = 0;
  bool rejected = false;
  while (!decoder.done() && stream.size() - consumed >= decoder.next_size()) {
    const std::size_t n = decoder.next_size();
    const auto event = decoder.step(ByteView(stream).subspan(consumed, n));
    rejected = !event.has_value();
    if (rejected) break;
    CHECK(items < twin.items.size());
    compare(*event, twin.items[items++], blob);
    consumed += n;
  }
  using End = reference::Decoded::End;
  CHECK(items == twin.items.size() && consumed == twin.consumed);
  CHECK(decoder.done() == (twin.end == End::complete));
  CHECK(rejected == (twin.end == End::rejected));
  CHECK(decoder.size_verified() == twin.size_verified);
  if (decoder.size_verified()) CHECK(decoder.claimed_size() == blob.size());
  return 0;
}
