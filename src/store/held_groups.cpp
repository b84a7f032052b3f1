#include "store/held_groups.hpp"

#include <algorithm>

#include "bao/group_verifier.hpp"
#include "store/outboard_file.hpp"

namespace archy::store {
namespace {

using bao::kGroupBytes;
using bao::kGroupChunks;

constexpr std::uint64_t kGroupsAtOnce = 16;

}  // namespace

Result<HeldGroups> scan_held_groups(const HeldGroupsScan& scan) {
  HeldGroups out;
  PairWindows windows;
  bao::GroupVerifier verifier(scan.hash, scan.size, [&](std::uint64_t index) -> Result<bao::Pair> {
    if (scan.outboard == nullptr) return fail(Code::not_found, "no outboard");
    return windows.pair(*scan.outboard, index);
  });
  const std::uint64_t chunks = verifier.tree().chunks();
  const bao::GroupVerifier::GroupSink note = [&](std::uint64_t group,
                                                 const bao::VerifiedLeaf* leaf) -> Result<> {
    if (leaf != nullptr) {
      if (scan.write_back) TRY_OK(scan.data->write_at(leaf->offset(), leaf->bytes()));
      out.good.add(group * kGroupChunks, std::min((group + 1) * kGroupChunks, chunks));
    }
    return {};
  };
  Bytes buffer(kGroupsAtOnce * kGroupBytes);
  for (const bao::ChunkRanges::Span& span : scan.wanted.spans()) {
    std::uint64_t group = span.start / kGroupChunks;
    const std::uint64_t span_end = std::min(span.end.value_or(chunks), chunks);
    const std::uint64_t end = (span_end + kGroupChunks - 1) / kGroupChunks;
    while (group < end) {
      if (scan.stop.stop_requested()) return fail(Code::cancelled, "stopped");
      if (scan.skip_holes) {
        TRY(data_at, scan.data->next_data(group * kGroupBytes));
        if (!data_at.has_value()) break;
        group = std::max(group, *data_at / kGroupBytes);
        if (group >= end) break;
      }
      const std::uint64_t count = std::min(kGroupsAtOnce, end - group);
      const std::uint64_t begin = group * kGroupBytes;
      const auto want = static_cast<std::size_t>(std::min(count * kGroupBytes, scan.size - begin));
      TRY(got, scan.data->read_at(begin, MutableBytes(buffer).first(want)));
      out.read_bytes += got;
      // A truncated file: what is whole still counts.
      const std::size_t whole = got == want ? got : got - got % kGroupBytes;
      if (whole > 0 || (want == 0 && scan.size == 0)) {
        TRY_OK(verifier.check_groups(group, ByteView(buffer).first(whole), note));
      }
      if (scan.on_read) scan.on_read(got);
      if (got < want) break;
      group += count;
    }
  }
  out.size_verified = verifier.size_verified();
  return out;
}

}  // namespace archy::store
