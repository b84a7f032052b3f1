// The buyer's end of `archy/paid-blobs/1`: one connection to one peer, a stream a question.
#pragma once

#include <memory>

#include "fetch/peer_address.hpp"
#include "paid/frame.hpp"

namespace archy::paid {

// Thread: the loop. Lifetime: clock and endpoint outlive it.
class Asker {
 public:
  Asker(rt::Clock& clock, quic::Endpoint& endpoint, fetch::PeerAddress peer)
      : clock_(clock), endpoint_(endpoint), peer_(std::move(peer)) {}

  const EndpointId& peer() const { return peer_.id; }
  // A token in it may have been taken whatever comes back. Errors: unreachable: there is no
  // connection, and nothing was sent (it may not speak this protocol); cancelled; whatever else:
  // no answer, or none that can be read.
  rt::Task<PaidAnswer> ask(PaidRequest request, std::stop_token stop);

 private:
  rt::Task<std::shared_ptr<quic::Connection>> connection(std::stop_token stop);

  rt::Clock& clock_;
  quic::Endpoint& endpoint_;
  fetch::PeerAddress peer_;
  std::shared_ptr<quic::Connection> connection_;
};

}  // namespace archy::paid
