// One peer as a source of a fetch: dials it once, asks for what is missing in as few requests as
// the protocol allows, and writes verified bytes into the partial blob as they arrive.
#pragma once

#include <memory>
#include <vector>

#include "blobs/getter.hpp"
#include "fetch/peer_address.hpp"
#include "fetch/source.hpp"
#include "quic/types.hpp"
#include "rt/env.hpp"

namespace archy::swarm {

// Thread: the loop. Lifetime: `clock` and `endpoint` outlive it. The connection is kept for the
// next fetch and closed with the source.
class PeerSource final : public fetch::Source {
 public:
  PeerSource(rt::Clock& clock, quic::Endpoint& endpoint, fetch::PeerAddress peer);
  std::string name() const override;
  fetch::SourceKind kind() const override { return fetch::SourceKind::peer; }
  rt::Task<> fetch(fetch::Attempt& attempt) override;
  rt::Task<> watch(Blake3Hash hash, std::function<void(bao::ChunkRanges)> tell,
                   std::stop_token stop) override;
  // The live connection, dialled if there is none. Errors: unreachable, timed_out, denied,
  // bad_input (no address), cancelled.
  rt::Task<std::shared_ptr<quic::Connection>> connection(std::stop_token stop = {});

 private:
  rt::Task<> get(fetch::Attempt& attempt, bao::ChunkRanges ranges);
  // A peer that has not all of it says so by refusing: asks which parts it has (Observe) and takes
  // those. Errors: `refusal` when it has nothing.
  rt::Task<> fetch_parts(fetch::Attempt& attempt, Error refusal);
  // A peer claims another size than the partial has: the last chunk decides who lied.
  rt::Task<> settle_size(fetch::Attempt& attempt, std::uint64_t claimed);
  blobs::GetOptions options(const fetch::Attempt& attempt) const;

  rt::Clock& clock_;
  quic::Endpoint& endpoint_;
  fetch::PeerAddress peer_;
  std::shared_ptr<quic::Connection> connection_;
};

std::shared_ptr<fetch::Source> make_peer_source(rt::Env& env, quic::Endpoint& endpoint,
                                                const EndpointId& id,
                                                std::vector<rt::Address> addresses);

}  // namespace archy::swarm
