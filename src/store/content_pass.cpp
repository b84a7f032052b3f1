#include "store/content_pass.hpp"

namespace archy::store {
namespace {

constexpr std::uint64_t kHelperPays = 2u
                                      << 20;  // below, starting a thread costs more than it saves

bao::PairSink sink_or_none(bao::PairSink pairs) {
  if (pairs) return pairs;
  return [](std::uint64_t, ByteView) -> Result<> { return {}; };
}

}  // namespace

ContentPass::ContentPass(std::uint64_t size, bao::PairSink pairs, Options options)
    : size_(size), builder_(size, sink_or_none(std::move(pairs))) {
  if (!options.sha256) return;
  sha256_.emplace();
  if (options.helper_thread && size >= kHelperPays) {
    worker_ = std::make_unique<rt::OrderedWorker>(kPassBuffers);
  }
}

ContentPass::~ContentPass() = default;

MutableBytes ContentPass::buffer() {
  const std::size_t slot = worker_ ? fed_ % kPassBuffers : 0;
  if (slot >= buffers_.size()) buffers_.resize(slot + 1);
  if (buffers_[slot].empty()) buffers_[slot].resize(worker_ ? kPassBytes : kAlonePassBytes);
  if (worker_ && fed_ >= kPassBuffers) worker_->wait_for(fed_ - kPassBuffers + 1);
  return buffers_[slot];
}

Result<> ContentPass::feed(ByteView bytes) {
  ++fed_;
  if (worker_) {
    worker_->submit([sha = &*sha256_, bytes] { sha->update(bytes); });
  } else if (sha256_.has_value()) {
    sha256_->update(bytes);
  }
  return builder_.update(bytes);
}

Result<Imported> ContentPass::finish() {
  Imported out;
  out.size = size_;
  TRY(hash, builder_.finish());
  out.hash = hash;
  if (worker_) worker_->wait_for(worker_->submitted());
  if (sha256_.has_value()) out.sha256 = sha256_->finish();
  return out;
}

Result<Imported> pass_over(rt::File& file, ContentPass& pass, const PassOver& how) {
  std::uint64_t offset = 0;
  while (offset < how.size) {
    if (how.stop.stop_requested()) return fail(Code::cancelled, "stopped");
    const MutableBytes room = pass.buffer();
    const auto want =
        static_cast<std::size_t>(std::min<std::uint64_t>(room.size(), how.size - offset));
    TRY(got, file.read_at(offset, room.first(want)));
    if (got < want) return fail(Code::bad_input, "the file is shorter than it was");
    const ByteView bytes = room.first(want);
    if (how.copy_to != nullptr) TRY_OK(how.copy_to->write_at(offset, bytes));
    TRY_OK(pass.feed(bytes));
    offset += want;
    if (how.progress != nullptr && *how.progress) (*how.progress)({offset, how.size});
  }
  std::uint8_t beyond = 0;
  TRY(more, file.read_at(how.size, MutableBytes(&beyond, 1)));
  if (more != 0) return fail(Code::bad_input, "the file is longer than it was");
  return pass.finish();
}

}  // namespace archy::store
