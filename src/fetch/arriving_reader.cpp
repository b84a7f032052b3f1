#include "fetch/arriving_reader.hpp"

#include <algorithm>

namespace archy::fetch {
namespace {

constexpr std::uint64_t kReadBytes = 256u << 10;

// How far what is held reaches from byte `offset` without a gap; `offset` itself if it is not held.
std::uint64_t held_up_to(const bao::ChunkRanges& have, std::uint64_t offset, std::uint64_t size) {
  const auto chunk = offset / bao::kChunkBytes;
  if (!have.contains(ChunkIndex(chunk))) return offset;
  for (const auto boundary : have.boundaries()) {
    if (boundary > chunk) return std::min(boundary * bao::kChunkBytes, size);
  }
  return size;
}

// Why a reader will never get its bytes.
Error reason(const std::optional<Error>& error) {
  if (!error) return {Code::not_found, "the blob was removed"};
  switch (error->code) {
    case Code::cancelled:
    case Code::timed_out:
    case Code::io:
      return *error;
    default:
      return {Code::not_found, "the fetch ended: " + to_string(*error)};
  }
}

}  // namespace

ArrivingReader::ArrivingReader(std::shared_ptr<Arrival> arrival, store::BlobStore& store,
                               rt::Clock& clock, const Blake3Hash& hash)
    : arrival_(std::move(arrival)), store_(store), clock_(clock), hash_(hash), place_(*arrival_) {}

ArrivingReader::~ArrivingReader() = default;

Result<bool> ArrivingReader::look() {
  // What was adopted whole is another file than the one that was being written.
  if (arrival_->is_over() && !reopened_) {
    verifier_.reset();
    reader_.reset();
    reopened_ = true;
  }
  if (!reader_) {
    auto opened = store_.reader(hash_);
    if (!opened && opened.error().code == Code::not_found) return false;
    if (!opened) return fail(opened.error());
    reader_ = std::move(*opened);
  }
  // Until the size is proven it may be replaced by another, and the tree with it.
  if (!verifier_ || verifier_->tree().size() != reader_->size()) {
    verifier_ = std::make_unique<bao::GroupVerifier>(hash_, reader_->size(), *reader_);
  }
  return true;
}

rt::Task<> ArrivingReader::wait(std::optional<std::uint64_t> group, std::stop_token stop) {
  if (stop.stop_requested()) co_return fail(Code::cancelled, "cancelled");
  if (arrival_->is_over()) co_return fail(reason(arrival_->error()));
  const std::stop_callback on_stop(stop, [this] { arrival_->wake(); });
  co_return co_await place_.wait_for(group, clock_);
}

rt::Task<std::uint64_t> ArrivingReader::size(std::stop_token stop) {
  for (;;) {
    CO_TRY(there, look());
    if (there) {
      CO_TRY(info, store_.info(hash_));
      size_proven_ = size_proven_ || reader_->complete() || (info && info->size_verified);
      if (size_proven_) co_return reader_->size();
    }
    CO_TRY_OK(co_await wait(std::nullopt, stop));
  }
}

rt::Task<ByteView> ArrivingReader::read(std::uint64_t offset, std::size_t most,
                                        std::stop_token stop) {
  const auto group = offset / bao::kGroupBytes;
  for (;;) {
    CO_TRY(there, look());
    if (there) {
      const auto held = held_up_to(reader_->have(), offset, reader_->size());
      const auto end = std::min(held, offset + std::min<std::uint64_t>(most, kReadBytes));
      if (end > offset) {
        auto bytes = read_held(offset, end);
        if (bytes) place_.move_to((end - 1) / bao::kGroupBytes + 1);
        co_return bytes;
      }
    }
    CO_TRY_OK(co_await wait(group, stop));
  }
}

Result<ByteView> ArrivingReader::read_held(std::uint64_t offset, std::uint64_t end) {
  const auto group = offset / bao::kGroupBytes;
  const auto begin = group * bao::kGroupBytes;
  const auto groups_end = (end + bao::kGroupBytes - 1) / bao::kGroupBytes * bao::kGroupBytes;
  const auto length = static_cast<std::size_t>(std::min(groups_end, reader_->size()) - begin);
  TRY(bytes, reader_->data(begin, length));
  std::uint64_t verified = begin;
  const auto keep = [&verified](std::uint64_t, const bao::VerifiedLeaf* leaf) -> Result<> {
    if (!leaf) return fail(Code::corrupt, "a stored group does not hash");
    verified += leaf->bytes().size();
    return {};
  };
  auto checked = verifier_->check_groups(group, bytes, keep);
  // The groups before a bad one are good.
  if (!checked && verified <= offset) return fail(checked.error());
  const auto skipped = static_cast<std::size_t>(offset - begin);
  return bytes.subspan(skipped, static_cast<std::size_t>(std::min(verified, end) - offset));
}

}  // namespace archy::fetch
