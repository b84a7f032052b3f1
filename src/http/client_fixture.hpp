// A client on a loop of its own, for tests: a request runs until its body has been read.
#pragma once

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>

#include "http/client.hpp"
#include "http/test_server.hpp"
#include "rt/asio/asio_clock.hpp"
#include "rt/scope.hpp"

namespace archy::http {

struct Answer {
  std::optional<Error> error;  // of send() or of the body
  ResponseHead head;
  std::string body;
  Code code() const { return error ? error->code : Code::internal; }
};

inline boost::asio::awaitable<void> get_all(Client& client, Request request, std::stop_token stop,
                                            Answer& out) {
  auto sent = co_await client.send(std::move(request), stop);
  if (!sent) {
    out.error = sent.error();
    co_return;
  }
  out.head = (*sent)->head();
  for (;;) {
    auto piece = co_await (*sent)->read();
    if (!piece) {
      out.error = piece.error();
      co_return;
    }
    if (piece->empty()) co_return;
    out.body += as_text(*piece);
  }
}

struct CurlClient : testing::Test {
  boost::asio::io_context loop;
  rt::AsioClock clock{loop.get_executor()};
  std::unique_ptr<Client> client = make_curl_client(loop.get_executor(), clock);
  rt::Scope scope{loop.get_executor()};

  Answer get(Request request) {
    Answer out;
    scope.start(get_all(*client, std::move(request), scope.stop_token(), out));
    loop.restart();
    loop.run();
    return out;
  }
  Answer get(const std::string& url) { return get(Request{.url = url}); }
};

inline TestServer::Handler always(std::string answer, bool close = false) {
  return [answer, close](const TestServer::Request&, TestServer::Connection& to) {
    to.write(answer);
    if (close) to.close();
  };
}

inline std::string ok(std::string_view body) {
  return "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
         std::string(body);
}

}  // namespace archy::http
