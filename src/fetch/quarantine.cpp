#include "fetch/quarantine.hpp"

#include <algorithm>

#include "base/limits.hpp"
#include "base/test_hooks.hpp"

namespace archy::fetch {
namespace {

constexpr std::size_t kPieceBytes = 256u << 10;
constexpr std::uint64_t kSpaceCheckBytes = 16u << 20;
// A run that others brought is passed over if it is this long: asking anew costs a round trip.
constexpr std::uint64_t kWorthSkippingBytes = 1u << 20;

// The first run at or behind byte `from` that is held and worth passing over.
struct Run {
  std::uint64_t begin = limits::kBlobBytes;
  std::uint64_t end = limits::kBlobBytes;
};
Run next_held(const bao::ChunkRanges& held, std::uint64_t from, std::uint64_t limit) {
  for (const auto& span : held.spans()) {
    const auto begin = std::max(span.start * bao::kChunkBytes, from);
    const auto end = std::min(span.end.value_or(limit) * bao::kChunkBytes, limit);
    if (end > begin && (end - begin >= kWorthSkippingBytes || end == limit)) return {begin, end};
  }
  return {};
}

}  // namespace

Quarantine::~Quarantine() {
  file_.reset();
  if (!path_.empty()) (void)env_.files.remove(path_);
}

Result<> Quarantine::begin(std::uint64_t generation) {
  if (file_ && generation == generation_) return {};
  if (!file_) {
    TRY(path, store_.new_temp_path("origin"));
    TRY(file, env_.files.open(path, rt::Open::create_new));
    path_ = path;
    file_ = std::move(file);
  }
  TRY_OK(file_->resize(0));
  generation_ = generation;
  position_ = space_checked_at_ = 0;
  return {};
}

Result<> Quarantine::check_space(const Job& job) {
  if (position_ > 0 && position_ < space_checked_at_ + kSpaceCheckBytes) return {};
  space_checked_at_ = position_;
  TRY(space, env_.files.disk_space(path_.parent_path()));
  const std::uint64_t free_bytes = space.free_bytes;
  const std::uint64_t due = job.size ? *job.size - position_ : 0;
  if (free_bytes < job.min_free_bytes || free_bytes - job.min_free_bytes < due) {
    return fail(Code::no_space, "not enough disk space for the origin's file");
  }
  return {};
}

Result<> Quarantine::copy_held(const Job& job, std::uint64_t end) {
  while (position_ < end) {
    const auto n = std::min<std::uint64_t>(kPieceBytes, end - position_);
    TRY(bytes, job.reader->data(position_, static_cast<std::size_t>(n)));
    TRY_OK(file_->write_at(position_, bytes));
    position_ += n;
  }
  return {};
}

rt::Task<bool> Quarantine::collect(OriginStream& origin, Job job, Attempt& attempt) {
  CO_TRY_OK(begin(origin.generation()));
  const auto limit = job.size.value_or(limits::kBlobBytes);
  while (position_ < limit) {
    if (attempt.tree_came) co_return false;
    CO_TRY_OK(check_space(job));
    const auto held = job.reader ? next_held(attempt.target->have(), position_, limit) : Run();
    if (held.begin == position_) {
      CO_TRY_OK(copy_held(job, held.end));
      continue;
    }
    const auto end = std::min(held.begin, limit);
    origin.seek(position_, end < limit ? std::optional(end) : std::nullopt);
    const auto piece =
        static_cast<std::size_t>(std::min<std::uint64_t>(kPieceBytes, end - position_));
    auto filled = co_await origin.fill(std::min(piece, bao::kGroupBytes), attempt.no_progress_limit,
                                       attempt.stop);
    if (!filled) co_return fail(filled.error());
    if (*filled == 0) {
      if (!job.size || test_hooks::planted("origin_length_unchecked")) break;
      co_return fail(Code::peer_fault, "the file at the origin is shorter than announced");
    }
    const auto bytes = origin.buffered().first(std::min(*filled, piece));
    CO_TRY_OK(file_->write_at(position_, bytes));
    position_ += bytes.size();
    attempt.received(bytes.size());
    origin.consume(bytes.size());
  }
  co_return true;
}

Result<ByteView> Quarantine::read(std::uint64_t offset, std::size_t length) {
  buffer_.resize(length);
  TRY(got, file_->read_at(offset, buffer_));
  if (got < length) return fail(Code::io, "the file of the origin's bytes is too short");
  return ByteView(buffer_);
}

WholeFile Quarantine::hand_over() {
  file_.reset();
  position_ = 0;
  return {std::exchange(path_, {})};
}

}  // namespace archy::fetch
