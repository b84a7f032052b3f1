// http::Client over libcurl: sets up one transfer, checks every address it connects to, follows
// redirects one at a time, and hands the body out piece by piece.
#include <curl/curl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>

#include "http/client.hpp"
#include "http/content_range.hpp"
#include "http/curl_loop.hpp"
#include "http/head_parser.hpp"
#include "http/url.hpp"
#include "rt/posix/socket_address.hpp"
#include "rt/signal.hpp"

namespace archy::http {
namespace {

// The body bytes that wait for their reader before curl is told to stop reading the socket. Up to
// one curl buffer more may come in before it has stopped.
constexpr std::size_t kBodyHighWater = 256u << 10;
constexpr long kCurlBufferBytes = 128l << 10;

constexpr const char* kEmptyBodyDigest =
    "x-amz-content-sha256: e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

Error too_long() { return {Code::peer_fault, "the body is longer than was asked for"}; }

struct SlistFree {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};

bool is_redirect(int status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

// The state of one hop, shared with curl's call-backs. Lifetime: leaves the loop in its destructor.
class Transfer {
 public:
  Transfer(std::shared_ptr<CurlLoop> loop, std::shared_ptr<const Connector> connector, Reach reach,
           const rt::Executor& executor, rt::Clock& clock)
      : changed(executor),
        clock_(clock),
        loop_(std::move(loop)),
        connector_(std::move(connector)),
        reach_(reach),
        easy_(curl_easy_init()) {}
  ~Transfer() {
    if (!easy_) return;
    loop_->remove(easy_);
    curl_easy_cleanup(easy_);
  }
  Transfer(const Transfer&) = delete;

  Result<> start(const Url& url, const Request& request, bool same_origin);
  // Waits for news, or fails. Errors: timed_out, cancelled.
  rt::Task<> wait(rt::Instant deadline, std::stop_token stop);
  Bytes take_body();

  rt::Signal changed;
  HeadParser head;
  bool finished = false;
  // Set once the transfer failed, whatever the reason.
  std::optional<Error> error;
  Bytes body;  // arrived, not taken yet

 private:
  static std::size_t on_header(char* data, std::size_t size, std::size_t count, void* self);
  static std::size_t on_body(char* data, std::size_t size, std::size_t count, void* self);
  static curl_socket_t on_open(void* self, curlsocktype, curl_sockaddr* address);
  static int on_connected(void* self, char*, char*, int, int);
  void post(const Post& what, curl_slist*& list);
  void on_done(CURLcode result);
  void sign(const S3Signature& signature, curl_slist*& list);
  bool is_too_long(std::uint64_t bytes) const { return max_body_ && bytes > *max_body_; }

  rt::Clock& clock_;
  std::shared_ptr<CurlLoop> loop_;
  std::shared_ptr<const Connector> connector_;
  const Reach reach_;
  CURL* easy_;
  std::unique_ptr<curl_slist, SlistFree> header_list_;
  std::unique_ptr<curl_slist, SlistFree> resolve_list_;
  bool expects_body_ = true;
  bool address_refused_ = false;
  bool paused_ = false;
  std::optional<std::uint64_t> announced_;  // Content-Length, where the body must have it
  std::uint64_t received_ = 0;
  std::optional<std::uint64_t> max_body_;
  std::optional<Post> post_;  // curl reads its body from here
  std::function<Result<>()> before_sending_;
  char error_text_[CURL_ERROR_SIZE] = {};
};

Result<> check_headers(const Request& request) {
  for (const auto& [name, value] : request.headers) {
    const auto is_bad = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
    if (name.empty() || name.find(':') != std::string::npos || std::ranges::any_of(name, is_bad) ||
        std::ranges::any_of(value, is_bad)) {
      return fail(Code::bad_input, "malformed request header");
    }
  }
  return {};
}

// What may follow a redirect to somebody else: never authorization, cookies or the like.
bool is_harmless(std::string_view name) {
  std::string lower(name);
  std::ranges::transform(lower, lower.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  });
  return lower == "if-range" || lower == "accept";
}

Result<> Transfer::start(const Url& url, const Request& request, bool same_origin) {
  if (!easy_) return fail(Code::internal, "curl could not start a transfer");
  max_body_ = request.max_body_bytes;
  expects_body_ = !request.head;
  curl_slist* list = nullptr;
  const auto add = [&list](const std::string& line) {
    list = curl_slist_append(list, line.c_str());
  };
  if (request.range) {
    const auto last = request.range->last ? std::to_string(*request.range->last) : std::string();
    add("Range: bytes=" + std::to_string(request.range->first) + "-" + last);
  }
  for (const auto& [name, value] : request.headers) {
    if (same_origin || is_harmless(name)) add(name + ": " + value);
  }
  if (request.signature && same_origin) sign(*request.signature, list);
  if (request.post) post(*request.post, list);
  header_list_.reset(list);

  const auto connect_ms =
      std::chrono::duration_cast<std::chrono::milliseconds>(request.connect_timeout).count();
  curl_easy_setopt(easy_, CURLOPT_URL, url.text.c_str());
  curl_easy_setopt(easy_, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(easy_, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(easy_, CURLOPT_HTTP_VERSION, long{CURL_HTTP_VERSION_1_1});
  // Not as one of `list`, all of which is signed: what stands between us and the server may change
  // this header.
  curl_easy_setopt(easy_, CURLOPT_ACCEPT_ENCODING, "identity");
  curl_easy_setopt(easy_, CURLOPT_HTTP_CONTENT_DECODING, 0L);
  if (const auto& proxy = connector_->socks5()) {
    // socks5h: the proxy resolves the name.
    curl_easy_setopt(easy_, CURLOPT_PROXY, ("socks5h://" + rt::to_string(*proxy)).c_str());
  } else {
    curl_easy_setopt(easy_, CURLOPT_PROXY, "");
  }
  if (const auto address = connector_->pinned(url.host)) {
    const auto text = rt::to_string(*address);  // ip:port: the port gives way to the URL's
    const auto entry =
        url.host + url.origin.substr(url.origin.rfind(':')) + ":" + text.substr(0, text.rfind(':'));
    resolve_list_.reset(curl_slist_append(nullptr, entry.c_str()));
    curl_easy_setopt(easy_, CURLOPT_RESOLVE, resolve_list_.get());
  }
  curl_easy_setopt(easy_, CURLOPT_NETRC, long{CURL_NETRC_IGNORED});
  curl_easy_setopt(easy_, CURLOPT_USERAGENT, "archipelago");
  curl_easy_setopt(easy_, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy_, CURLOPT_QUICK_EXIT, 1L);  // do not wait for a resolver thread
  curl_easy_setopt(easy_, CURLOPT_BUFFERSIZE, kCurlBufferBytes);
  curl_easy_setopt(easy_, CURLOPT_CONNECTTIMEOUT_MS, std::max(1L, static_cast<long>(connect_ms)));
  curl_easy_setopt(easy_, CURLOPT_HTTPHEADER, header_list_.get());
  curl_easy_setopt(easy_, CURLOPT_ERRORBUFFER, error_text_);
  curl_easy_setopt(easy_, CURLOPT_NOBODY, request.head ? 1L : 0L);
  curl_easy_setopt(easy_, CURLOPT_HEADERFUNCTION, &Transfer::on_header);
  curl_easy_setopt(easy_, CURLOPT_HEADERDATA, this);
  curl_easy_setopt(easy_, CURLOPT_WRITEFUNCTION, &Transfer::on_body);
  curl_easy_setopt(easy_, CURLOPT_WRITEDATA, this);
  curl_easy_setopt(easy_, CURLOPT_OPENSOCKETFUNCTION, &Transfer::on_open);
  curl_easy_setopt(easy_, CURLOPT_OPENSOCKETDATA, this);
  if (request.before_sending) {
    before_sending_ = request.before_sending;
    curl_easy_setopt(easy_, CURLOPT_PREREQFUNCTION, &Transfer::on_connected);
    curl_easy_setopt(easy_, CURLOPT_PREREQDATA, this);
  }
  loop_->add(easy_, [this](CURLcode result) { on_done(result); });
  return {};
}

// libcurl 7.88 signs everything in `list` and adds x-amz-date; the digest of the (empty) body,
// which S3 wants as a header, and the session token are the caller's to give. It does not sort a
// query before it signs: a signed URL has none here.
void Transfer::sign(const S3Signature& signature, curl_slist*& list) {
  const std::string provider = "aws:amz:" + signature.region + ":s3";
  curl_easy_setopt(easy_, CURLOPT_AWS_SIGV4, provider.c_str());
  curl_easy_setopt(easy_, CURLOPT_USERNAME, signature.access_key_id.c_str());
  curl_easy_setopt(easy_, CURLOPT_PASSWORD, signature.secret_access_key.reveal().c_str());
  list = curl_slist_append(list, kEmptyBodyDigest);
  if (signature.session_token) {
    const std::string line = "x-amz-security-token: " + signature.session_token->reveal();
    list = curl_slist_append(list, line.c_str());
  }
}

void Transfer::post(const Post& what, curl_slist*& list) {
  post_ = what;
  curl_easy_setopt(easy_, CURLOPT_POST, 1L);
  curl_easy_setopt(easy_, CURLOPT_POSTFIELDSIZE_LARGE,
                   static_cast<curl_off_t>(post_->body.reveal().size()));
  curl_easy_setopt(easy_, CURLOPT_POSTFIELDS, post_->body.reveal().data());
  list = curl_slist_append(list, ("Content-Type: " + what.content_type).c_str());
  list = curl_slist_append(list, "Expect:");  // the body follows at once
}

rt::Task<> Transfer::wait(rt::Instant deadline, std::stop_token stop) {
  if (stop.stop_requested()) co_return fail(Code::cancelled, "cancelled");
  std::stop_callback on_stop(stop, [this] { changed.notify(); });
  auto waited = co_await changed.wait(clock_, deadline);
  if (stop.stop_requested()) co_return fail(Code::cancelled, "cancelled");
  if (!waited) co_return fail(Code::timed_out, "no answer in time");
  co_return Result<>{};
}

Bytes Transfer::take_body() {
  Bytes out = std::exchange(body, {});
  if (paused_) {
    paused_ = false;
    curl_easy_pause(easy_, CURLPAUSE_CONT);
  }
  return out;
}

std::size_t Transfer::on_header(char* data, std::size_t size, std::size_t count, void* pointer) {
  auto* self = static_cast<Transfer*>(pointer);
  const bool was_done = self->head.done();
  const auto refuse = [self](const Error& why) -> std::size_t {
    if (!self->error) self->error = why;
    self->changed.notify();
    return 0;
  };
  auto added = self->head.add_line({data, size * count});
  if (!added) return refuse(added.error());
  if (self->head.done() && !was_done) {
    auto framing = check_framing(self->head.head());
    if (!framing) return refuse(framing.error());
    const auto length = self->head.head().header("content-length");
    if (length && self->expects_body_) {
      self->announced_ = *parse_content_length(*length);
      if (self->is_too_long(*self->announced_)) return refuse(too_long());
    }
    self->changed.notify();
  }
  return size * count;
}

std::size_t Transfer::on_body(char* data, std::size_t size, std::size_t count, void* pointer) {
  auto* self = static_cast<Transfer*>(pointer);
  if (self->body.size() >= kBodyHighWater) {
    self->paused_ = true;
    return CURL_WRITEFUNC_PAUSE;
  }
  if (self->is_too_long(self->received_ + size * count)) {
    self->error = too_long();
    self->changed.notify();
    return 0;
  }
  append(self->body, as_bytes({data, size * count}));
  self->received_ += size * count;
  self->changed.notify();
  return size * count;
}

// The one place a connection is allowed or not: `address` is what connect() will be given.
curl_socket_t Transfer::on_open(void* pointer, curlsocktype, curl_sockaddr* address) {
  auto* self = static_cast<Transfer*>(pointer);
  const auto target = rt::from_sockaddr(&address->addr, address->addrlen);
  if (!target || !self->connector_->may_connect(*target, self->reach_)) {
    self->address_refused_ = true;
    return CURL_SOCKET_BAD;
  }
  return ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

int Transfer::on_connected(void* pointer, char*, char*, int, int) {
  auto* self = static_cast<Transfer*>(pointer);
  auto ready = self->before_sending_();
  if (ready) return CURL_PREREQFUNC_OK;
  self->error = std::move(ready).error();
  return CURL_PREREQFUNC_ABORT;
}

void Transfer::on_done(CURLcode result) {
  finished = true;
  changed.notify();
  if (error) return;
  const std::string text = error_text_[0] ? error_text_ : curl_easy_strerror(result);
  switch (result) {
    case CURLE_OK:
      if (!head.done()) {
        error = Error{Code::peer_fault, "response without a head"};
      } else if (announced_ && received_ != *announced_) {
        error = Error{Code::unreachable, "the body has not its announced length"};
      }
      return;
    case CURLE_COULDNT_CONNECT:
      if (address_refused_) {
        error = Error{Code::denied, "the address is not on the public internet"};
        return;
      }
      [[fallthrough]];
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_PROXY:
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
    case CURLE_GOT_NOTHING:
      error = Error{Code::unreachable, text};
      return;
    case CURLE_PARTIAL_FILE:
      error = Error{Code::unreachable, "the body ended before its announced length"};
      return;
    case CURLE_OPERATION_TIMEDOUT:
      error = Error{Code::timed_out, text};
      return;
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_SSL_ISSUER_ERROR:
      error = Error{Code::denied, "TLS: " + text};
      return;
    case CURLE_URL_MALFORMAT:
      error = Error{Code::bad_input, text};
      return;
    default:
      error = Error{Code::peer_fault, text};
  }
}

class CurlResponse final : public Response {
 public:
  CurlResponse(std::unique_ptr<Transfer> transfer, rt::Clock& clock, rt::Duration patience,
               std::stop_token stop)
      : transfer_(std::move(transfer)),
        clock_(clock),
        patience_(patience),
        stop_(std::move(stop)) {}

  const ResponseHead& head() const override { return transfer_->head.head(); }

  rt::Task<ByteView> read() override {
    const auto deadline = clock_.now() + patience_;
    for (;;) {
      if (stop_.stop_requested()) co_return fail(Code::cancelled, "cancelled");
      if (!transfer_->body.empty()) {
        current_ = transfer_->take_body();
        co_return ByteView(current_);
      }
      if (transfer_->error) co_return fail(*transfer_->error);
      if (transfer_->finished) co_return ByteView{};
      CO_TRY_OK(co_await transfer_->wait(deadline, stop_));
    }
  }

 private:
  std::unique_ptr<Transfer> transfer_;
  rt::Clock& clock_;
  rt::Duration patience_;
  std::stop_token stop_;
  Bytes current_;
};

class CurlClient final : public Client {
 public:
  CurlClient(rt::Executor executor, rt::Clock& clock, ConnectorOptions options)
      : executor_(std::move(executor)),
        clock_(clock),
        connector_(std::make_shared<const Connector>(std::move(options))),
        any_address_(CurlLoop::make(executor_, clock)),
        public_only_(CurlLoop::make(executor_, clock)) {}

  rt::Task<std::unique_ptr<Response>> send(Request request, std::stop_token stop) override {
    CO_TRY(first, parse_url(request.url));
    CO_TRY_OK(check_headers(request));
    if (request.post && (request.max_redirects != 0 || request.head || request.signature))
      co_return fail(Code::bad_input, "a POST is sent once, to one place, unsigned");
    Url url = first;
    for (int redirects = 0;; ++redirects) {
      const bool same_host = url.host == first.host;
      const bool private_ok =
          request.allow_private && (same_host || request.allow_private_redirects);
      const Reach reach = private_ok ? Reach::anywhere : Reach::public_only;
      CO_TRY_OK(connector_->check_host(url, reach));
      CO_TRY(transfer, co_await send_one(url, request, url.origin == first.origin, reach, stop));
      auto& head = transfer->head.head();
      head.final_url = url.text;
      const auto location = head.header("location");
      if (!is_redirect(head.status) || !location) {
        std::unique_ptr<Response> response = std::make_unique<CurlResponse>(
            std::move(transfer), clock_, request.no_progress_timeout, stop);
        co_return response;
      }
      if (redirects >= request.max_redirects) {
        co_return fail(Code::denied, request.max_redirects == 0 ? "redirects are not followed"
                                                                : "too many redirects");
      }
      auto next = resolve_redirect(url, *location);
      if (!next) co_return fail(Code::denied, "redirect refused: " + next.error().detail);
      url = std::move(*next);
    }
  }

 private:
  // Up to the end of the head.
  rt::Task<std::unique_ptr<Transfer>> send_one(const Url& url, const Request& request,
                                               bool same_origin, Reach reach,
                                               std::stop_token stop) {
    // Connections are pooled by policy: one opened where private addresses are allowed is never
    // reused where they are not.
    auto& loop = reach == Reach::anywhere ? any_address_ : public_only_;
    auto transfer = std::make_unique<Transfer>(loop, connector_, reach, executor_, clock_);
    CO_TRY_OK(transfer->start(url, request, same_origin));
    const auto deadline = clock_.now() + request.connect_timeout + request.no_progress_timeout;
    while (!transfer->head.done() && !transfer->error) {
      CO_TRY_OK(co_await transfer->wait(deadline, stop));
    }
    // A body that breaks off is the reader's to find out; a head that is bad is told at once.
    if (transfer->error && (!transfer->head.done() || !check_framing(transfer->head.head()))) {
      co_return fail(*transfer->error);
    }
    co_return transfer;
  }

  rt::Executor executor_;
  rt::Clock& clock_;
  std::shared_ptr<const Connector> connector_;
  std::shared_ptr<CurlLoop> any_address_;
  std::shared_ptr<CurlLoop> public_only_;
};

}  // namespace

std::unique_ptr<Client> make_curl_client(rt::Executor executor, rt::Clock& clock,
                                         ConnectorOptions options) {
  return std::make_unique<CurlClient>(std::move(executor), clock, std::move(options));
}

}  // namespace archy::http
