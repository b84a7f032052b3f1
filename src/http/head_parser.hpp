// Collects the header lines of one response into a ResponseHead, with caps, and judges what the
// head alone can tell. Pure: lines in, head or error out.
#pragma once

#include <string_view>

#include "base/result.hpp"
#include "http/client.hpp"

namespace archy::http {

class HeadParser {
 public:
  // One line as it came, its line end included or not. A new status line starts over (1xx answers
  // come before the real one); the cap counts all of them together. Lines after done() are
  // trailers: counted, not kept.
  // Errors: peer_fault (over limits::kHttpHeaderBytes, not a header, a name that is not a token,
  // folded lines, control characters).
  Result<> add_line(std::string_view line);
  // True after the empty line that ends a head with a final status (200 or more).
  bool done() const { return done_; }
  const ResponseHead& head() const { return head_; }
  ResponseHead& head() { return head_; }

 private:
  ResponseHead head_;
  std::size_t bytes_ = 0;
  bool done_ = false;
};

// What no caller of ours accepts. Errors: peer_fault for a Content-Encoding other than identity,
// for Content-Length that is malformed, repeated with another value, or beside Transfer-Encoding.
Result<> check_framing(const ResponseHead& head);

}  // namespace archy::http
