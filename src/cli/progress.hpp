// Progress of one long operation, on standard error: a line that is redrawn on a terminal, a plain
// line now and then otherwise, nothing with --json or --no-progress.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace archy::cli {

class Progress {
 public:
  enum class Style : unsigned char { none, plain, terminal };
  // Terminal when standard error is one; NO_COLOR and dumb terminals get plain lines.
  static Style style_for(bool json, bool no_progress);

  Progress(Style style, std::string_view what);
  ~Progress();
  Progress(const Progress&) = delete;

  // `note`: what else there is to say ("2 peers, origin 3.0 MiB"). total 0: not known yet.
  void update(std::uint64_t done, std::uint64_t total, std::string_view note = {});
  // Clears the redrawn line so that other output can follow.
  void clear();

 private:
  using Clock = std::chrono::steady_clock;
  std::string describe(std::uint64_t done, std::uint64_t total, std::string_view note) const;

  Style style_;
  std::string what_;
  Clock::time_point begun_ = Clock::now();
  Clock::time_point drawn_{};
  std::uint64_t first_done_ = 0;
  bool first_ = true;
  bool visible_ = false;
};

}  // namespace archy::cli
