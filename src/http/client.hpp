// HTTP as a client: one request, a streamed body, hard caps. The real one is libcurl; the simulator
// has its own.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "base/secret.hpp"
#include "http/connector.hpp"
#include "http/s3_signature.hpp"
#include "rt/clock.hpp"
#include "rt/task.hpp"

namespace archy::http {

// A body to send. It may hold what is worth money: it is wiped, and never logged.
struct Post {
  std::string content_type;
  Secret<std::string> body;
};

struct Request {
  std::string url;
  // Inclusive byte range, both ends; none: whole body. last none: open-ended.
  struct Range {
    std::uint64_t first = 0;
    std::optional<std::uint64_t> last;
  };
  std::optional<Range> range = std::nullopt;
  std::vector<std::pair<std::string, std::string>> headers = {};
  int max_redirects = 0;      // each target is checked again; https never leads to http
  bool allow_private = true;  // a host the operator gave may have a private address
  // False: a redirect may stay on the operator's host whatever its address, but another host must
  // be public.
  bool allow_private_redirects = false;
  rt::Duration connect_timeout = std::chrono::seconds(5);
  // The whole head, and later each piece that is waited for. Runs only while somebody waits.
  rt::Duration no_progress_timeout = std::chrono::seconds(10);
  bool head = false;
  // POST, for max_redirects 0 only: what was meant for one place is not sent to another. Where a
  // kept connection turns out to be dead, the same bytes may be sent once more on a new one.
  std::optional<Post> post = std::nullopt;
  // Asked when a connection stands, before any byte of the request leaves. An error is what send()
  // gives then, and nothing has left. So too without this having been asked: nothing has left.
  std::function<Result<>()> before_sending = {};
  // A body that is or says it is longer is a peer_fault. None: the caller counts himself.
  std::optional<std::uint64_t> max_body_bytes = std::nullopt;
  // Signs the request for S3: for the URL's own origin only, a redirect to another goes unsigned.
  std::shared_ptr<const S3Signature> signature = nullptr;
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
  // Errors: unreachable (connection lost, which a body shorter than announced cannot be told from),
  // timed_out, peer_fault (broken framing), cancelled.
  virtual rt::Task<ByteView> read() = 0;
};

class Client {
 public:
  virtual ~Client() = default;
  // Errors: bad_input (URL), denied (address not allowed, redirect refused), unreachable,
  // timed_out, cancelled, peer_fault (malformed head, a Content-Encoding, a body over its cap),
  // unsupported (.onion without a proxy), and what before_sending said. Any HTTP status is a
  // success here. Responses may outlive the client's own handle. `stop` covers the body too.
  virtual rt::Task<std::unique_ptr<Response>> send(Request request, std::stop_token stop) = 0;
};

// libcurl's multi interface on the loop. HTTP/1.1 over http and https only; Accept-Encoding:
// identity always; never a cookie, password file or credentials in a URL, no proxy but the one of
// the options. Where it may connect is the connector's word (connector.hpp), asked on the socket
// that is about to connect.
std::unique_ptr<Client> make_curl_client(rt::Executor executor, rt::Clock& clock,
                                         ConnectorOptions options = {});

}  // namespace archy::http
