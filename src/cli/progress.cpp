#include "cli/progress.hpp"

#include <fmt/core.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "cli/output.hpp"

namespace archy::cli {
namespace {

constexpr auto kRedraw = std::chrono::milliseconds(100);
constexpr auto kPlainEvery = std::chrono::seconds(5);

}  // namespace

Progress::Style Progress::style_for(bool json, bool no_progress) {
  if (json || no_progress) return Style::none;
  const char* term = std::getenv("TERM");
  const bool dumb = term == nullptr || std::string_view(term) == "dumb";
  return isatty(STDERR_FILENO) != 0 && !dumb ? Style::terminal : Style::plain;
}

Progress::Progress(Style style, std::string_view what) : style_(style), what_(what) {}
Progress::~Progress() { clear(); }

std::string Progress::describe(std::uint64_t done, std::uint64_t total,
                               std::string_view note) const {
  const double seconds = std::chrono::duration<double>(Clock::now() - begun_).count();
  const double rate = seconds > 0 ? static_cast<double>(done - first_done_) / seconds : 0;
  std::string out = fmt::format("{} {}", what_, human_bytes(done));
  if (total > 0) {
    out +=
        fmt::format(" of {} ({} %)", human_bytes(total), done >= total ? 100 : done * 100 / total);
  }
  if (rate >= 1) {
    out += fmt::format(", {}/s", human_bytes(static_cast<std::uint64_t>(rate)));
    if (total > done) {
      out += fmt::format(
          ", {} left",
          human_seconds(static_cast<std::uint64_t>(static_cast<double>(total - done) / rate)));
    }
  }
  if (!note.empty()) out += fmt::format(", {}", note);
  return out;
}

void Progress::update(std::uint64_t done, std::uint64_t total, std::string_view note) {
  if (style_ == Style::none) return;
  const auto now = Clock::now();
  if (first_) {
    first_ = false;
    first_done_ = done;
    begun_ = drawn_ = now;
    return;
  }
  if (now - drawn_ <
      (style_ == Style::terminal ? Clock::duration(kRedraw) : Clock::duration(kPlainEvery)))
    return;
  drawn_ = now;
  const std::string text = describe(done, total, note);
  if (style_ == Style::terminal) {
    std::fprintf(stderr, "\r\x1b[K%s", text.c_str());
    visible_ = true;
  } else {
    std::fprintf(stderr, "%s\n", text.c_str());
  }
  std::fflush(stderr);
}

void Progress::clear() {
  if (!visible_) return;
  std::fprintf(stderr, "\r\x1b[K");
  std::fflush(stderr);
  visible_ = false;
}

}  // namespace archy::cli
