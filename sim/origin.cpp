#include "sim/origin.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "rt/signal.hpp"

namespace archy::sim {
namespace {

constexpr std::uint64_t kPieceBytes = 32u << 10;

}  // namespace

// Lifetime: the origin, the clock and the file's bytes (copied) outlive it.
class VirtualResponse final : public http::Response {
 public:
  VirtualResponse(VirtualOrigin& origin, rt::Executor executor, rt::Clock& clock,
                  std::stop_token stop, rt::Duration no_progress)
      : origin_(origin),
        executor_(std::move(executor)),
        clock_(clock),
        stop_(std::move(stop)),
        no_progress_(no_progress) {}

  const http::ResponseHead& head() const override { return head_; }

  rt::Task<ByteView> read() override {
    if (stop_.stop_requested()) co_return fail(Code::cancelled, "cancelled");
    const bool stalled = stall_at_ && sent_ >= *stall_at_;
    std::uint64_t n = std::min<std::uint64_t>(kPieceBytes, body_.size() - sent_);
    if (stall_at_ && !stalled) n = std::min(n, *stall_at_ - sent_);
    if (break_at_) n = std::min(n, *break_at_ - std::min(*break_at_, sent_));
    const rt::Duration wait =
        stalled ? no_progress_
                : rt::Duration(n * 1'000'000'000 / std::max<std::uint64_t>(1, rate_));
    const rt::Instant when = clock_.now() + wait;
    CO_TRY_OK(co_await rt::sleep_until(executor_, clock_, when, stop_));
    if (stalled) co_return fail(Code::timed_out, "the origin stopped sending");
    if (break_at_ && sent_ >= *break_at_) co_return fail(Code::unreachable, "connection lost");
    piece_.assign(body_.begin() + static_cast<std::ptrdiff_t>(sent_),
                  body_.begin() + static_cast<std::ptrdiff_t>(sent_ + n));
    sent_ += n;
    origin_.served_ += n;
    co_return ByteView(piece_);
  }

  VirtualOrigin& origin_;
  rt::Executor executor_;
  rt::Clock& clock_;
  std::stop_token stop_;
  rt::Duration no_progress_;
  http::ResponseHead head_;
  Bytes body_;
  Bytes piece_;
  std::uint64_t sent_ = 0;
  std::uint64_t rate_ = 0;
  std::optional<std::uint64_t> stall_at_;
  std::optional<std::uint64_t> break_at_;
};

void VirtualOrigin::calm() {
  up_ = true;
  for (auto& [url, entry] : files_) entry.file.mood = OriginMood::honest;
}

rt::Task<std::unique_ptr<http::Response>> VirtualHttpClient::send(http::Request request,
                                                                  std::stop_token stop) {
  if (!request.url.starts_with("http://") && !request.url.starts_with("https://")) {
    co_return fail(Code::bad_input, "not an http URL");
  }
  const auto found = origin_.files_.find(request.url);
  const bool known = found != origin_.files_.end();
  const rt::Duration latency = known ? found->second.file.latency : std::chrono::milliseconds(20);
  const rt::Instant arrives = clock_.now() + latency;
  CO_TRY_OK(co_await rt::sleep_until(executor_, clock_, arrives, stop));
  auto& log = origin_.log_;
  Counters& counters = origin_.counters_;
  if (!origin_.up_) {
    log.add(clock_.now(), "origin.down", {node_}, request.url);
    co_return fail(Code::unreachable, "connection refused");
  }

  auto response = std::make_unique<VirtualResponse>(origin_, executor_, clock_, stop,
                                                    request.no_progress_timeout);
  http::ResponseHead& head = response->head_;
  head.final_url = request.url;
  OriginFile empty;
  empty.mood = OriginMood::missing;
  const OriginFile& file = known ? found->second.file : empty;
  OriginMood mood = file.mood;
  if (known) ++found->second.requests;
  if (mood == OriginMood::error_status && file.at != 0 && found->second.requests > file.at) {
    mood = OriginMood::honest;
  }
  Bytes body = file.body;
  switch (mood) {
    case OriginMood::wrong_bytes:
      counters.hit(Fault::origin_wrong_bytes);
      if (!body.empty()) body[file.at % body.size()] ^= 0x40;
      break;
    case OriginMood::longer:
      counters.hit(Fault::origin_wrong_length);
      body.resize(body.size() + std::max<std::uint64_t>(1, file.at), 0x5a);
      break;
    case OriginMood::shorter:
      counters.hit(Fault::origin_wrong_length);
      body.resize(body.size() -
                  std::min<std::uint64_t>(body.size(), std::max<std::uint64_t>(1, file.at)));
      break;
    case OriginMood::missing:
      if (known) counters.hit(Fault::origin_missing);
      break;
    case OriginMood::error_status:
      counters.hit(Fault::origin_error_status);
      break;
    case OriginMood::encoded:
      counters.hit(Fault::origin_encoded);
      log.add(clock_.now(), "origin.encoded", {node_}, request.url);
      co_return fail(Code::peer_fault, "the origin encoded the body although told not to");
    default:
      break;
  }
  const std::uint64_t total = body.size();
  std::uint64_t first = 0, end = total;
  head.status = 200;
  if (mood == OriginMood::missing) {
    head.status = 404;
  } else if (mood == OriginMood::error_status) {
    head.status = 503;
  } else if (request.range && mood == OriginMood::ignores_range) {
    counters.hit(Fault::origin_ignored_range);
  } else if (request.range && request.range->first >= total) {
    head.status = 416;
    head.headers.emplace_back("content-range", fmt::format("bytes */{}", total));
  } else if (request.range) {
    first = request.range->first;
    end = std::min(total, request.range->last.value_or(total - 1) + 1);
    head.status = 206;
    head.headers.emplace_back("content-range",
                              fmt::format("bytes {}-{}/{}", first, end - 1, total));
  }
  const bool has_body = head.status == 200 || head.status == 206;
  if (!has_body) first = end = 0;
  head.headers.emplace_back("content-length", std::to_string(end - first));
  head.headers.emplace_back("accept-ranges", mood == OriginMood::ignores_range ? "none" : "bytes");
  if (has_body && !request.head) {
    response->body_.assign(body.begin() + static_cast<std::ptrdiff_t>(first),
                           body.begin() + static_cast<std::ptrdiff_t>(end));
  }
  response->rate_ = file.bytes_per_s;
  if (mood == OriginMood::stalls && !request.head) {
    counters.hit(Fault::origin_stalled);
    response->stall_at_ = std::min<std::uint64_t>(file.at, response->body_.size());
  }
  if (mood == OriginMood::truncated && !request.head && !response->body_.empty()) {
    counters.hit(Fault::origin_truncated);
    response->break_at_ = std::min<std::uint64_t>(file.at, response->body_.size() - 1);
  }
  log.add(clock_.now(), "origin.answer",
          {node_, static_cast<std::uint64_t>(head.status), first, end}, request.url);
  co_return std::unique_ptr<http::Response>(std::move(response));
}

}  // namespace archy::sim
