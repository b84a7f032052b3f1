// One resource of an origin as a stream of bytes from any position: broken connections are resumed
// by Range, what the server says about place and length is compared with what was asked. Nothing
// that comes out of it is verified.
//
// Thread: the loop. One reader at a time. After an error fill() may be called again: it goes on at
// the same position with a new request.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include "http/client.hpp"

namespace archy::fetch {

struct OriginOptions {
  bool allow_private = true;  // the operator gave this URL
  bool allow_private_redirects = false;
  int max_redirects = 5;
  // Refused beyond it, announced or not.
  std::uint64_t max_bytes = std::uint64_t{1} << 40;
  // An origin's bytes in quarantine leave at least so much of the disk free.
  std::uint64_t min_free_bytes = std::uint64_t{1} << 30;
  bool use_sidecar = true;
  // For people, instead of the URL. Empty: the URL without its query.
  std::string shown_as = {};
  std::shared_ptr<const http::S3Signature> signature = nullptr;  // none: unsigned
};

class OriginStream {
 public:
  OriginStream(http::Client& client, std::string url, OriginOptions options)
      : client_(client), url_(std::move(url)), options_(std::move(options)) {}

  // Goes to `offset`; the caller will want no bytes from `end` on (none: everything). Drops what is
  // buffered before. Costs nothing when the stream is there already.
  void seek(std::uint64_t offset, std::optional<std::uint64_t> end);
  // Sends the request if none is under way: afterwards total() is as known as it will be.
  // Errors: not_found, denied, try_later, unreachable, timed_out, cancelled, bad_input (URL),
  // peer_fault (wrong Content-Range, an encoding, an answer that is none); try_later also when the
  // resource changed between two requests: generation() moved, what came before is of another file.
  rt::Task<> open(rt::Duration patience, std::stop_token stop);
  // Waits until `n` bytes are buffered or the resource (or `end`) is reached; returns how many are.
  // Errors: as open().
  rt::Task<std::size_t> fill(std::size_t n, rt::Duration patience, std::stop_token stop);
  ByteView buffered() const { return ByteView(buffer_).subspan(front_); }
  void consume(std::size_t n);

  std::uint64_t position() const { return position_; }
  // Length of the resource, as the server says. None while it has not.
  std::optional<std::uint64_t> total() const { return total_; }
  std::uint64_t generation() const { return generation_; }
  // Told of bytes skipped because the server ignores Range: no use, but a sign of life. None:
  // nobody.
  void on_skip(std::function<void(std::uint64_t bytes)> tell) { on_skip_ = std::move(tell); }
  void close() { response_.reset(); }

 private:
  std::uint64_t end_of_buffer() const { return position_ + buffered().size(); }
  bool reached_end() const;
  static rt::Task<Error> refusal(http::Response& response);
  bool may_resume();
  Result<> accept_head(const http::ResponseHead& head, std::uint64_t offset);
  Result<> check_identity(const http::ResponseHead& head, std::optional<std::uint64_t> total);

  http::Client& client_;
  std::string url_;
  OriginOptions options_;
  std::unique_ptr<http::Response> response_;
  std::optional<std::uint64_t> total_;
  std::optional<std::string> etag_;
  std::uint64_t generation_ = 0;
  std::uint64_t position_ = 0;
  std::optional<std::uint64_t> end_;
  bool ended_ = false;  // the body ended, and no length says that it should not have
  std::uint64_t to_skip_ = 0;
  std::function<void(std::uint64_t)> on_skip_;
  std::uint64_t useful_ = 0;   // bytes that reached the buffer, over all requests
  std::uint64_t resumed_ = 0;  // requests after a broken one
  std::uint64_t useful_at_open_ = 0;
  Bytes buffer_;
  std::size_t front_ = 0;  // consumed bytes at the front of buffer_
};

}  // namespace archy::fetch
