#include "blobs/blob_sink.hpp"

namespace archy::blobs {

Result<> MemorySink::take(std::span<const bao::DecodeEvent> events) {
  for (const auto& event : events) {
    if (const auto* claim = std::get_if<bao::SizeClaim>(&event)) {
      if (claim->size > most_) return fail(Code::bad_input, "larger than is taken into memory");
    } else if (const auto* leaf = std::get_if<bao::VerifiedLeaf>(&event)) {
      append(bytes_, leaf->bytes());
    }
  }
  return {};
}

Result<> PartialSink::take(std::span<const bao::DecodeEvent> events) {
  if (!events.empty()) {
    if (const auto* claim = std::get_if<bao::SizeClaim>(&events.front())) {
      const auto known = target_->size();
      if (known && *known != claim->size) {
        size_conflict_ = claim->size;
        return fail(Code::peer_fault, "claims " + std::to_string(claim->size) + " bytes where " +
                                          std::to_string(*known) + " were claimed before");
      }
      if (!known) TRY_OK(target_->claim_size(claim->size));
      claimed_ = claim->size;
      events = events.subspan(1);
    }
  }
  if (target_->size() != claimed_) return fail(Code::cancelled, "another size was proven");
  return target_->write_batch(events);
}

Result<> PartialSink::size_verified(std::uint64_t size) {
  if (target_->size() != size) return fail(Code::cancelled, "another size was proven");
  return target_->mark_size_verified();
}

}  // namespace archy::blobs
