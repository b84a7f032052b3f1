#include "app/fetch_content.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <map>

#include "app/collection.hpp"
#include "app/peer_door.hpp"
#include "fetch/fetcher.hpp"
#include "fetch/origin_address.hpp"
#include "fetch/origin_source.hpp"
#include "rt/scope.hpp"

namespace archy::app {
namespace {

// How often in a row a source may fail before it is left: a person is waiting.
constexpr unsigned kTries = 3;
// Children of a sequence that are fetched at once: enough that small ones do not wait a round trip
// each.
constexpr std::size_t kChildrenAtOnce = 8;

using Sources = std::vector<std::shared_ptr<fetch::Source>>;

void count(const fetch::FetchReport& report, FetchProgress& into) {
  for (const fetch::SourceReport& source : report.sources) {
    (source.kind == fetch::SourceKind::peer ? into.from_peers_bytes : into.from_origin_bytes) +=
        source.verified_bytes;
  }
}

void add_up(const std::vector<fetch::SourceReport>& sources,
            std::vector<fetch::SourceReport>& into) {
  for (const fetch::SourceReport& source : sources) {
    auto known = std::find_if(into.begin(), into.end(), [&](const fetch::SourceReport& other) {
      return other.name == source.name;
    });
    if (known == into.end()) {
      into.push_back(source);
      continue;
    }
    known->verified_bytes += source.verified_bytes;
    known->has_part = known->has_part || source.has_part;
    known->bytes_per_s = std::max(known->bytes_per_s, source.bytes_per_s);
    if (source.latency) {
      known->latency = std::min(known->latency.value_or(*source.latency), *source.latency);
    }
    known->attempts += source.attempts;
    known->lied = known->lied || source.lied;
    known->left = known->left || source.left;
    known->time += source.time;
    if (source.last_error) known->last_error = source.last_error;
  }
}

// Adds one blob's report to the whole content's.
void fold(const fetch::FetchReport& report, ContentReport& whole) {
  ++whole.blobs;
  if (report.ok() && !report.was_local) whole.fetched.insert(report.hash);
  whole.size_bytes += report.size.value_or(0);
  whole.resumed_bytes += report.resumed_bytes;
  FetchProgress came;
  count(report, came);
  whole.from_peers_bytes += came.from_peers_bytes;
  whole.from_origin_bytes += came.from_origin_bytes;
  add_up(report.sources, whole.sources);
  if (report.error && !whole.error) {
    whole.error = report.error;
    // Refused by everybody who could be asked: for the caller it is not to be had.
    if (whole.error->code == Code::denied) whole.error->code = Code::not_found;
  }
}

// A few blobs at once, with the sources that have not lied yet.
class ContentFetch {
 public:
  ContentFetch(Core& core, std::stop_token stop, Sources peers, Sources origins,
               FetchProgressFn progress, Arrivals* arrivals)
      : core_(core),
        stop_(std::move(stop)),
        peers_(std::move(peers)),
        origins_(std::move(origins)),
        progress_(std::move(progress)),
        arrivals_(arrivals) {}

  boost::asio::awaitable<void> blob(Blake3Hash hash) {
    fetch::FetchOptions options;
    options.stop = stop_;
    options.scheduler.max_failures = kTries;
    FetchProgress& now = running_[hash];
    options.on_progress = [this, &now](const fetch::FetchReport& report) {
      now = {};
      now.held_bytes = report.resumed_bytes + report.verified_bytes;
      now.total_bytes = report.size.value_or(0);
      now.sources = report.sources;
      count(report, now);
      show();
    };
    if (arrivals_) options.arrival = arrivals_->expect(hash);
    auto report = co_await fetch::fetch_content_addressed(core_.env(), core_.store(), hash, peers_,
                                                          origins_, std::move(options));
    running_.erase(hash);
    fold(report, whole_);
    forget_liars(report);
  }

