#include "rt/asio/asio_clock.hpp"

#include <boost/asio/steady_timer.hpp>

namespace archy::rt {
namespace {

class AsioTimer final : public Timer {
 public:
  explicit AsioTimer(const Executor& executor)
      : timer_(executor), alive_(std::make_shared<int>(0)) {}

  void arm(Instant when, std::function<void()> on_fire) override {
    const std::weak_ptr<int> generation = alive_ = std::make_shared<int>(0);
    timer_.expires_at(std::chrono::steady_clock::time_point(when.time_since_epoch()));
    timer_.async_wait(
        [generation, fire = std::move(on_fire)](const boost::system::error_code& error) {
          if (!error && !generation.expired()) fire();
        });
  }
  void disarm() override {
    alive_ = std::make_shared<int>(0);
    timer_.cancel();
  }

 private:
  boost::asio::steady_timer timer_;
  std::shared_ptr<int>
      alive_;  // a new one per arm: an expiry already queued when we re-arm must not fire
};

}  // namespace

Instant AsioClock::now() const {
  return Instant(
      std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now().time_since_epoch()));
}

std::int64_t AsioClock::unix_ms() const {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

std::unique_ptr<Timer> AsioClock::make_timer() { return std::make_unique<AsioTimer>(executor_); }

}  // namespace archy::rt
