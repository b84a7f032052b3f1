#include "testmint/direct_client.hpp"

#include <algorithm>

#include "base/check.hpp"
#include "http/url.hpp"
#include "rt/signal.hpp"

namespace archy::testmint {
namespace {

Error lost() { return {Code::unreachable, "Recv failure: Connection reset by peer"}; }
Error too_late() { return {Code::timed_out, "no answer in time"}; }

// What has arrived as a whole, or breaks off.
class DirectResponse final : public http::Response {
 public:
  DirectResponse(http::ResponseHead head, std::string body, std::optional<Error> end,
                 std::stop_token stop)
      : head_(std::move(head)), body_(std::move(body)), end_(std::move(end)), stop_(stop) {}

  const http::ResponseHead& head() const override { return head_; }
  rt::Task<ByteView> read() override {
    if (stop_.stop_requested()) co_return fail(Code::cancelled, "cancelled");
    if (!given_ && !body_.empty()) {
      given_ = true;
      co_return as_bytes(body_);
    }
    if (end_) co_return fail(*end_);
    co_return ByteView{};
  }

 private:
  http::ResponseHead head_;
  std::string body_;
  std::optional<Error> end_;
  std::stop_token stop_;
  bool given_ = false;
};

std::unique_ptr<http::Response> response_of(const http::Request& request, Reply reply,
                                            const Carriage& carriage, std::stop_token stop) {
  http::ResponseHead head;
  head.status = reply.status;
  head.final_url = request.url;
  head.headers = {{"content-type", reply.content_type},
                  {"content-length", std::to_string(reply.body.size())}};
  std::optional<Error> end;
  if (request.max_body_bytes && reply.body.size() > *request.max_body_bytes) {
    end = Error{Code::peer_fault, "the body is longer than was asked for"};
    reply.body.clear();
  } else if (carriage.truncate_at && *carriage.truncate_at < reply.body.size()) {
    end = Error{Code::unreachable, "the body ended before its announced length"};
    reply.body.resize(*carriage.truncate_at);
  }
  if (request.head) reply.body.clear();
  return std::make_unique<DirectResponse>(std::move(head), std::move(reply.body), std::move(end),
                                          std::move(stop));
}

std::string origin_of(const std::string& url) {
  const auto parsed = http::parse_url(url);
  CHECK(parsed.has_value());
  return parsed->origin;
}

}  // namespace

struct DirectClient::Visit {
  Mint* mint;
  std::string method;
  std::string path;
  std::string body;
  Carriage carriage;
  bool arrived = false;
};

void DirectClient::route(const std::string& origin, Mint* mint) {
  mints_[origin_of(origin)] = mint;
}

void DirectClient::route_all(LinkedMints& mints) {
  for (const auto& [name, mint] : mints.all()) route("http://" + name + ".test", mint.get());
}

Reply DirectClient::execute(const Visit& visit) const {
  const auto once = [&] {
    return visit.mint->handle(visit.method, visit.path, visit.body, mint_clock_.unix_ms(),
                              visit.carriage.inside);
  };
  if (visit.carriage.duplicate) (void)once();
  return once();
}

// A request on its way arrives whether or not somebody still waits for the answer.
void DirectClient::execute_later(Visit visit, rt::Instant when) {
  if (visit.carriage.drop_before || visit.carriage.answer_before) return;
  std::erase_if(late_, [](const Late& late) { return late.done; });
  Late& late = late_.emplace_back(clock_.make_timer());
  late.timer->arm(when, [this, &late, visit = std::move(visit)] {
    (void)execute(visit);
    late.done = true;
  });
}

// Errors: timed_out, cancelled.
rt::Task<> DirectClient::wait(const Visit& visit, rt::Duration how_long, rt::Instant deadline,
                              std::stop_token stop) {
  const rt::Instant when = clock_.now() + how_long;
  auto waited = co_await rt::sleep_until(executor_, clock_, std::min(when, deadline), stop);
  if (waited && when <= deadline) co_return Result<>{};
  if (!visit.arrived) execute_later(visit, when);
  if (!waited) co_return fail(waited.error());
  co_return fail(too_late());
}

rt::Task<std::unique_ptr<http::Response>> DirectClient::send(http::Request request,
                                                             std::stop_token stop) {
  CO_TRY(url, http::parse_url(request.url));
  if (request.post && (request.max_redirects != 0 || request.head || request.signature))
    co_return fail(Code::bad_input, "a POST is sent once, to one place, unsigned");
  if (stop.stop_requested()) co_return fail(Code::cancelled, "cancelled");
  const auto found = mints_.find(url.origin);
  if (found == mints_.end()) co_return fail(Code::unreachable, "Could not resolve host");
  if (found->second == nullptr) co_return fail(Code::unreachable, "Failed to connect to host");
  if (request.before_sending) CO_TRY_OK(request.before_sending());

  const auto slash = url.text.find('/', url.scheme.size() + 3);
  std::string path = slash == std::string::npos ? "/" : url.text.substr(slash);
  path = path.substr(0, path.find('?'));
  Visit visit{found->second,
              request.post ? "POST" : "GET",
              std::move(path),
              request.post ? request.post->body.reveal() : std::string(),
              {}};
  visit.carriage = visit.mint->faults().take(visit.method, visit.path);
  const Carriage& carriage = visit.carriage;
  const auto ms = [](std::int64_t count) { return std::chrono::milliseconds(count); };
  const auto deadline = clock_.now() + request.connect_timeout + request.no_progress_timeout;

  const rt::Duration there = latency_ / 2 + ms(carriage.delay_before_ms);
  CO_TRY_OK(co_await wait(visit, there, deadline, stop));
  if (carriage.drop_before) co_return fail(lost());
  Reply reply;
  if (carriage.answer_before) {
    reply = {*carriage.answer_before, "text/html", fault_page(*carriage.answer_before)};
  } else {
    reply = execute(visit);
  }
  visit.arrived = true;
  const rt::Duration back = latency_ / 2 + ms(carriage.delay_after_ms);
  CO_TRY_OK(co_await wait(visit, back, deadline, stop));
  if (carriage.drop_after) co_return fail(lost());
  if (carriage.answer_after)
    reply = {*carriage.answer_after, "text/html", fault_page(*carriage.answer_after)};
  co_return response_of(request, std::move(reply), carriage, stop);
}

}  // namespace archy::testmint
