// What the methods need of a node. Owned by rpc, its user; implemented by app over real things.
// Plain data in and out: no JSON, and nothing of how peers are reached.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "fetch/report.hpp"
#include "rpc/buyer_api.hpp"
#include "rpc/seller_api.hpp"
#include "rpc/wallet_api.hpp"
#include "rt/address.hpp"
#include "rt/task.hpp"
#include "settings/settings.hpp"
#include "store/blob_store.hpp"

namespace archy::rpc {

struct NodeInfo {
  std::string version;
  EndpointId endpoint_id;
  rt::Path data_dir;
  bool daemon = false;  // a running node; false: a command that works on the directory itself
  std::uint64_t uptime_ms = 0;
  std::uint64_t blobs = 0;
  bool swarm_built = false;  // the build has a swarm at all
  bool swarm_running = false;
  // Of a daemon: where it listens.
  std::optional<rt::Address> control, content;
};

struct AddRequest {
  rt::Path path;  // absolute
  bool in_place = false;
  bool collection = false;  // a single file too becomes a one-name collection
  // None: as the services say, or as it is offered already.
  std::optional<store::OfferClass> offer_class = std::nullopt;
  std::stop_token stop = {};
};
struct Added {
  store::HashAndFormat content;
  std::optional<Sha256Digest> sha256;  // of a single file
  std::uint64_t size_bytes = 0;        // payload: the file's, or all files' of a folder
  std::uint64_t files = 0;
  std::string ticket;  // empty in a build without the swarm
};

struct BlobView {
  store::BlobInfo info;
  std::uint64_t held_bytes = 0;
  std::vector<std::string> names;
  bool pinned = false;
  std::optional<store::OfferClass> offered;  // the strictest of what it is offered as
};

struct PinRequest {
  store::HashAndFormat content;
  bool offer = false;  // also serve it; unpin: also stop serving it
  // With `offer`; none: as the services say, or as it is offered already.
  std::optional<store::OfferClass> offer_class = std::nullopt;
};

struct ExportRequest {
  store::HashAndFormat content;
  rt::Path path;  // absolute; a file, or the folder a collection's files go into
  // What this fetch brought may become the user's by rename (store::ExportMode::hand_over).
  std::optional<std::uint64_t> fetch;
  std::stop_token stop = {};
};

struct FetchRequest {
  std::string target;                // a ticket, a hash, or s + the hash of a sequence
  std::vector<std::string> peers;    // ID@IP:PORT[,IP:PORT...]
  std::vector<std::string> origins;  // URLs
  bool seed = false;                 // offer it from then on
  // False: addresses that are not of the public internet are refused. Only the operator himself
  // may point the node at his own network.
  bool allow_private = false;
};
enum class FetchState : unsigned char { waiting, running, complete, failed, cancelled };
std::string_view to_string(FetchState state);
struct FetchView {
  std::uint64_t id = 0;
  store::HashAndFormat content;
  FetchState state = FetchState::waiting;
  std::uint64_t held_bytes = 0;
  std::uint64_t total_bytes = 0;  // 0: not known yet
  std::uint64_t from_peers_bytes = 0;
  std::uint64_t from_origin_bytes = 0;
  std::uint64_t resumed_bytes = 0;
  std::optional<Error> error;                // failed and cancelled
  std::uint64_t blobs = 0;                   // complete: how many the content is of
  std::vector<fetch::SourceReport> sources;  // who was asked, and what came of it
  std::int64_t begun_ms = 0;                 // unix; 0: it waits
};

struct SwarmStatus {
  bool built = false;
  bool enabled = false;  // by the settings
  bool running = false;
  std::vector<rt::Address> addresses;  // as told to others
  std::uint64_t connections_now = 0;
  std::uint64_t connections = 0;  // ever, since the start; so with the rest
  std::uint64_t requests = 0;
  std::uint64_t payload_sent_bytes = 0;
  std::uint64_t payload_acked_bytes = 0;
};
struct PeerView {
  EndpointId id;
  rt::Address address;
  std::uint64_t bytes_sent = 0;
  std::uint64_t bytes_received = 0;
  std::uint64_t rtt_us = 0;
};
struct TransportStatus {
  std::vector<rt::Address> bound;
  std::string congestion;
  std::uint64_t connections = 0;
  std::uint64_t bytes_sent = 0;  // UDP payload of the connections open now; so with the rest
  std::uint64_t bytes_received = 0;
};

struct SettingChange {
  bool live = false;  // in force already; else after a restart
  std::string revision;
};

// Thread: the loop. Lifetime: outlives every call. Errors: as the store's and fetch's own.
class NodeApi {
 public:
  virtual ~NodeApi() = default;

  virtual Result<NodeInfo> info() = 0;

  // Errors: denied for a path within the data directory: keys are no content.
  virtual rt::Task<Added> add(AddRequest request) = 0;
  virtual Result<BlobView> blob(const Blake3Hash& hash) = 0;
  // At most `limit` of them in the order of their hashes, behind `after`.
  virtual Result<std::vector<BlobView>> blobs(std::optional<Blake3Hash> after,
                                              std::size_t limit) = 0;
  virtual Result<> pin(const PinRequest& request) = 0;
  virtual Result<> unpin(const PinRequest& request) = 0;
  virtual Result<> remove(const Blake3Hash& hash, bool force) = 0;
  // Of a complete blob; reads it whole when it is asked for the first time.
  virtual rt::Task<Sha256Digest> sha256(Blake3Hash hash, std::stop_token stop) = 0;
  virtual rt::Task<store::VerifyReport> verify(store::VerifyOptions options,
                                               std::stop_token stop) = 0;
  // The files written. Errors: denied for a path within the data directory and for one that exists,
  // corrupt, no_space, cancelled.
  virtual rt::Task<std::vector<rt::Path>> export_content(ExportRequest request) = 0;
  virtual rt::Task<store::GcReport> gc(store::GcOptions options) = 0;

  // Returns its number at once. Errors: bad_input, denied, try_later (too many are waiting).
  virtual Result<std::uint64_t> start_fetch(const FetchRequest& request) = 0;
  // Errors: not_found (never begun, or long done and forgotten).
  virtual Result<FetchView> fetch(std::uint64_t id) = 0;
  virtual std::vector<FetchView> fetches() = 0;
  // The last one that was begun of this content. Errors: not_found.
  virtual Result<FetchView> last_fetch(const Blake3Hash& hash) = 0;
  virtual Result<> cancel_fetch(std::uint64_t id) = 0;

  // Lifetime: the node's.
  virtual WalletApi& wallet() = 0;
  virtual SellerApi& seller() = 0;
  virtual BuyerApi& buyer() = 0;

  virtual SwarmStatus swarm() = 0;
  virtual std::vector<PeerView> peers() = 0;
  virtual TransportStatus transport() = 0;

  virtual const settings::Settings& settings() = 0;
  virtual Result<std::string> settings_revision() = 0;
  virtual Result<SettingChange> set_setting(std::string_view name, const settings::Value& value,
                                            std::string_view expected_revision) = 0;
};

}  // namespace archy::rpc
