// Whether a mint is worth asking: one that did not answer three times in a row is left alone for a
// time that doubles with each further try, from 5 seconds to 5 minutes. Money that is under way
// there is gone on with at the first try after that, so that it waits for 5 minutes longer at most.
//
// No answer: no connection, none in time, or a 5xx page. Any other answer makes it worth asking.
// In memory: a program that starts knows nothing bad of anybody. Pure.
#pragma once

#include <algorithm>

#include "rt/clock.hpp"

namespace archy::wallet {

class MintBreaker {
 public:
  static constexpr unsigned kTries = 3;
  static constexpr rt::Duration kFirst = std::chrono::seconds(5);
  static constexpr rt::Duration kLongest = std::chrono::minutes(5);

  struct State {
    unsigned unanswered = 0;       // in a row
    rt::Duration left_alone = {};  // for so long from now
  };

  bool lets_through(rt::Instant now) const { return now >= until_; }
  // Somebody insists: the next one is let through.
  void let_try() { until_ = rt::Instant{}; }
  void note_answer() {
    unanswered_ = 0;
    until_ = rt::Instant{};
  }
  void note_silence(rt::Instant now) {
    ++unanswered_;
    if (unanswered_ < kTries) return;
    const unsigned doublings = std::min(unanswered_ - kTries, 10u);
    until_ = now + std::min<rt::Duration>(kFirst * (1 << doublings), kLongest);
  }
  State state(rt::Instant now) const {
    return {unanswered_, now < until_ ? until_ - now : rt::Duration::zero()};
  }

 private:
  unsigned unanswered_ = 0;
  rt::Instant until_{};
};

}  // namespace archy::wallet
