// A small blocking HTTP server for tests: one thread a connection, the answer written by the test.
// Only test files include it.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <functional>
#include <list>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/check.hpp"

namespace archy::http {

class TestServer {
 public:
  struct Request {
    std::string method, target, raw, body;
    std::map<std::string, std::string> headers;  // names in lower case
    std::string header(const std::string& name) const {
      const auto found = headers.find(name);
      return found == headers.end() ? std::string() : found->second;
    }
  };

  class Connection {
   public:
    Connection(TestServer& server, int fd) : server_(server), fd_(fd) {}
    // False once the other side has gone.
    bool write(std::string_view bytes) {
      while (!bytes.empty()) {
        const auto n = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (n <= 0) return false;
        server_.bytes_sent += static_cast<std::uint64_t>(n);
        bytes.remove_prefix(static_cast<std::size_t>(n));
      }
      return true;
    }
    // After this answer the connection ends.
    void close() { closed_ = true; }
    // Sends no more and waits until the client has gone: what a stalled server looks like.
    void stall() {
      char byte;
      while (::recv(fd_, &byte, 1, 0) > 0) {
      }
      closed_ = true;
    }
    // Ends with a reset instead of an orderly end.
    void reset() {
      const linger now{1, 0};
      ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
      closed_ = true;
    }
    bool closed() const { return closed_; }

   private:
    TestServer& server_;
    int fd_;
    bool closed_ = false;
  };

  using Handler = std::function<void(const Request&, Connection&)>;

  // `handler` runs on the connections' threads, several at once.
  explicit TestServer(Handler handler) : handler_(std::move(handler)) {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    CHECK(::bind(listener_, reinterpret_cast<sockaddr*>(&address), length) == 0);
    CHECK(::listen(listener_, 64) == 0);
    CHECK(::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &length) == 0);
    port_ = ntohs(address.sin_port);
    acceptor_ = std::thread([this] { accept_all(); });
  }
  ~TestServer() {
    ::shutdown(listener_, SHUT_RDWR);
    acceptor_.join();
    ::close(listener_);
    {
      const std::lock_guard lock(mutex_);
      for (const int fd : open_) ::shutdown(fd, SHUT_RDWR);
    }
    for (auto& thread : threads_) thread.join();
  }
  TestServer(const TestServer&) = delete;

  std::uint16_t port() const { return port_; }
  std::string url(const std::string& path) const {
    return "http://127.0.0.1:" + std::to_string(port_) + path;
  }
  std::vector<Request> requests() const {
    const std::lock_guard lock(mutex_);
    return requests_;
  }

  std::atomic<std::uint64_t> bytes_sent = 0;
  std::atomic<int> connections = 0;

 private:
  void accept_all() {
    for (;;) {
      const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (fd < 0) return;
      ++connections;
      const std::lock_guard lock(mutex_);
      open_.push_back(fd);
      threads_.emplace_back([this, fd] { serve(fd); });
    }
  }

  void serve(int fd) {
    std::string buffered;
    Connection connection(*this, fd);
    for (Request request; !connection.closed() && read_request(fd, buffered, request);) {
      {
        const std::lock_guard lock(mutex_);
        requests_.push_back(request);
      }
      handler_(request, connection);
    }
    const std::lock_guard lock(mutex_);
    open_.remove(fd);
    ::close(fd);
  }

  static bool read_request(int fd, std::string& buffered, Request& out) {
    std::size_t end;
    while ((end = buffered.find("\r\n\r\n")) == std::string::npos) {
      char bytes[4096];
      const auto n = ::recv(fd, bytes, sizeof bytes, 0);
      if (n <= 0) return false;
      buffered.append(bytes, static_cast<std::size_t>(n));
    }
    out = {};
    out.raw = buffered.substr(0, end + 2);
    buffered.erase(0, end + 4);
    std::size_t at = out.raw.find("\r\n");
    const auto line = out.raw.substr(0, at);
    const auto first = line.find(' '), second = line.rfind(' ');
    out.method = line.substr(0, first);
    out.target = line.substr(first + 1, second - first - 1);
    for (at += 2; at < out.raw.size();) {
      const auto next = out.raw.find("\r\n", at);
      const auto header = out.raw.substr(at, next - at);
      const auto colon = header.find(": ");
      auto name = header.substr(0, colon);
      std::ranges::transform(name, name.begin(), [](unsigned char c) { return std::tolower(c); });
      if (colon != std::string::npos) out.headers[name] = header.substr(colon + 2);
      at = next + 2;
    }
    const auto length = out.header("content-length");
    return length.empty() || read_body(fd, buffered, std::stoul(length), out.body);
  }

  static bool read_body(int fd, std::string& buffered, std::size_t length, std::string& out) {
    while (buffered.size() < length) {
      char bytes[4096];
      const auto n = ::recv(fd, bytes, sizeof bytes, 0);
      if (n <= 0) return false;
      buffered.append(bytes, static_cast<std::size_t>(n));
    }
    out = buffered.substr(0, length);
    buffered.erase(0, length);
    return true;
  }

  Handler handler_;
  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::thread acceptor_;
  mutable std::mutex mutex_;
  std::list<int> open_;
  std::vector<std::thread> threads_;
  std::vector<Request> requests_;
};

}  // namespace archy::http
