#include "app/fetch_jobs.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "app/disk_room.hpp"
#include "app/s3_settings.hpp"
#include "base/log.hpp"
#include "fetch/origin_address.hpp"
#include "fetch/s3_url.hpp"

namespace archy::app {
namespace {

using rpc::FetchState;

bool ended(FetchState state) {
  return state != FetchState::waiting && state != FetchState::running;
}

// How often the listeners hear how far a fetch is.
constexpr auto kToldEvery = std::chrono::milliseconds(100);

// Whoever gave them, addresses out of reach are refused when they are named and left out when they
// stand in a ticket: tickets name every address of their maker.
Result<std::vector<fetch::PeerAddress>> peers_of(const rpc::FetchRequest& request, Target target,
                                                 bool allow_private) {
  std::vector<fetch::PeerAddress> out;
  for (fetch::PeerAddress& peer : target.peers) {
    if (!allow_private) std::erase_if(peer.addresses, rt::is_private);
    if (!peer.addresses.empty()) out.push_back(std::move(peer));
  }
  if (!target.peers.empty() && out.empty() && request.peers.empty() && request.origins.empty())
    return fail(Code::denied, "only an admin may use a ticket of private addresses");
  for (const std::string& text : request.peers) {
    TRY(peer, parse_peer(text));
    if (!allow_private && std::ranges::any_of(peer.addresses, rt::is_private))
      return fail(Code::denied, "only an admin may name a peer on a private address");
    out.push_back(std::move(peer));
  }
  return out;
}

}  // namespace

struct FetchJobs::Job {
  rpc::FetchView view;
  FetchContentOptions options;
  std::stop_source stop;
  std::shared_ptr<fetch::Arrival> arrival;  // of the content's own blob
  std::unordered_set<Blake3Hash> fetched;
  rt::Instant told{};
};

FetchJobs::FetchJobs(Core& core, rpc::Events& events, PeerDoor* door, FetchJobRules rules,
                     const settings::ConfigFile& config)
    : core_(core),
      events_(events),
      door_(door),
      rules_(rules),
      config_(config),
      arrivals_(core.env().executor),
      freed_(core.env().executor),
      scope_(core.env().executor) {}

FetchJobs::~FetchJobs() = default;

Result<std::uint64_t> FetchJobs::start(const rpc::FetchRequest& request) {
  const bool allow_private = request.allow_private || rules_.allow_private;
  TRY(target, parse_target(request.target));
  const store::HashAndFormat content = target.content;
  TRY(peers, peers_of(request, std::move(target), allow_private));
  for (const std::string& url : request.origins) {
    if (auto checked = fetch::check_origin(url); !checked)
      return fail_in("origin", checked.error());
  }
  fetch::S3Access s3;
  if (std::ranges::any_of(request.origins, fetch::is_s3_url)) {
    TRY(found, s3_access(config_.settings(), core_.env().files));
    s3 = std::move(found);
  }
  TRY_OK(check_room(content.hash));
  if (content.format == store::Format::hash_seq && !request.origins.empty())
    return fail(Code::bad_input, "an origin has one blob; a hash sequence is fetched from peers");
  std::size_t unfinished = 0;
  for (const auto& [id, job] : jobs_) {
    if (ended(job->view.state)) continue;
    ++unfinished;
    if (job->view.content == content)
      return fail(Code::try_later, fmt::format("fetch {} is bringing it already", id));
  }
  if (unfinished >= rules_.unfinished) return fail(Code::try_later, "too many fetches wait");
  if (request.seed) {
    TRY_OK(core_.store().ensure_offered(content));
  }
  auto job = std::make_shared<Job>();
  job->view.id = next_++;
  job->view.content = content;
  job->options.peers = std::move(peers);
  job->options.origins = request.origins;
  job->options.s3 = std::move(s3);
  job->options.stop = job->stop.get_token();
  job->options.door = door_;
  job->options.allow_private = allow_private;
  job->options.arrivals = &arrivals_;
  job->arrival = arrivals_.expect(content.hash);
  jobs_[job->view.id] = job;
  scope_.start(run(job));
  return job->view.id;
}

// What is here already needs none.
Result<> FetchJobs::check_room(const Blake3Hash& hash) {
  TRY(info, core_.store().info(hash));
  if (info && info->complete) return {};
  TRY(space, core_.env().files.disk_space(core_.data_dir().root()));
  return room_for_fetch(space, config_.settings());
}

boost::asio::awaitable<void> FetchJobs::run(std::shared_ptr<Job> job) {
  const std::stop_token stop = job->stop.get_token();
  const std::stop_callback wake(stop, [this] { freed_.notify(); });
  while (running_ >= rules_.at_once && !stop.stop_requested())
    (void)co_await freed_.wait(core_.env().clock);
  ContentReport report;
  if (stop.stop_requested()) {
    report.error = Error{Code::cancelled, "cancelled before it began"};
  } else {
    ++running_;
    job->view.state = FetchState::running;
    job->view.begun_ms = core_.env().clock.unix_ms();
    if (payer_) job->options.payer = payer_();
    FetchProgressFn show = [this, job = job.get()](const FetchProgress& now) {
      job->view.held_bytes = now.held_bytes;
      job->view.total_bytes = now.total_bytes;
      job->view.from_peers_bytes = now.from_peers_bytes;
      job->view.from_origin_bytes = now.from_origin_bytes;
      job->view.sources = now.sources;
      const rt::Instant at = core_.env().clock.now();
      if (!events_.heard() || at - job->told < kToldEvery) return;
      job->told = at;
      tell("fetch.progress", *job);
    };
    report = co_await fetch_content(core_, job->view.content, job->options, std::move(show));
    --running_;
    freed_.notify();
  }
  finish(*job, report);
}

void FetchJobs::finish(Job& job, const ContentReport& report) {
  rpc::FetchView& view = job.view;
  view.error = report.error;
  view.sources = report.sources;
  view.blobs = report.blobs;
  job.fetched = report.fetched;
  view.resumed_bytes = report.resumed_bytes;
  view.from_peers_bytes = report.from_peers_bytes;
  view.from_origin_bytes = report.from_origin_bytes;
  if (!report.error) {
    view.state = FetchState::complete;
    view.held_bytes = view.total_bytes = report.size_bytes;
  } else {
    view.state = report.error->code == Code::cancelled ? FetchState::cancelled : FetchState::failed;
  }
  log::info("fetch", "{} of {}: {}", view.id, view.content.hash.hex().substr(0, 16),
            report.error ? to_string(*report.error) : std::string(to_string(view.state)));
  std::exchange(job.arrival, nullptr)->end(report.error);
  tell("fetch.done", job);
  forget_old();
}

void FetchJobs::tell(std::string_view event, const Job& job) {
  const rpc::FetchView& view = job.view;
  events_.publish(
      event, fmt::format(R"({{"fetch":{},"blake3":"{}","state":"{}","held_bytes":{},)"
                         R"("total_bytes":{},"from_peers_bytes":{},)"
                         R"("from_origin_bytes":{}}})",
                         view.id, view.content.hash.hex(), to_string(view.state), view.held_bytes,
                         view.total_bytes, view.from_peers_bytes, view.from_origin_bytes));
}

void FetchJobs::forget_old() {
  std::size_t done = 0;
  for (const auto& [id, job] : jobs_) done += ended(job->view.state) ? 1 : 0;
  for (auto at = jobs_.begin(); at != jobs_.end() && done > rules_.remembered;) {
    const bool old = ended(at->second->view.state);
    at = old ? jobs_.erase(at) : std::next(at);
    done -= old ? 1 : 0;
  }
}

Result<rpc::FetchView> FetchJobs::view(std::uint64_t id) const {
  const auto found = jobs_.find(id);
  if (found == jobs_.end()) return fail(Code::not_found, "no fetch of that number is remembered");
  return found->second->view;
}

std::vector<rpc::FetchView> FetchJobs::all() const {
  std::vector<rpc::FetchView> out;
  for (const auto& [id, job] : jobs_) out.push_back(job->view);
  return out;
}

Result<rpc::FetchView> FetchJobs::last_of(const Blake3Hash& hash) const {
  for (auto at = jobs_.rbegin(); at != jobs_.rend(); ++at) {
    if (at->second->view.content.hash == hash) return at->second->view;
  }
  return fail(Code::not_found, fmt::format("no fetch of {} is remembered", hash.hex()));
}

Result<std::unordered_set<Blake3Hash>> FetchJobs::fetched_by(std::uint64_t id) const {
  const auto found = jobs_.find(id);
  if (found == jobs_.end()) return fail(Code::not_found, "no fetch of that number is remembered");
  return found->second->fetched;
}

Result<> FetchJobs::cancel(std::uint64_t id) {
  const auto found = jobs_.find(id);
  if (found == jobs_.end()) return fail(Code::not_found, "no fetch of that number is remembered");
  found->second->stop.request_stop();
  return {};
}

boost::asio::awaitable<void> FetchJobs::close() {
  for (const auto& [id, job] : jobs_) job->stop.request_stop();
  co_await scope_.close(core_.env().clock);
}

}  // namespace archy::app
