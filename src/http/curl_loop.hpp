// One libcurl multi handle driven by the Asio loop: curl says which sockets and which time it waits
// for, the loop waits. Only curl_client.cpp uses it.
//
// Thread: the loop. Lifetime: outlives every transfer added to it (they hold it by shared_ptr).
// curl's own call-backs never call out of this module, so curl is never re-entered.
#pragma once

#include <curl/curl.h>

#include <functional>
#include <memory>
#include <unordered_map>

#include "rt/clock.hpp"
#include "rt/task.hpp"

namespace archy::http {

class CurlLoop : public std::enable_shared_from_this<CurlLoop> {
 public:
  static std::shared_ptr<CurlLoop> make(rt::Executor executor, rt::Clock& clock);
  ~CurlLoop();
  CurlLoop(const CurlLoop&) = delete;

  // `on_done` runs once when the transfer ended by itself; the handle has left the loop by then.
  void add(CURL* easy, std::function<void(CURLcode)> on_done);
  // Before cleaning up a handle that may still be running. Its on_done is not called.
  void remove(CURL* easy);

 private:
  struct Socket;
  CurlLoop(rt::Executor executor, rt::Clock& clock);
  static int on_socket(CURL* easy, curl_socket_t fd, int what, void* self, void* socket);
  static int on_timer(CURLM* multi, long timeout_ms, void* self);
  void watch(curl_socket_t fd, int what);
  void wait_for(const std::shared_ptr<Socket>& socket, bool writing);
  void drive(curl_socket_t fd, int events);
  void collect_finished();

  rt::Executor executor_;
  rt::Clock& clock_;
  std::unique_ptr<rt::Timer> timer_;
  CURLM* multi_ = nullptr;
  std::unordered_map<curl_socket_t, std::shared_ptr<Socket>> sockets_;
  std::unordered_map<CURL*, std::function<void(CURLcode)>> running_;
};

}  // namespace archy::http
