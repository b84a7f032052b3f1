#include "http/curl_loop.hpp"

#include <boost/asio/posix/stream_descriptor.hpp>

#include "base/check.hpp"
#include "base/log.hpp"

namespace archy::http {
namespace {

constexpr long kIdleConnections = 16;

void initialise_curl_once() {
  static const CURLcode done = curl_global_init(CURL_GLOBAL_DEFAULT);
  CHECK(done == CURLE_OK);
}

}  // namespace

// One socket of curl's. curl owns the file descriptor: it is released, never closed, here.
struct CurlLoop::Socket {
  Socket(const rt::Executor& executor, curl_socket_t fd) : number(fd), descriptor(executor) {}
  ~Socket() { let_go(); }
  // The loop watches the number no more: curl may close it, or hand it in again at once.
  void let_go() {
    if (descriptor.is_open()) descriptor.release();
  }

  curl_socket_t number;
  boost::asio::posix::stream_descriptor descriptor;
  bool want_read = false, want_write = false;  // what curl asks for now
  bool reading = false, writing = false;       // what the loop is waiting for now
};

CurlLoop::CurlLoop(rt::Executor executor, rt::Clock& clock)
    : executor_(std::move(executor)), clock_(clock), timer_(clock.make_timer()) {
  initialise_curl_once();
  multi_ = curl_multi_init();
  CHECK(multi_ != nullptr);
  curl_multi_setopt(multi_, CURLMOPT_SOCKETFUNCTION, &CurlLoop::on_socket);
  curl_multi_setopt(multi_, CURLMOPT_SOCKETDATA, this);
  curl_multi_setopt(multi_, CURLMOPT_TIMERFUNCTION, &CurlLoop::on_timer);
  curl_multi_setopt(multi_, CURLMOPT_TIMERDATA, this);
  curl_multi_setopt(multi_, CURLMOPT_PIPELINING, CURLPIPE_NOTHING);
  curl_multi_setopt(multi_, CURLMOPT_MAXCONNECTS, kIdleConnections);
}

std::shared_ptr<CurlLoop> CurlLoop::make(rt::Executor executor, rt::Clock& clock) {
  return std::shared_ptr<CurlLoop>(new CurlLoop(std::move(executor), clock));
}

CurlLoop::~CurlLoop() {
  CHECK(running_.empty());
  timer_->disarm();
  curl_multi_cleanup(multi_);
}

void CurlLoop::add(CURL* easy, std::function<void(CURLcode)> on_done) {
  running_.emplace(easy, std::move(on_done));
  curl_multi_add_handle(multi_, easy);
}

void CurlLoop::remove(CURL* easy) {
  if (running_.erase(easy) > 0) curl_multi_remove_handle(multi_, easy);
}

int CurlLoop::on_socket(CURL*, curl_socket_t fd, int what, void* self, void*) {
  static_cast<CurlLoop*>(self)->watch(fd, what);
  return 0;
}

int CurlLoop::on_timer(CURLM*, long timeout_ms, void* self_pointer) {
  auto* self = static_cast<CurlLoop*>(self_pointer);
  if (timeout_ms < 0) {
    self->timer_->disarm();
    return 0;
  }
  self->timer_->arm(self->clock_.now() + std::chrono::milliseconds(timeout_ms),
                    [weak = self->weak_from_this()] {
                      if (auto alive = weak.lock()) alive->drive(CURL_SOCKET_TIMEOUT, 0);
                    });
  return 0;
}

void CurlLoop::watch(curl_socket_t fd, int what) {
  if (what == CURL_POLL_REMOVE) {
    // A handler that is running may hold the object longer than curl wants it watched.
    if (const auto known = sockets_.find(fd); known != sockets_.end()) {
      known->second->let_go();
      sockets_.erase(known);
    }
    return;
  }
  auto& socket = sockets_[fd];
  if (!socket) {
    socket = std::make_shared<Socket>(executor_, fd);
    boost::system::error_code error;
    socket->descriptor.assign(fd, error);
    if (error) {  // its transfer runs into its time limit
      log::warn("http", "a connection cannot be watched: {}", error.message());
      sockets_.erase(fd);
      return;
    }
  }
  socket->want_read = what == CURL_POLL_IN || what == CURL_POLL_INOUT;
  socket->want_write = what == CURL_POLL_OUT || what == CURL_POLL_INOUT;
  if (socket->want_read && !socket->reading) wait_for(socket, false);
  if (socket->want_write && !socket->writing) wait_for(socket, true);
}

void CurlLoop::wait_for(const std::shared_ptr<Socket>& socket, bool writing) {
  using Descriptor = boost::asio::posix::stream_descriptor;
  (writing ? socket->writing : socket->reading) = true;
  const auto kind = writing ? Descriptor::wait_write : Descriptor::wait_read;
  socket->descriptor.async_wait(kind, [weak_loop = weak_from_this(),
                                       weak = std::weak_ptr<Socket>(socket),
                                       writing](const boost::system::error_code& error) {
    auto loop = weak_loop.lock();
    auto ready = weak.lock();
    if (!loop || !ready || error == boost::asio::error::operation_aborted) return;
    (writing ? ready->writing : ready->reading) = false;
    if (!(writing ? ready->want_write : ready->want_read)) return;
    const int events = error ? CURL_CSELECT_ERR : (writing ? CURL_CSELECT_OUT : CURL_CSELECT_IN);
    loop->drive(ready->number, events);
    // curl tells only about changes, so what it wanted it still wants, unless it let go.
    const auto now = loop->sockets_.find(ready->number);
    if (now == loop->sockets_.end() || now->second != ready) return;
    if (ready->want_read && !ready->reading) loop->wait_for(ready, false);
    if (ready->want_write && !ready->writing) loop->wait_for(ready, true);
  });
}

void CurlLoop::drive(curl_socket_t fd, int events) {
  int still_running = 0;
  curl_multi_socket_action(multi_, fd, events, &still_running);
  collect_finished();
}

void CurlLoop::collect_finished() {
  int left = 0;
  while (const CURLMsg* message = curl_multi_info_read(multi_, &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    CURL* easy = message->easy_handle;
    const CURLcode result = message->data.result;
    const auto entry = running_.find(easy);
    if (entry == running_.end()) continue;
    auto on_done = std::move(entry->second);
    running_.erase(entry);
    curl_multi_remove_handle(multi_, easy);
    on_done(result);
  }
}

}  // namespace archy::http
