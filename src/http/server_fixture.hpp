// A server on a real loopback port with a clock set by hand, run on a thread of its own, and a raw
// client that says exactly what a test wants said. For tests only.
#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <future>
#include <list>
#include <mutex>
#include <thread>

#include "http/server.hpp"
#include "rt/scope.hpp"

namespace archy::http {

// Time stands still but for advance(). Timers fire on the loop.
class HandClock final : public rt::Clock {
 public:
  explicit HandClock(rt::Executor executor) : executor_(std::move(executor)) {}
  rt::Instant now() const override { return rt::Instant(rt::Duration(now_.load())); }
  std::int64_t unix_ms() const override { return 784'111'777'000; }
  std::unique_ptr<rt::Timer> make_timer() override { return std::make_unique<HandTimer>(*this); }
  // Thread: any; returns when what was due has fired.
  void advance(rt::Duration by) {
    std::promise<void> done;
    boost::asio::post(executor_, [&] {
      now_ += by.count();
      fire_due();
      done.set_value();
    });
    done.get_future().wait();
  }

 private:
  struct HandTimer final : rt::Timer {
    explicit HandTimer(HandClock& of) : clock(of) { clock.timers_.push_back(this); }
    ~HandTimer() override { clock.timers_.remove(this); }
    void arm(rt::Instant at, std::function<void()> on_fire) override {
      when = at;
      fire = std::move(on_fire);
      if (at <= clock.now()) boost::asio::post(clock.executor_, [&of = clock] { of.fire_due(); });
    }
    void disarm() override { fire = nullptr; }
    HandClock& clock;
    rt::Instant when;
    std::function<void()> fire;
  };
  void fire_due() {
    for (bool fired = true; fired;) {
      fired = false;
      for (auto* timer : timers_) {
        if (timer->fire && timer->when <= now()) {
          std::exchange(timer->fire, nullptr)();
          fired = true;
          break;
        }
      }
    }
  }

  rt::Executor executor_;
  std::atomic<rt::Duration::rep> now_ = 1'000'000'000;
  std::list<HandTimer*> timers_;
};

// Blocking, with a real-time limit on every wait so that a hanging server fails a test.
class RawClient {
 public:
  explicit RawClient(const rt::Address& to, int receive_buffer = 0)
      : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    if (receive_buffer > 0) {
      ::setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
    }
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(to.port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  }
  explicit RawClient(const std::string& socket_path)
      : fd_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    socket_path.copy(address.sun_path, sizeof address.sun_path - 1);
    EXPECT_EQ(::connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  }
  ~RawClient() { ::close(fd_); }
  RawClient(const RawClient&) = delete;

  void say(std::string_view text) {
    while (!text.empty()) {
      const auto n = ::send(fd_, text.data(), text.size(), MSG_NOSIGNAL);
      if (n <= 0) return;
      text.remove_prefix(static_cast<std::size_t>(n));
    }
  }
  void finish_saying() { ::shutdown(fd_, SHUT_WR); }
  // One more piece; false at the end of the connection. Fails the test after 10 s of nothing.
  bool hear_more() {
    pollfd ready{fd_, POLLIN, 0};
    if (::poll(&ready, 1, 10'000) <= 0) {
      ADD_FAILURE() << "nothing came for 10 s; so far: " << heard;
      return false;
    }
    char bytes[65536];
    const auto n = ::recv(fd_, bytes, sizeof bytes, 0);
    if (n <= 0) return false;
    heard.append(bytes, static_cast<std::size_t>(n));
    return true;
  }
  // Everything until the server closes.
  std::string hear_all() {
    while (hear_more()) {
    }
    return heard;
  }
  // Until `text` has come; what was heard up to its end is returned and forgotten.
  std::string hear_until(std::string_view text) {
    std::size_t at;
    while ((at = heard.find(text)) == std::string::npos) {
      if (!hear_more()) {
        ADD_FAILURE() << "the connection ended before \"" << text << "\": " << heard;
        return std::exchange(heard, {});
      }
    }
    auto out = heard.substr(0, at + text.size());
    heard.erase(0, out.size());
    return out;
  }
  // True when nothing is there to be read and the connection stands, right now.
  bool is_silent() const {
    pollfd ready{fd_, POLLIN, 0};
    return ::poll(&ready, 1, 0) == 0;
  }
  std::string heard;

 private:
  int fd_;
};

// The loop runs on a thread; a test talks to it over sockets, the clock, or call().
class ServerWorld {
 public:
  ServerWorld() : thread_([this] { loop.run(); }) {}
  ~ServerWorld() {
    if (server) close();
    work_.reset();
    loop.stop();
    thread_.join();
  }

  void listen(Handler& handler, ServerOptions options = {}) {
    call([&] {
      auto made =
          listen_tcp(loop.get_executor(), clock, rt::Address::loopback(0), handler, options);
      EXPECT_TRUE(made.has_value());
      if (made) server = std::move(*made);
    });
  }
  rt::Address address() const { return *server->address(); }
  // Runs `what` on the loop and waits for it.
  void call(const std::function<void()>& what) {
    std::promise<void> done;
    boost::asio::post(loop, [&] {
      what();
      done.set_value();
    });
    done.get_future().wait();
  }
  // Until the loop has noticed all that was said. It looks at its sockets between two posted calls;
  // from an accepted connection to a head that is being read it is less than ten steps.
  void settle() {
    for (int turn = 0; turn < 32; ++turn) call([] {});
  }
  // Until `holds`, asked on the loop, is true; fails the test after 10 s.
  void eventually(const std::function<bool()>& holds) {
    const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    for (bool is_true = false; !is_true;) {
      call([&] { is_true = holds(); });
      if (std::chrono::steady_clock::now() > limit) {
        ADD_FAILURE() << "did not come true";
        return;
      }
    }
  }
  void close() {
    std::promise<void> closed;
    rt::Scope scope(loop.get_executor());
    auto flow = [](Server& of, std::promise<void>& done) -> boost::asio::awaitable<void> {
      co_await of.close();
      done.set_value();
    };
    call([&] { scope.start(flow(*server, closed)); });
    closed.get_future().wait();
    call([&] { server.reset(); });
  }

  boost::asio::io_context loop;
  HandClock clock{loop.get_executor()};
  std::unique_ptr<Server> server;

 private:
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_{
      loop.get_executor()};
  std::thread thread_;
};

}  // namespace archy::http
