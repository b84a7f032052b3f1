#include "fetch/delivery.hpp"

namespace archy::fetch {

Result<> Delivery::check_open() const {
  if (listener_) return {};
  return fail(Code::cancelled, "the fetch is over");
}

std::optional<std::uint64_t> Delivery::group_of(const bao::VerifiedLeaf& leaf) const {
  const auto end = leaf.offset() + leaf.bytes().size();
  const bool whole = leaf.offset() % bao::kGroupBytes == 0 &&
                     (leaf.bytes().size() == bao::kGroupBytes || end == inner_->size());
  return whole ? std::optional(leaf.offset() / bao::kGroupBytes) : std::nullopt;
}

Result<> Delivery::claim_size(std::uint64_t size) {
  TRY_OK(check_open());
  const auto before = inner_->size();
  TRY_OK(inner_->claim_size(size));
  if (before != size) listener_->size_claimed();
  return {};
}

Result<> Delivery::mark_size_verified() {
  TRY_OK(check_open());
  const bool before = inner_->size_verified();
  TRY_OK(inner_->mark_size_verified());
  if (!before) listener_->size_proven();
  return {};
}

Result<> Delivery::write(const bao::VerifiedParent& parent) {
  TRY_OK(check_open());
  return inner_->write(parent);
}

Result<> Delivery::write(const bao::VerifiedLeaf& leaf) {
  TRY_OK(check_open());
  TRY_OK(inner_->write(leaf));
  if (const auto group = group_of(leaf)) listener_->groups_came({*group, *group + 1});
  return {};
}

Result<> Delivery::write_batch(std::span<const bao::DecodeEvent> events) {
  TRY_OK(check_open());
  const auto before = inner_->size();
  TRY_OK(inner_->write_batch(events));
  if (inner_->size() != before) listener_->size_claimed();
  GroupSpan run;
  const auto tell = [&] {
    if (run.begin < run.end) listener_->groups_came(run);
  };
  for (const auto& event : events) {
    const auto* leaf = std::get_if<bao::VerifiedLeaf>(&event);
    const auto group = leaf ? group_of(*leaf) : std::nullopt;
    if (!group) continue;
    if (*group != run.end || run.begin == run.end) {
      tell();
      run = {*group, *group};
    }
    ++run.end;
  }
  tell();
  return {};
}

Result<> Delivery::flush() {
  TRY_OK(check_open());
  return inner_->flush();
}

Result<> Delivery::checkpoint() {
  TRY_OK(check_open());
  return inner_->checkpoint();
}

Result<store::Imported> Delivery::finish() {
  return fail(Code::bad_input, "a source does not finish a blob");
}

}  // namespace archy::fetch
