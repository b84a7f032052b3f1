// A stop token that is requested when either of two is.
#pragma once

#include <stop_token>

namespace archy::app {

// Lifetime: the token is only requested while this lives.
class EitherStop {
 public:
  EitherStop(std::stop_token first, std::stop_token second)
      : first_(std::move(first), Ask{&both_}), second_(std::move(second), Ask{&both_}) {}
  EitherStop(const EitherStop&) = delete;
  std::stop_token token() const { return both_.get_token(); }

 private:
  struct Ask {
    std::stop_source* both;
    void operator()() const { both->request_stop(); }
  };
  std::stop_source both_;
  std::stop_callback<Ask> first_, second_;
};

}  // namespace archy::app
