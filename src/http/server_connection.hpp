// One connection of the server: requests one after another, each given to the handler.
//
// Thread: the loop. Lifetime: shared by its coroutine run() and its pending reads; gone soon after
// run() has ended. Bytes are read at any time, up to kInputBytes ahead, so that a client that goes
// away is noticed while a handler works.
// Invariants: (1) at most one read is pending; (2) nothing is written after `broken_`; (3) a
// response whose handler gave up leaves the connection closed, never another response on it.
#pragma once

#include <array>
#include <boost/asio/posix/stream_descriptor.hpp>

#include "http/body_decoder.hpp"
#include "http/request_parser.hpp"
#include "http/response_head.hpp"
#include "http/server.hpp"
#include "rt/signal.hpp"

struct iovec;

namespace archy::http {

class ServerConnection final : public ServerExchange,
                               public std::enable_shared_from_this<ServerConnection> {
 public:
  // Takes over `fd`, a connected stream socket in non-blocking mode. Lifetime: `handler`, `clock`
  // and `options` outlive run().
  ServerConnection(rt::Executor executor, rt::Clock& clock, int fd, ServerPeer peer,
                   Handler& handler, const ServerOptions& options);

  // Until the connection is closed by either side.
  boost::asio::awaitable<void> run();

  // Since when it waits for a request; none while one is served.
  std::optional<rt::Instant> idle_since() const { return idle_since_; }
  // The exchange under way is the last one, and is told to stop; an idle connection ends at once.
  void stop();
  // Ends it now, whatever it does.
  void abort();

  const ServerRequest& request() const override { return head_.request; }
  std::stop_token stop_token() const override { return exchange_stop_.get_token(); }
  rt::Task<Bytes> read_body(std::size_t max_bytes) override;
  rt::Task<> send(ServerResponse response, ByteView body) override;
  rt::Task<> begin(ServerResponse response, std::optional<std::uint64_t> length) override;
  rt::Task<> write(ByteView bytes) override;
  rt::Task<> finish() override;
  bool wants_body() const override { return head_.request.method != "HEAD"; }
  bool has_begun() const override { return state_ != State::waiting; }

 private:
  enum class State : unsigned char { waiting, begun, finished };
  static constexpr std::size_t kInputBytes = 64u << 10;
  static constexpr std::size_t kReadBytes = 16u << 10;
  static constexpr std::size_t kTurnBytes = 1u << 20;

  // False when the connection is to end.
  rt::Task<bool> serve_one();
  // False: closed, or refused and answered.
  rt::Task<bool> read_head();
  // The last response of the connection.
  rt::Task<> refuse(int status, std::string_view why);
  rt::Task<> refuse_head(int status, std::string_view why);
  rt::Task<Bytes> read_to_end(std::size_t max_bytes);
  rt::Task<> skip_body();
  boost::asio::awaitable<void> linger();
  Result<> prepare(const ServerResponse& response, std::optional<std::uint64_t> length);

  void arm_read();
  // Until bytes, the end or a fault come in. Errors: timed_out.
  rt::Task<> wait_input(rt::Instant deadline);
  ByteView input() const { return ByteView(input_).subspan(consumed_); }
  void consume(std::size_t n);
  rt::Task<> write_parts(std::array<ByteView, 3> parts);
  rt::Task<> wait_writable(rt::Instant deadline);
  void break_off();

  rt::Clock& clock_;
  Handler& handler_;
  const ServerOptions& options_;
  ServerPeer peer_;
  boost::asio::posix::stream_descriptor socket_;
  int fd_;

  Bytes input_;
  std::size_t consumed_ = 0;
  std::array<std::uint8_t, kReadBytes> read_buffer_;
  bool reading_ = false;
  bool at_end_ = false;  // the client sends no more
  bool broken_ = false;  // the socket is closed
  bool stopping_ = false;
  bool writable_ = false;
  std::size_t sent_in_turn_ = 0;  // without waiting
  rt::Signal input_changed_;
  rt::Signal output_changed_;
  std::optional<rt::Instant> idle_since_;

  // The exchange under way.
  RequestHead head_;
  std::optional<BodyDecoder> body_;
  std::stop_source exchange_stop_;
  State state_ = State::waiting;
  BodyMode mode_ = BodyMode::length;
  std::uint64_t left_ = 0;    // of a body with a length
  std::string pending_head_;  // goes out with the first bytes of the body
  bool continued_ = false;    // "100 Continue" was sent, or the body has begun by itself
  bool last_ = false;         // the connection ends after this exchange
};

}  // namespace archy::http
