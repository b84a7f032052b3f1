// A virtual web origin, and the http::Client that reaches it: files by URL, each served honestly or
// in one of the ways origins go wrong. Statuses and headers are what a real server would send;
// bodies arrive at a rate, in pieces.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "http/client.hpp"
#include "sim/counters.hpp"
#include "sim/event_log.hpp"
#include "sim/virtual_time.hpp"

namespace archy::sim {

enum class OriginMood : unsigned char {
  honest,
  wrong_bytes,    // one byte at `at` differs, length and status fine
  truncated,      // the connection breaks after `at` bytes of the body
  longer,         // `at` more bytes than the file has, announced as such
  shorter,        // the file ends `at` bytes early, announced as such
  stalls,         // nothing more comes after `at` bytes
  error_status,   // 503 to the first `at` requests (0: to all)
  missing,        // 404
  ignores_range,  // 200 and the whole body, whatever was asked
  encoded,        // a Content-Encoding nobody asked for
};

struct OriginFile {
  Bytes body;
  OriginMood mood = OriginMood::honest;
  std::uint64_t at = 0;
  std::uint64_t bytes_per_s = 4u << 20;
  rt::Duration latency = std::chrono::milliseconds(20);
};

// Thread: the world's. Lifetime: outlives its clients and their responses.
class VirtualOrigin {
 public:
  VirtualOrigin(EventLog& log, Counters& counters) : log_(log), counters_(counters) {}

  void put(const std::string& url, OriginFile file) { files_[url] = {std::move(file), 0}; }
  // Every file becomes honest (the calm phase).
  void calm();
  void set_up(bool up) { up_ = up; }
  std::uint64_t bytes_served() const { return served_; }

 private:
  friend class VirtualHttpClient;
  friend class VirtualResponse;
  struct Entry {
    OriginFile file;
    std::uint64_t requests = 0;
  };
  EventLog& log_;
  Counters& counters_;
  std::map<std::string, Entry> files_;
  bool up_ = true;
  std::uint64_t served_ = 0;
};

// One node's way to the origin. Lifetime: outlives its responses.
class VirtualHttpClient final : public http::Client {
 public:
  VirtualHttpClient(VirtualOrigin& origin, rt::Executor executor, rt::Clock& clock,
                    std::uint64_t node)
      : origin_(origin), executor_(std::move(executor)), clock_(clock), node_(node) {}
  rt::Task<std::unique_ptr<http::Response>> send(http::Request request,
                                                 std::stop_token stop) override;

 private:
  VirtualOrigin& origin_;
  rt::Executor executor_;
  rt::Clock& clock_;
  std::uint64_t node_;
};

}  // namespace archy::sim
