// The content port: GET and HEAD of blobs by hash, for players, browsers and download programs.
// Knows no credentials and changes nothing; what it serves is public by being offered.
//
// /blobs/<blake3>[.ext] is the blob, /blobs/<blake3>[.ext].obao4 its outboard, so that this port is
// an origin whose ranges others can verify. What a hash names never changes: responses may be
// kept for ever. Every byte is verified when it is read: damage on disk ends a body short and the
// connection with it, it never sends a wrong byte.
// A blob is a stranger's: no response can run in a browser (nosniff, CSP sandbox, no type of a page
// or script) and none is sent cookies of ours, as there are none. Any page may read it (CORS *).
#pragma once

#include "http/server.hpp"
#include "rpc/content_source.hpp"

namespace archy::rpc {

// For /metrics.
struct ContentCounts {
  std::uint64_t requests = 0;
  std::uint64_t not_found = 0;
  std::uint64_t body_bytes = 0;  // payload handed to the system
  std::uint64_t broken_off = 0;  // bodies that ended short
};

// Thread: the loop. Lifetime: outlives the server that was given it; `source` outlives it.
class ContentPort final : public http::Handler {
 public:
  explicit ContentPort(ContentSource& source) : source_(source) {}

  rt::Task<> handle(http::ServerExchange& exchange) override;
  const ContentCounts& counts() const { return counts_; }

 private:
  struct Part;  // a span of the blob, and what stands before it in a body of several parts
  rt::Task<> get(http::ServerExchange& exchange);
  rt::Task<> refuse(http::ServerExchange& exchange, const Error& why);
  // The first bytes are read before the head goes out: what fails at once gets an honest status.
  rt::Task<> send_parts(http::ServerExchange& exchange, http::ServerResponse response,
                        std::vector<Part> parts, std::string after, ContentReader& reader);
  rt::Task<> copy(http::ServerExchange& exchange, ContentReader& reader, const Part& part,
                  ByteView first_piece);

  ContentSource& source_;
  ContentCounts counts_;
};

}  // namespace archy::rpc
