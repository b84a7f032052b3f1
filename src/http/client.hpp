// HTTP as a client: one request, a streamed body, hard caps. The real one is libcurl; the simulator
// has its own.
#pragma once

#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "rt/clock.hpp"
#include "rt/task.hpp"

namespace archy::http {

struct Request {
  std::string url;
  // Inclusive byte range, both ends; none: whole body. last none: open-ended.
  struct Range {
    std::uint64_t first = 0;
    std::optional<std::uint64_t> last;
  };
  std::optional<Range> range;
  std::vector<std::pair<std::string, std::string>> headers;
  int max_redirects = 0;      // each target is checked again
  bool allow_private = true;  // addresses the operator gave may be private (decisions 20)
  rt::Duration connect_timeout = std::chrono::seconds(5);
  rt::Duration no_progress_timeout = std::chrono::seconds(10);
  bool head = false;
};

struct ResponseHead {
  int status = 0;
  std::string final_url;
  std::vector<std::pair<std::string, std::string>> headers;  // names in lower case
  // First value of a header, by lower-case name.
  std::optional<std::string> header(std::string_view name) const;
};

// A response whose body is read by pulling; what is not pulled is not downloaded (back-pressure).
class Response {
 public:
  virtual ~Response() = default;  // aborts what is not read
  virtual const ResponseHead& head() const = 0;
  // The next piece, empty at the end of a complete body. Valid until the next call.
  // Errors: unreachable (connection lost), timed_out, peer_fault (body shorter than announced),
  // cancelled.
  virtual rt::Task<ByteView> read() = 0;
};

class Client {
 public:
  virtual ~Client() = default;
  // Errors: bad_input (URL), denied (address not allowed, redirect refused), unreachable,
  // timed_out, cancelled. Any HTTP status is a success here.
  virtual rt::Task<std::unique_ptr<Response>> send(Request request, std::stop_token stop) = 0;
};

// libcurl's multi interface on the loop. http and https only; Accept-Encoding: identity always.
std::unique_ptr<Client> make_curl_client(rt::Executor executor, rt::Clock& clock);

}  // namespace archy::http