  boost::asio::awaitable<void> sequence(Blake3Hash root) {
    co_await blob(root);
    if (whole_.error) co_return;
    auto children = read_hash_seq(core_.store(), root);
    if (!children) {
      whole_.error = children.error();
      co_return;
    }
    // One blob is fetched once: whatever comes again is there by then.
    std::unordered_set<Blake3Hash> seen;
    std::vector<Blake3Hash> first, again;
    for (const Blake3Hash& child : *children) {
      (seen.insert(child).second ? first : again).push_back(child);
    }
    rt::Scope scope(core_.env().executor);
    std::size_t next = 0;
    for (std::size_t i = 0; i < std::min(kChildrenAtOnce, first.size()); ++i) {
      scope.start(take_from(first, next));
    }
    co_await scope.close(core_.env().clock);
    for (std::size_t i = 0; i < again.size() && !whole_.error; ++i) co_await blob(again[i]);
  }

  ContentReport take() { return std::move(whole_); }

 private:
  // Lifetime: `hashes` and `next` outlive the coroutine; several share them.
  boost::asio::awaitable<void> take_from(const std::vector<Blake3Hash>& hashes, std::size_t& next) {
    while (next < hashes.size() && !whole_.error) {
      const Blake3Hash hash = hashes[next++];
      co_await blob(hash);
    }
  }

  void show() const {
    FetchProgress sum{whole_.size_bytes, whole_.size_bytes, whole_.from_peers_bytes,
                      whole_.from_origin_bytes, whole_.sources};
    for (const auto& [hash, now] : running_) {
      sum.held_bytes += now.held_bytes;
      sum.total_bytes += now.total_bytes;
      sum.from_peers_bytes += now.from_peers_bytes;
      sum.from_origin_bytes += now.from_origin_bytes;
      add_up(now.sources, sum.sources);
    }
    progress_(sum);
  }

  void forget_liars(const fetch::FetchReport& report) {
    std::erase_if(peers_, [&](const std::shared_ptr<fetch::Source>& peer) {
      return std::any_of(report.sources.begin(), report.sources.end(),
                         [&](const fetch::SourceReport& source) {
                           return source.lied && source.name == peer->name();
                         });
    });
  }

  Core& core_;
  std::stop_token stop_;
  Sources peers_;
  Sources origins_;
  FetchProgressFn progress_;
  Arrivals* arrivals_;
  std::map<Blake3Hash, FetchProgress> running_;
  ContentReport whole_;
};

}  // namespace

boost::asio::awaitable<ContentReport> fetch_content(Core& core, store::HashAndFormat content,
                                                    FetchContentOptions options,
                                                    FetchProgressFn progress) {
  ContentReport failed;
  if (content.format == store::Format::hash_seq && !options.origins.empty()) {
    failed.error =
        Error{Code::bad_input, "an origin has one blob; a hash sequence is fetched from peers"};
    co_return failed;
  }
  fetch::OriginOptions origin_options;
  origin_options.allow_private = options.allow_private;
  std::vector<fetch::OriginAddress> located;
  for (const std::string& origin : options.origins) {
    auto one = fetch::locate_origin(origin, origin_options, options.s3);
    if (!one) {
      failed.error = Error{one.error().code, "origin: " + one.error().detail};
      co_return failed;
    }
    located.push_back(std::move(*one));
  }
  std::unique_ptr<PeerDoor> own_door;
  PeerDoor* door = options.door;
  Sources peers, origins;
  if (!options.peers.empty() && !door) {
    auto opened = open_peer_door(core, {});
    if (!opened) {
      failed.error = opened.error();
      co_return failed;
    }
    own_door = std::move(*opened);
    door = own_door.get();
  }
  options.payer.root = content.hash;
  for (const fetch::PeerAddress& peer : options.peers)
    peers.push_back(door->source(peer, options.payer));
  for (fetch::OriginAddress& origin : located) {
    origins.push_back(fetch::make_origin_source(core.env(), core.http(), core.store(),
                                                std::move(origin.url), std::move(origin.options)));
  }
  ContentReport report;
  {
    ContentFetch run(core, options.stop.value_or(core.interrupted()), std::move(peers),
                     std::move(origins), std::move(progress), options.arrivals);
    if (content.format == store::Format::hash_seq) {
      co_await run.sequence(content.hash);
    } else {
      co_await run.blob(content.hash);
    }
    report = run.take();
  }
  if (own_door) co_await own_door->close();
  co_return report;
}

}  // namespace archy::app
