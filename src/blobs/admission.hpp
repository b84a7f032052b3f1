// Who may connect, ask, and be sent the next group. Owned by the provider, its user; implemented by
// whoever knows offers and prices. The provider enforces every answer on the wire.
#pragma once

#include <cstdint>

#include "blobs/request.hpp"
#include "rt/address.hpp"
#include "rt/clock.hpp"
#include "store/blob_store.hpp"

namespace archy::blobs {

enum class Verdict : unsigned char {
  allow,
  deny,   // code 1, "permission"
  limit,  // code 2, "limit": try later
  hide,   // code 3, no bytes: exactly what an unknown hash gets
};

// One request while it is answered. `hash`: the root of a Get, the one hash asked about now of a
// GetMany.
struct RequestContext {
  EndpointId peer;
  Blake3Hash hash;
  RequestKind kind = RequestKind::get;
  std::uint64_t serial = 0;  // counts the provider's requests, never reused
  rt::Address from = {};     // where the peer is now
};

struct GroupVerdict {
  enum class Action : unsigned char { go_on, wait, refuse } action = Action::go_on;
  rt::Instant until{};               // wait: ask again then
  Verdict refusal = Verdict::limit;  // refuse: deny, limit or hide
};

// Thread: the loop; no call blocks. Lifetime: outlives the provider.
class Admission {
 public:
  virtual ~Admission() = default;
  virtual Verdict on_connection(const EndpointId& peer) = 0;
  // Once for a Get or an Observe, once for each hash of a GetMany.
  virtual Verdict on_request(const RequestContext& request) = 0;
  // A child of the sequence request.hash, before any of it is read.
  virtual Verdict on_child(const RequestContext& request, const Blake3Hash& child) = 0;
  // `payload`: bytes of the leaf that would go out next (at most one 16 KiB group).
  virtual GroupVerdict on_group(const RequestContext& request, std::size_t payload) = 0;
  // Of a Get or GetMany, however it ended: no call with its serial follows. What on_group let go
  // was handed to the stream, all but the group at which it broke off.
  virtual void on_end(const RequestContext& /*request*/) {}
};

// Serves to anybody what the store offers, and nothing else.
class AllowOffered final : public Admission {
 public:
  explicit AllowOffered(store::BlobStore& store) : store_(store) {}
  Verdict on_connection(const EndpointId&) override { return Verdict::allow; }
  Verdict on_request(const RequestContext& request) override { return offered(request.hash); }
  Verdict on_child(const RequestContext&, const Blake3Hash& child) override {
    return offered(child);
  }
  GroupVerdict on_group(const RequestContext&, std::size_t) override { return {}; }

 private:
  Verdict offered(const Blake3Hash& hash);
  store::BlobStore& store_;
};

}  // namespace archy::blobs
