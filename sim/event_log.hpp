// What happened in a run, folded into one number: two runs of a seed must give the same. Events
// hold order, virtual time, sizes and decisions, never addresses of this process or wall time.
#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>

#include "rt/clock.hpp"

namespace archy::sim {

class EventLog {
 public:
  void add(rt::Instant when, std::string_view kind, std::initializer_list<std::uint64_t> values,
           std::string_view text = {});
  std::uint64_t hash() const { return hash_; }
  std::uint64_t events() const { return events_; }
  // Also hands every event as a line to `sink` (replay of a failing seed).
  void tee(std::function<void(const std::string&)> sink) { sink_ = std::move(sink); }

 private:
  void mix(std::uint64_t value);
  std::uint64_t hash_ = 0xcbf29ce484222325;
  std::uint64_t events_ = 0;
  std::function<void(const std::string&)> sink_;
};

}  // namespace archy::sim
