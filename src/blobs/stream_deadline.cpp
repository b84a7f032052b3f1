#include "blobs/stream_deadline.hpp"

namespace archy::blobs {

StreamDeadline::StreamDeadline(rt::Clock& clock, std::function<void()> end, std::stop_token stop)
    : clock_(clock), end_(std::move(end)), timer_(clock.make_timer()) {
  on_stop_.emplace(std::move(stop), OnStop{this});
}

void StreamDeadline::set(rt::Instant when) {
  when_ = when;
  if (when_ < armed_) arm();
}

void StreamDeadline::arm() {
  armed_ = when_;
  timer_->arm(armed_, [this] { fired(); });
}

void StreamDeadline::fired() {
  armed_ = rt::kNever;
  if (when_ == rt::kNever || expired_ || stopped_) return;
  if (clock_.now() < when_) return arm();
  expired_ = true;
  end_();
}

void StreamDeadline::stop_requested() {
  if (expired_ || stopped_) return;
  stopped_ = true;
  end_();
}

}  // namespace archy::blobs
