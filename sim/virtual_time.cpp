#include "sim/virtual_time.hpp"

#include <boost/asio/io_context.hpp>
#include <optional>

namespace archy::sim {
namespace {

constexpr std::uint64_t kHandlersAtOneInstant = 2'000'000;

class VirtualTimer final : public rt::Timer {
 public:
  explicit VirtualTimer(VirtualTime& time) : time_(time) {}
  ~VirtualTimer() override { disarm(); }

  void arm(rt::Instant when, std::function<void()> on_fire) override {
    disarm();
    armed_ = time_.at(when, [this, fire = std::move(on_fire)] {
      armed_.reset();
      fire();  // may destroy this timer
    });
  }
  void disarm() override {
    if (armed_) time_.cancel(*armed_);
    armed_.reset();
  }

 private:
  VirtualTime& time_;
  std::optional<VirtualTime::Id> armed_;
};

}  // namespace

VirtualTime::VirtualTime() : context_(std::make_unique<boost::asio::io_context>(1)) {}
VirtualTime::~VirtualTime() = default;

rt::Executor VirtualTime::executor() { return context_->get_executor(); }

VirtualTime::Id VirtualTime::at(rt::Instant when, std::function<void()> call) {
  const Id id{std::max(when, now_), ++sequence_};
  queue_.emplace(id, std::move(call));
  return id;
}

VirtualTime::Ended VirtualTime::run_until(const std::function<bool()>& done, rt::Instant deadline) {
  std::uint64_t at_this_instant = 0;
  for (;;) {
    context_->restart();
    while (context_->poll_one() > 0) {
      ++steps_;
      if (done()) return Ended::done;
      if (++at_this_instant > kHandlersAtOneInstant) return Ended::livelock;
    }
    if (done()) return Ended::done;
    if (queue_.empty()) return Ended::idle;
    auto next = queue_.begin();
    if (next->first.first > deadline) {
      now_ = std::max(now_, deadline);
      return Ended::deadline;
    }
    if (next->first.first > now_) at_this_instant = 0;
    now_ = next->first.first;
    auto call = std::move(next->second);
    queue_.erase(next);
    ++steps_;
    if (++at_this_instant > kHandlersAtOneInstant) return Ended::livelock;
    call();
  }
}

std::int64_t NodeClock::unix_ms() const {
  return offset_ms_ +
         std::chrono::duration_cast<std::chrono::milliseconds>(time_.now().time_since_epoch())
             .count();
}

std::unique_ptr<rt::Timer> NodeClock::make_timer() { return std::make_unique<VirtualTimer>(time_); }

}  // namespace archy::sim
