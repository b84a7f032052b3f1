// What a fetch did, source by source: for exit codes, --explain and progress.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/fixed_bytes.hpp"
#include "base/result.hpp"
#include "fetch/source.hpp"
#include "rt/clock.hpp"

namespace archy::fetch {

struct SourceReport {
  std::string name;
  SourceKind kind = SourceKind::peer;
  std::uint64_t verified_bytes = 0;  // payload of this source that is part of the verified blob
  std::uint64_t attempts = 0;        // questions asked
  bool lied = false;                 // sent something that cannot be true; not asked again
  bool left = false;                 // not asked again, whatever the reason
  bool has_part = false;             // it said to have only a part
  std::optional<Error> last_error;
  rt::Duration time{};                  // it was at work
  std::optional<rt::Duration> latency;  // from a question to the first group, at best
  std::uint64_t bytes_per_s = 0;        // at the end; latency counts as time
};

struct FetchReport {
  Blake3Hash hash;
  // None: the blob is complete and verified in the store. Codes: corrupt (a source sent bytes that
  // failed and nothing else worked), unreachable, not_found, denied, bad_input (no source could be
  // asked at all), cancelled, and what the store or the disk said (no_space, io, locked, ...).
  std::optional<Error> error;
  bool was_local = false;  // complete before anything was asked
  std::optional<std::uint64_t> size;
  std::uint64_t resumed_bytes = 0;    // held, verified, when the fetch began
  std::uint64_t verified_bytes = 0;   // by all sources
  std::vector<SourceReport> sources;  // in the order given: peers, then origins
  rt::Duration time{};

  bool ok() const { return !error.has_value(); }
};

// Shape: one line a source, as --explain prints them.
std::string explain(const FetchReport& report);

}  // namespace archy::fetch
