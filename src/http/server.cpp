// The server: accepts connections, keeps their number, ends them.
#include "http/server.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <list>

#include "base/log.hpp"
#include "http/listener.hpp"
#include "http/server_connection.hpp"
#include "rt/scope.hpp"

namespace archy::http {
namespace {

using namespace std::chrono_literals;

class AcceptingServer final : public Server {
 public:
  AcceptingServer(rt::Executor executor, rt::Clock& clock, std::unique_ptr<Listener> listener,
                  Handler& handler, ServerOptions options)
      : executor_(executor),
        clock_(clock),
        handler_(handler),
        options_(options),
        listener_(std::move(listener)),
        readiness_(executor),
        changed_(executor),
        scope_(executor) {}

  // Errors: io.
  Result<> start() {
    boost::system::error_code error;
    const int copy = ::fcntl(listener_->fd(), F_DUPFD_CLOEXEC, 0);
    if (copy >= 0) readiness_.assign(copy, error);
    if (copy >= 0 && error) ::close(copy);
    if (copy < 0 || error) return fail(Code::io, "out of file descriptors");
    scope_.start(accept_all());
    return {};
  }

  std::optional<rt::Address> address() const override { return listener_->address(); }
  std::size_t connections() const override { return connections_.size(); }

  boost::asio::awaitable<void> close() override {
    closing_ = true;
    boost::system::error_code ignored;
    readiness_.close(ignored);
    changed_.notify();
    for (auto& connection : copy_of_connections()) connection->stop();
    const auto deadline = clock_.now() + options_.close_grace;
    while (!connections_.empty()) {
      auto waited = co_await changed_.wait(clock_, deadline);
      if (!waited) break;
    }
    for (auto& connection : copy_of_connections()) connection->abort();
    co_await scope_.close(clock_);
  }

 private:
  using Connections = std::list<std::shared_ptr<ServerConnection>>;
  Connections copy_of_connections() const { return connections_; }

  boost::asio::awaitable<void> accept_all() {
    while (!closing_) {
      auto accepted = listener_->accept();
      if (!accepted) {
        // Out of descriptors: an idle connection gives up its own; then wait for better times.
        warn_once("cannot accept a connection: " + accepted.error().detail);
        drop_longest_idle();
        (void)co_await changed_.wait(clock_, clock_.now() + 100ms);
      } else if (*accepted) {
        take((*accepted)->fd, (*accepted)->peer);
      } else {
        co_await wait_readable();
      }
    }
  }

  boost::asio::awaitable<void> wait_readable() {
    auto ready = std::make_shared<bool>(false);
    readiness_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                          [this, ready](const boost::system::error_code& error) {
                            *ready = true;
                            if (error != boost::asio::error::operation_aborted) changed_.notify();
                          });
    while (!*ready && !closing_) (void)co_await changed_.wait(clock_);
  }

  void take(int fd, const ServerPeer& peer) {
    const bool is_wrong_user = peer.uid && *peer.uid != options_.only_uid.value_or(::geteuid());
    if (is_wrong_user) {
      warn_once(fmt::format("a connection of user {} was refused", *peer.uid));
      ::close(fd);
      return;
    }
    if (connections_.size() >= options_.max_connections && !drop_longest_idle()) {
      static constexpr std::string_view kFull =
          "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nRetry-After: 1\r\n"
          "Connection: close\r\n\r\n";
      (void)::send(fd, kFull.data(), kFull.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
      ::shutdown(fd, SHUT_WR);
      ::close(fd);
      return;
    }
    connections_.push_back(
        std::make_shared<ServerConnection>(executor_, clock_, fd, peer, handler_, options_));
    scope_.start(serve(connections_.back()));
  }

  boost::asio::awaitable<void> serve(std::shared_ptr<ServerConnection> connection) {
    co_await connection->run();
    connections_.remove(connection);
    changed_.notify();
  }

  // Slow senders of a request head are idle too, so they are the first to go.
  bool drop_longest_idle() {
    auto oldest = connections_.end();
    for (auto it = connections_.begin(); it != connections_.end(); ++it) {
      if (!(*it)->idle_since()) continue;
      if (oldest == connections_.end() || *(*it)->idle_since() < *(*oldest)->idle_since()) {
        oldest = it;
      }
    }
    if (oldest == connections_.end()) return false;
    const auto connection = *oldest;
    connections_.erase(oldest);
    connection->abort();
    return true;
  }

  // Who knocks decides how often: the log hears of it once.
  void warn_once(const std::string& what) {
    if (!std::exchange(warned_, true)) log::warn("http", "{} (said once)", what);
  }

  rt::Executor executor_;
  rt::Clock& clock_;
  Handler& handler_;
  const ServerOptions options_;
  std::unique_ptr<Listener> listener_;
  boost::asio::posix::stream_descriptor readiness_;  // of a copy of the listening descriptor
  rt::Signal changed_;
  bool closing_ = false;
  bool warned_ = false;
  Connections connections_;
  rt::Scope scope_;
};

Result<std::unique_ptr<Server>> serve(rt::Executor executor, rt::Clock& clock,
                                      std::unique_ptr<Listener> listener, Handler& handler,
                                      const ServerOptions& options) {
  auto server =
      std::make_unique<AcceptingServer>(executor, clock, std::move(listener), handler, options);
  TRY_OK(server->start());
  return server;
}

}  // namespace

Result<std::unique_ptr<Server>> listen_tcp(rt::Executor executor, rt::Clock& clock,
                                           const rt::Address& address, Handler& handler,
                                           ServerOptions options) {
  if (!rt::is_loopback(address) && !options.allow_any_address) {
    return fail(Code::denied, rt::to_string(address) + " is not a loopback address");
  }
  TRY(listener, Listener::open_tcp(address));
  return serve(executor, clock, std::move(listener), handler, options);
}

Result<std::unique_ptr<Server>> listen_unix(rt::Executor executor, rt::Clock& clock,
                                            const std::filesystem::path& path, Handler& handler,
                                            ServerOptions options) {
  TRY(listener, Listener::open_unix(path));
  return serve(executor, clock, std::move(listener), handler, options);
}

}  // namespace archy::http
