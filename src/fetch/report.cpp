#include "fetch/report.hpp"

#include <fmt/core.h>

#include "base/log.hpp"

namespace archy::fetch {

std::string explain(const FetchReport& report) {
  std::string out;
  if (report.was_local) return "held already, nothing was asked\n";
  if (report.resumed_bytes > 0) out += fmt::format("resumed: {} bytes\n", report.resumed_bytes);
  for (const auto& row : report.sources) {
    const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(row.time).count();
    out += fmt::format("{}: {} bytes, {} attempt{}, {} ms", log::escaped(row.name),
                       row.verified_bytes, row.attempts, row.attempts == 1 ? "" : "s", ms);
    if (row.attempts == 0) out += ", not asked";
    if (row.latency) {
      const auto wait = std::chrono::duration_cast<std::chrono::milliseconds>(*row.latency).count();
      out += fmt::format(", first bytes after {} ms, {} kB/s", wait, row.bytes_per_s / 1000);
    }
    if (row.has_part) out += ", has a part";
    if (row.lied) out += ", LIED";
    if (row.last_error) out += ": " + log::escaped(to_string(*row.last_error));
    out += '\n';
  }
  return out;
}

}  // namespace archy::fetch
