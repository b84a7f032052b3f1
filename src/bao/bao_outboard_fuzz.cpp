// A sidecar outboard (honest, damaged, or garbage; any split; true or false size) into the
// OutboardVerifier: what it emits is the blob's own outboard, and it ends well for nothing else.
// The same pairs into the GroupVerifier, group by group and as subtrees.
#include "bao/fuzz_input.hpp"
#include "bao/group_verifier.hpp"
#include "bao/held_blob.hpp"
#include "bao/outboard_verifier.hpp"
#include "base/check.hpp"
#include "base/limits.hpp"

using namespace archy;
using namespace archy::bao;

namespace {

GroupVerifier::PairLookup lookup_in(const Bytes& outboard) {
  return [&outboard](std::uint64_t index) -> Result<Pair> {
    if (index >= outboard.size() / kPairBytes) return fail(Code::not_found);
    Pair pair;
    std::copy_n(outboard.begin() + static_cast<std::ptrdiff_t>(index * kPairBytes), kPairBytes,
                pair.begin());
    return pair;
  };
}

// The same damaged pairs, looked up one at a time: no group of the honest data may be refused by a
// verdict on other bytes, none of the damaged accepted.
void check_lookup(HeldBlob& blob, const Bytes& outboard, std::uint64_t size) {
  GroupVerifier verifier(blob.root, size, lookup_in(outboard));
  Bytes bytes = blob.bytes;
  bytes.resize(static_cast<std::size_t>(size));
  const auto result =
      verifier.check_groups(0, bytes, [&](std::uint64_t group, const VerifiedLeaf* leaf) {
        if (leaf != nullptr) {
          const std::size_t begin = static_cast<std::size_t>(group) * kGroupBytes;
          CHECK(leaf->offset() == begin && begin + leaf->bytes().size() <= blob.size());
        }
        return Result<>{};
      });
  CHECK(result.has_value());
  if (verifier.size_verified()) CHECK(size == blob.size());
  const bool cut = bytes.size() > 1 && bytes.size() % kGroupBytes != 1;
  if (cut) CHECK(!verifier.check_groups(0, ByteView(bytes).first(bytes.size() - 1), {}));
  CHECK(!verifier.check_groups(verifier.tree().groups(), {}, {}));
}

// One subtree whose own hash the damaged pairs tell: its inner parents and leaves are those of the
// blob, or nothing comes out.
void check_subtree(HeldBlob& blob, const Bytes& outboard, std::uint64_t size, const Node& node,
                   std::uint64_t flip) {
  GroupVerifier verifier(blob.root, size, lookup_in(outboard));
  const Tree& tree = verifier.tree();
  Bytes bytes = blob.bytes;
  bytes.resize(static_cast<std::size_t>(size));
  const auto begin = static_cast<std::size_t>(tree.begin(node));
  Bytes part = to_bytes(ByteView(bytes).subspan(begin, static_cast<std::size_t>(tree.bytes(node))));
  std::size_t leaves = 0, parents = 0;
  const auto sink = [&](const DecodeEvent& event) -> Result<> {
    if (const auto* leaf = std::get_if<VerifiedLeaf>(&event)) {
      ++leaves;
      const auto own = ByteView(blob.bytes).subspan(leaf->offset(), leaf->bytes().size());
      CHECK(equal(leaf->bytes(), own));
    } else if (const auto* parent = std::get_if<VerifiedParent>(&event)) {
      const auto at = static_cast<std::size_t>(node.pair_index + parents++) * kPairBytes;
      CHECK(equal(parent->pair(), ByteView(blob.outboard).subspan(at, kPairBytes)));
    }
    return {};
  };
  const auto result = verifier.verify_subtree(node, part, sink);
  CHECK(result ? leaves == node.groups() && parents == node.pairs() : leaves + parents == 0);
  if (size == blob.size() && outboard == blob.outboard) CHECK(result.has_value());
  if (verifier.size_verified()) CHECK(size == blob.size());
  if (!part.empty()) {
    part[static_cast<std::size_t>(flip) % part.size()] ^= 4;
    leaves = parents = 0;
    CHECK(!result || (!verifier.verify_subtree(node, part, sink) && leaves + parents == 0));
    CHECK(!verifier.verify_subtree(node, ByteView(part).first(part.size() - 1), sink));
  }
  CHECK(!verifier.expected_cv({node.start, 0, 0}) && !verifier.expected_cv({tree.chunks(), 1, 0}));
  CHECK(!verifier.expected_cv({node.start, tree.chunks() + 1, node.pair_index}));
}

// A reader with everything at hand knows every node's hash.
void check_reader(HeldBlob& blob, const Node& node) {
  GroupVerifier verifier(blob.root, blob.size(), static_cast<Reader&>(blob));
  const auto cv = verifier.expected_cv(node);
  const Tree& tree = verifier.tree();
  const auto bytes = ByteView(blob.bytes)
                         .subspan(static_cast<std::size_t>(tree.begin(node)),
                                  static_cast<std::size_t>(tree.bytes(node)));
  CHECK(cv && *cv == crypto::subtree_cv(bytes, node.start, tree.is_root(node)));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  FuzzInput input(ByteView(data, size));
  const std::uint64_t mode = input.number(1);
  HeldBlob blob(pattern(static_cast<std::size_t>(input.number(3) % 300000)));
  std::uint64_t claimed = blob.size();
  if (mode % 4 == 3) claimed = input.number(3) % 400000;
  if (mode / 4 % 16 == 15) claimed = input.number(8);
  const std::size_t step = 1 + static_cast<std::size_t>(input.number(2));
  Bytes outboard = blob.outboard;
  if (mode % 4 == 2)
    outboard = to_bytes(input.rest());
  else
    input.damage(outboard);

  OutboardVerifier verifier(blob.root, claimed);
  Bytes emitted;
  bool ok = true;
  for (std::size_t at = 0; at < outboard.size() && ok; at += step) {
    const ByteView part = ByteView(outboard).subspan(at, std::min(step, outboard.size() - at));
    ok = verifier
             .update(part,
                     [&](const VerifiedParent& parent) {
                       CHECK(parent.node().pair_index == emitted.size() / kPairBytes);
                       append(emitted, parent.pair());
                       return Result<>{};
                     })
             .has_value();
  }
  CHECK(emitted.size() <= outboard.size() &&
        equal(emitted, ByteView(outboard).first(emitted.size())));
  if (claimed == blob.size()) {
    CHECK(equal(emitted, ByteView(blob.outboard).first(emitted.size())));
    CHECK((ok && verifier.finish().has_value()) == (outboard == blob.outboard));
  }
  const std::uint64_t group = input.number(1), level = input.number(1) % 11, flip = input.number(3);
  const auto node_of = [&](const Tree& tree) {
    return tree.node_at(group % tree.groups(), std::uint64_t{1} << level);
  };
  check_reader(blob, node_of(Tree(blob.size())));
  if (claimed <= 400000) {
    check_lookup(blob, outboard, claimed);
    check_subtree(blob, outboard, claimed, node_of(Tree(claimed)), flip);
  } else {
    GroupVerifier absurd(blob.root, claimed, lookup_in(outboard));
    if (claimed > limits::kBlobBytes) CHECK(!absurd.expected_cv(absurd.tree().root()));
  }
  return 0;
}
