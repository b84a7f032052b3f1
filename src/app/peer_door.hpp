// The door to peers as the rest of the program sees it: no quic type shows, so that the no-swarm
// build has the same shape (there open_peer_door() says `unsupported`).
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "app/core.hpp"
#include "fetch/source.hpp"

namespace archy::app {

struct PeerOptions {
  std::vector<rt::Address> bind{rt::Address::v4(0, 0, 0, 0, 0)};
  bool bbr = false;
  bool serve = false;  // accept connections and answer blob requests
};

// Where a peer is said to be.
struct PeerAddress {
  EndpointId id;
  std::vector<rt::Address> addresses;
};

// What a ticket or a hash names.
struct Target {
  store::HashAndFormat content;
  std::vector<PeerAddress> peers;
};

struct ServeCounters {
  std::uint64_t connections = 0;
  std::uint64_t requests = 0;
  std::uint64_t payload_sent = 0;   // bytes of leaves written
  std::uint64_t payload_acked = 0;  // bytes of leaves the peers have acknowledged
};

struct CollectionEntry {
  std::string name;  // relative, '/'-separated, checked safe
  Blake3Hash hash;
};

class PeerDoor {
 public:
  virtual ~PeerDoor() = default;
  virtual const EndpointId& id() const = 0;
  // As put into tickets: bound addresses, loopback only if nothing else.
  virtual std::vector<rt::Address> addresses() const = 0;
  virtual std::vector<rt::Address> bound_addresses() const = 0;
  virtual std::unique_ptr<fetch::Source> source(const PeerAddress& peer) = 0;
  // Up to date after stop().
  virtual ServeCounters counters() const = 0;
  // Closes every connection and waits until that is said to the peers.
  virtual boost::asio::awaitable<void> close() = 0;
};

// Errors: unsupported in a build without the swarm, io (cannot bind).
Result<std::unique_ptr<PeerDoor>> open_peer_door(Core& core, const PeerOptions& options);

// The port a node listens on unless told otherwise.
inline constexpr std::uint16_t kDefaultPort = 4919;

// Where a node that binds `bind` is reachable: wildcards become the machine's addresses, loopback
// only if nothing else.
std::vector<rt::Address> advertised_addresses(rt::DatagramNetwork& network,
                                              const rt::Address& bind);
// Errors: unsupported in a build without the swarm.
Result<std::string> make_ticket(const EndpointId& id, const std::vector<rt::Address>& addresses,
                                const store::HashAndFormat& content);

// A ticket, a hash (64 hex), or a hash sequence ("s" + 64 hex). Errors: bad_input with what is
// wrong with it; unsupported for a ticket in a build without the swarm.
Result<Target> parse_target(std::string_view text);
// ID@IP:PORT[,IP:PORT...]. Errors: bad_input.
Result<PeerAddress> parse_peer(std::string_view text);

// Collections: a folder as one hash sequence. Errors: bad_input (unsafe or duplicate names, symlink
// loops, too deep).
struct FolderFile {
  std::string name;
  rt::Path path;
};
Result<std::vector<FolderFile>> list_folder(rt::Files& files, const rt::Path& path);
// Stores metadata and sequence of files that are in the store already.
Result<store::HashAndFormat> make_collection(store::BlobStore& store,
                                             const std::vector<CollectionEntry>& entries);
// Requires: root and metadata are held. Errors: corrupt, bad_input (unsafe names: nothing is
// exported).
Result<std::vector<CollectionEntry>> read_collection(store::BlobStore& store,
                                                     const Blake3Hash& root);
// The hashes of a sequence that is held, metadata blob included. Errors: not_found, corrupt.
Result<std::vector<Blake3Hash>> read_hash_seq(store::BlobStore& store, const Blake3Hash& root);

}  // namespace archy::app
