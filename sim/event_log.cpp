#include "sim/event_log.hpp"

#include <fmt/core.h>

#include <bit>

namespace archy::sim {

void EventLog::mix(std::uint64_t value) {
  hash_ = std::rotl((hash_ ^ value) * 0xff51afd7ed558ccd, 31) + 0x9e3779b97f4a7c15;
}

void EventLog::add(rt::Instant when, std::string_view kind,
                   std::initializer_list<std::uint64_t> values, std::string_view text) {
  ++events_;
  mix(static_cast<std::uint64_t>(when.time_since_epoch().count()));
  for (char c : kind) mix(static_cast<std::uint8_t>(c));
  for (std::uint64_t v : values) mix(v);
  for (char c : text) mix(static_cast<std::uint8_t>(c));
  if (!sink_) return;
  std::string line =
      fmt::format("{:>14.6f} {}", static_cast<double>(when.time_since_epoch().count()) / 1e9, kind);
  for (std::uint64_t v : values) line += fmt::format(" {}", v);
  if (!text.empty()) line += fmt::format(" {}", text);
  sink_(line);
}

}  // namespace archy::sim
