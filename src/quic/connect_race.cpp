#include "quic/connect_race.hpp"

#include "quic/handles.hpp"

namespace archy::quic {
namespace {

// Enough for a LAN or a nearby peer to answer before the next address is tried as well.
constexpr rt::Duration kStagger = std::chrono::milliseconds(20);
// A peer names its interfaces: more than this is somebody using us to knock on doors.
constexpr std::size_t kMostAddresses = 16;

// A clear refusal says more than silence, and silence more than "no route".
int weight(Code code) {
  switch (code) {
    case Code::denied:
      return 3;
    case Code::try_later:
      return 2;
    case Code::timed_out:
      return 1;
    default:
      return 0;
  }
}

struct Race {
  explicit Race(const rt::Executor& executor) : changed(executor) {}
  ~Race() {
    for (const auto& attempt : attempts) {
      attempt->on_outcome = nullptr;
      attempt->close(0, {});
    }
  }
  void failed(Error error) {
    if (!worst || weight(error.code) > weight(worst->code)) worst = std::move(error);
  }
  std::vector<std::shared_ptr<ConnectionCore>> attempts;
  std::optional<Error> worst;
  rt::Signal changed;
};

// The established attempt, taken out of the race; failed ones are dropped and remembered.
std::shared_ptr<ConnectionCore> settle(Race& race, const EndpointTuning& tuning,
                                       const std::string& alpn) {
  for (std::size_t i = 0; i < race.attempts.size();) {
    auto& attempt = race.attempts[i];
    if (attempt->closed()) {
      if (tuning.attempt_failed) tuning.attempt_failed(*attempt->closed());
      race.failed(connect_error(*attempt->closed(), attempt->key_failure(), alpn));
      race.attempts.erase(race.attempts.begin() + static_cast<std::ptrdiff_t>(i));
    } else if (attempt->established()) {
      auto won = attempt;
      race.attempts.erase(race.attempts.begin() + static_cast<std::ptrdiff_t>(i));
      return won;
    } else {
      ++i;
    }
  }
  return nullptr;
}

}  // namespace

rt::Task<std::shared_ptr<Connection>> connect_race(std::shared_ptr<EndpointCore> endpoint,
                                                   EndpointId peer,
                                                   std::vector<rt::Address> addresses,
                                                   std::string alpn, std::stop_token stop) {
  if (alpn.empty() || alpn.size() > 255) co_return fail(Code::bad_input, "bad ALPN");
  if (addresses.empty()) co_return fail(Code::unreachable, "no address to dial");
  if (addresses.size() > kMostAddresses) addresses.resize(kMostAddresses);
  rt::Clock& clock = endpoint->env().clock;
  Race race(endpoint->env().executor);
  const std::stop_callback on_stop(stop, [&race] { race.changed.notify(); });
  std::size_t next = 0;
  rt::Instant next_start = clock.now();
  for (;;) {
    if (endpoint->is_shut_down()) co_return fail(Code::cancelled, "endpoint closed");
    if (stop.stop_requested()) co_return fail(Code::cancelled, "cancelled");
    if (auto won = settle(race, endpoint->tuning(), alpn))
      co_return make_connection_handle(std::move(won));
    if (next == addresses.size() && race.attempts.empty()) co_return fail(std::move(*race.worst));
    if (next < addresses.size() && (race.attempts.empty() || clock.now() >= next_start)) {
      auto attempt = endpoint->dial(peer, addresses[next++], alpn);
      next_start = clock.now() + kStagger;
      if (!attempt) {
        race.failed(attempt.error());
        continue;
      }
      (*attempt)->on_outcome = [&race] { race.changed.notify(); };
      race.attempts.push_back(std::move(*attempt));
    }
    const rt::Instant until = next < addresses.size() ? next_start : rt::kNever;
    (void)co_await race.changed.wait(clock, until);
  }
}

}  // namespace archy::quic
