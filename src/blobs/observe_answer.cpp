#include "blobs/observe_answer.hpp"

#include "rt/signal.hpp"

namespace archy::blobs {

ObserveItem ObserveAnswer::current() {
  if (!reader_) {
    auto opened = context_.store.reader(request_.hash);
    if (!opened) return {};
    reader_ = std::move(*opened);
  }
  if (reader_->complete()) return {reader_->size(), bao::ChunkRanges::all()};
  ObserveItem item{reader_->size(), observed_form(reader_->have(), reader_->size())};
  // A blob that became complete is another object in the store: look again next time.
  reader_.reset();
  return item;
}

rt::Task<> ObserveAnswer::send(ObserveItem item) {
  Bytes bytes = encode(item);
  co_return co_await stream_.write(std::move(bytes));
}

boost::asio::awaitable<Verdict> ObserveAnswer::run() {
  const Verdict verdict = context_.admission.on_request(request_);
  if (verdict == Verdict::deny || verdict == Verdict::limit) co_return verdict;
  const bool hidden = verdict == Verdict::hide;
  if (!hidden) shown_ = current();
  auto sent = co_await send(shown_);
  while (sent && !stream_.stop_code() && !connection_.closed()) {
    const rt::Instant next = context_.env.clock.now() + context_.poll;
    (void)co_await rt::sleep_until(context_.env.executor, context_.env.clock, next);
    if (hidden || (reader_ && reader_->complete())) continue;
    ObserveItem now = current();
    if (now == shown_) continue;
    ObserveItem change{now.size, shown_.ranges ^ now.ranges};
    shown_ = std::move(now);
    sent = co_await send(std::move(change));
  }
  co_return Verdict::allow;
}

}  // namespace archy::blobs
