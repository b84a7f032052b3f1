#include "fetch/quarantine.hpp"

#include <algorithm>

#include "base/limits.hpp"
#include "base/test_hooks.hpp"

namespace archy::fetch {
namespace {

constexpr std::size_t kPieceBytes = 256u << 10;
constexpr std::uint64_t kSpaceCheckBytes = 16u << 20;

// Where the run that begins at byte `from`, all held or all missing, ends.
std::uint64_t run_end(const bao::ChunkRanges& held, std::uint64_t from) {
  const auto chunk = from / bao::kChunkBytes;
  for (const auto boundary : held.boundaries()) {
    if (boundary > chunk) return boundary * bao::kChunkBytes;
  }
  return limits::kBlobBytes;
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
  position_ = origin_bytes_ = space_checked_at_ = 0;
  return {};
}

Result<> Quarantine::check_space(const Job& job) {
  if (position_ > 0 && position_ < space_checked_at_ + kSpaceCheckBytes) return {};
  space_checked_at_ = position_;
  TRY(free_bytes, env_.files.free_space(path_.parent_path()));
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

rt::Task<> Quarantine::collect(OriginStream& origin, Job job, Attempt& attempt) {
  CO_TRY_OK(begin(origin.generation()));
  while (!job.size || position_ < *job.size) {
    CO_TRY_OK(check_space(job));
    const auto limit = job.size.value_or(limits::kBlobBytes);
    const auto end = std::min(run_end(job.held, position_), limit);
    const bool is_held = job.held.contains(ChunkIndex(position_ / bao::kChunkBytes));
    if (is_held && job.reader) {
      CO_TRY_OK(copy_held(job, end));
      continue;
    }
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
    origin_bytes_ += bytes.size();
    attempt.received_bytes += bytes.size();
    origin.consume(bytes.size());
  }
  co_return Result<>{};
}

WholeFile Quarantine::hand_over() {
  file_.reset();
  position_ = 0;
  return {std::exchange(path_, {}), std::exchange(origin_bytes_, 0)};
}

}  // namespace archy::fetch
