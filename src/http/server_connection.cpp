#include "http/server_connection.hpp"

#include <fmt/core.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cerrno>

namespace archy::http {
namespace {

std::string plain_text(int status) { return fmt::format("{} {}\n", status, reason_phrase(status)); }

}  // namespace

ServerConnection::ServerConnection(rt::Executor executor, rt::Clock& clock, int fd, ServerPeer peer,
                                   Handler& handler, const ServerOptions& options)
    : clock_(clock),
      handler_(handler),
      options_(options),
      peer_(peer),
      socket_(executor),
      fd_(fd),
      input_changed_(executor),
      output_changed_(executor) {
  boost::system::error_code error;
  socket_.assign(fd, error);
  if (error) {
    broken_ = true;
    ::close(fd);
  }
}

boost::asio::awaitable<void> ServerConnection::run() {
  const auto self = shared_from_this();
  arm_read();
  for (;;) {
    auto more = co_await serve_one();
    if (!more || !*more) break;
  }
  co_await linger();
  break_off();
}

void ServerConnection::stop() {
  stopping_ = true;
  last_ = true;
  if (idle_since_) {
    break_off();
  } else {
    exchange_stop_.request_stop();
    input_changed_.notify();
  }
}

void ServerConnection::abort() { break_off(); }

void ServerConnection::break_off() {
  if (broken_) return;
  broken_ = true;
  boost::system::error_code ignored;
  socket_.close(ignored);
  exchange_stop_.request_stop();
  input_changed_.notify();
  output_changed_.notify();
}

// --- reading

void ServerConnection::arm_read() {
  if (reading_ || at_end_ || broken_ || input().size() >= kInputBytes) return;
  reading_ = true;
  socket_.async_read_some(
      boost::asio::buffer(read_buffer_),
      [self = shared_from_this()](const boost::system::error_code& error, std::size_t n) {
        self->reading_ = false;
        if (error || n == 0) {
          self->at_end_ = true;
          self->exchange_stop_.request_stop();
        } else {
          append(self->input_, ByteView(self->read_buffer_).first(n));
          self->arm_read();
        }
        self->input_changed_.notify();
      });
}

rt::Task<> ServerConnection::wait_input(rt::Instant deadline) {
  arm_read();
  return input_changed_.wait(clock_, deadline);
}

void ServerConnection::consume(std::size_t n) {
  consumed_ += n;
  if (consumed_ == input_.size()) {
    input_.clear();
    consumed_ = 0;
  } else if (consumed_ >= kInputBytes / 2) {
    input_.erase(input_.begin(), input_.begin() + static_cast<std::ptrdiff_t>(consumed_));
    consumed_ = 0;
  }
}

rt::Task<bool> ServerConnection::read_head() {
  // A fresh connection that stays silent is treated like a slow one.
  const bool is_first = !body_;
  rt::Instant deadline =
      clock_.now() + (is_first ? options_.header_deadline : options_.idle_deadline);
  idle_since_ = clock_.now();
  bool has_begun = false;
  for (;;) {
    if (broken_) co_return false;
    if (!input().empty() && !has_begun) {
      has_begun = true;
      deadline = clock_.now() + options_.header_deadline;
    }
    auto head = parse_request_head(input());
    if (!head) {
      CO_TRY_OK(co_await refuse_head(head.error().status, head.error().why));
      co_return false;
    }
    if (head->has_value()) {
      head_ = std::move(**head);
      idle_since_.reset();
      co_return true;
    }
    if (at_end_ || stopping_) co_return false;
    auto waited = co_await wait_input(deadline);
    if (!waited && has_begun) {
      CO_TRY_OK(co_await refuse_head(408, "the request head did not come in time"));
      co_return false;
    }
    if (!waited) co_return false;
  }
}

rt::Task<Bytes> ServerConnection::read_body(std::size_t max_bytes) {
  if (!head_.body.chunked && head_.body.length > max_bytes) {
    co_return fail(Code::no_space, "the request body is too big");
  }
  auto body = co_await read_to_end(max_bytes);
  if (!body) last_ = true;  // nobody knows where the next request begins
  co_return body;
}

rt::Task<Bytes> ServerConnection::read_to_end(std::size_t max_bytes) {
  if (head_.expects_continue && !continued_ && input().empty()) {
    std::array<ByteView, 3> parts{as_bytes("HTTP/1.1 100 Continue\r\n\r\n")};
    CO_TRY_OK(co_await write_parts(parts));
  }
  continued_ = true;
  Bytes out;
  const auto deadline = clock_.now() + options_.body_deadline;
  while (!body_->done()) {
    if (broken_) co_return fail(Code::cancelled, "the connection is closed");
    if (input().empty()) {
      if (at_end_) co_return fail(Code::cancelled, "the client has gone");
      CO_TRY_OK(co_await wait_input(deadline));
      continue;
    }
    CO_TRY(used, body_->feed(input(), max_bytes - out.size(), out));
    if (used == 0) co_return fail(Code::no_space, "the request body is too big");
    consume(used);
  }
  co_return out;
}

rt::Task<> ServerConnection::skip_body() {
  if (body_->done()) co_return Result<>{};
  auto skipped = co_await read_body(limits::kHttpSkippedBodyBytes);
  if (!skipped) co_return fail(skipped.error());
  co_return Result<>{};
}

// --- one exchange

rt::Task<bool> ServerConnection::serve_one() {
  exchange_stop_ = std::stop_source();
  state_ = State::waiting;
  CO_TRY(has_request, co_await read_head());
  if (!has_request) co_return false;
  consume(head_.size_bytes);
  head_.request.peer = peer_;
  body_.emplace(head_.body);
  continued_ = false;
  last_ = stopping_ || !head_.keep_alive;
  if (at_end_ || stopping_) exchange_stop_.request_stop();

  auto handled = co_await handler_.handle(*this);
  if (broken_) co_return false;
  if (state_ == State::waiting) {
    if (!handled && handled.error().code == Code::cancelled) {
      break_off();
      co_return false;
    }
    CO_TRY_OK(co_await refuse(stopping_ ? 503 : 500, {}));
    co_return false;
  }
  if (!handled || state_ != State::finished) {
    break_off();
    co_return false;
  }
  if (last_) co_return false;
  auto skipped = co_await skip_body();
  co_return skipped.has_value();
}

rt::Task<> ServerConnection::refuse_head(int status, std::string_view why) {
  idle_since_.reset();
  head_ = {};
  return refuse(status, why);
}

rt::Task<> ServerConnection::refuse(int status, std::string_view why) {
  body_.emplace(BodyFraming{});
  ServerResponse response{.status = status, .close = true};
  response.headers = {{"Content-Type", "text/plain; charset=utf-8"},
                      {"X-Content-Type-Options", "nosniff"}};
  const std::string text = why.empty() ? plain_text(status) : std::string(why) + "\n";
  co_return co_await send(std::move(response), as_bytes(text));
}

// Waits for the client to see the last response: a socket closed over unread bytes would take it
// back with a reset.
boost::asio::awaitable<void> ServerConnection::linger() {
  if (broken_ || at_end_ || stopping_) co_return;
  ::shutdown(fd_, SHUT_WR);
  const auto deadline = clock_.now() + limits::kHttpLinger;
  while (!at_end_ && !broken_ && !stopping_) {
    consume(input().size());
    auto waited = co_await wait_input(deadline);
    if (!waited) co_return;
  }
}

// --- writing

Result<> ServerConnection::prepare(const ServerResponse& response,
                                   std::optional<std::uint64_t> length) {
  if (state_ != State::waiting) return fail(Code::internal, "a second response");
  if (broken_) return fail(Code::cancelled, "the connection is closed");
  HeadFacts facts;
  if (is_bodyless(response.status)) {
    facts.mode = BodyMode::none;
    length = 0;
  } else if (!length) {
    facts.mode = head_.http10 ? BodyMode::until_closed : BodyMode::chunked;
  }
  // A body that was not asked for and that nobody will skip.
  const bool unread = body_ && !body_->done();
  const bool stays_unread =
      unread && ((head_.expects_continue && !continued_) ||
                 (!head_.body.chunked && head_.body.length > limits::kHttpSkippedBodyBytes));
  last_ |= response.close || stays_unread || stopping_ || facts.mode == BodyMode::until_closed;
  facts.length = length.value_or(0);
  facts.http10 = head_.http10;
  facts.close = last_;
  facts.unix_ms = clock_.unix_ms();
  TRY(head, serialize_head(response, facts));
  pending_head_ = std::move(head);
  mode_ = facts.mode;
  left_ = facts.length;
  state_ = State::begun;
  return {};
}

rt::Task<> ServerConnection::send(ServerResponse response, ByteView body) {
  const int status = response.status;
  CO_TRY_OK(prepare(response, body.size()));
  if (is_bodyless(status)) body = {};
  if (!body.empty()) CO_TRY_OK(co_await write(body));
  co_return co_await finish();
}

rt::Task<> ServerConnection::begin(ServerResponse response, std::optional<std::uint64_t> length) {
  CO_TRY_OK(prepare(response, length));
  if (length) co_return Result<>{};
  const std::string head = std::exchange(pending_head_, {});
  std::array<ByteView, 3> parts{as_bytes(head)};
  co_return co_await write_parts(parts);
}

rt::Task<> ServerConnection::write(ByteView bytes) {
  if (state_ != State::begun) co_return fail(Code::internal, "a body without a head");
  if (mode_ == BodyMode::length || mode_ == BodyMode::none) {
    if (bytes.size() > left_) co_return fail(Code::internal, "a body longer than announced");
    left_ -= bytes.size();
  }
  if (!wants_body() || bytes.empty()) co_return Result<>{};
  const std::string head = std::exchange(pending_head_, {});
  std::array<ByteView, 3> parts{as_bytes(head), bytes};
  std::string size_line;
  if (mode_ == BodyMode::chunked) {
    size_line = fmt::format("{:x}\r\n", bytes.size());
    parts = {as_bytes(size_line), bytes, as_bytes("\r\n")};
  }
  co_return co_await write_parts(parts);
}

rt::Task<> ServerConnection::finish() {
  if (state_ != State::begun) co_return fail(Code::internal, "no response to finish");
  if (left_ != 0 && wants_body()) co_return fail(Code::internal, "a body shorter than announced");
  const std::string head = std::exchange(pending_head_, {});
  std::array<ByteView, 3> parts{as_bytes(head)};
  if (mode_ == BodyMode::chunked && wants_body()) parts[1] = as_bytes("0\r\n\r\n");
  CO_TRY_OK(co_await write_parts(parts));
  state_ = State::finished;
  co_return Result<>{};
}

rt::Task<> ServerConnection::write_parts(std::array<ByteView, 3> parts) {
  for (;;) {
    if (broken_) co_return fail(Code::cancelled, "the connection is closed");
    std::array<iovec, 3> pieces;
    std::size_t total = 0;
    for (std::size_t i = 0; i < parts.size(); ++i) {
      pieces[i] = {const_cast<std::uint8_t*>(parts[i].data()), parts[i].size()};
      total += parts[i].size();
    }
    if (total == 0) co_return Result<>{};
    msghdr message{};
    message.msg_iov = pieces.data();
    message.msg_iovlen = pieces.size();
    const auto sent = ::sendmsg(fd_, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0 && errno != EAGAIN && errno != EWOULDBLOCK) {
      break_off();
      co_return fail(Code::cancelled, "the client has gone");
    }
    auto rest = static_cast<std::size_t>(std::max<ssize_t>(sent, 0));
    sent_in_turn_ += rest;
    if (sent_in_turn_ >= kTurnBytes) {
      // A fast client must not keep the loop to itself.
      sent_in_turn_ = 0;
      co_await boost::asio::post(socket_.get_executor(), boost::asio::use_awaitable);
    }
    if (rest == total) co_return Result<>{};
    for (auto& part : parts) {
      const auto n = std::min(rest, part.size());
      part = part.subspan(n);
      rest -= n;
    }
    sent_in_turn_ = 0;
    // The system says "writable" only when a good part of its buffer has drained, so a client that
    // takes a byte now and then is one that stalls.
    auto ready = co_await wait_writable(clock_.now() + options_.write_stall);
    if (!ready) {
      break_off();
      co_return fail(Code::timed_out, "the client takes nothing");
    }
  }
}

rt::Task<> ServerConnection::wait_writable(rt::Instant deadline) {
  writable_ = false;
  socket_.async_wait(boost::asio::posix::stream_descriptor::wait_write,
                     [self = shared_from_this()](const boost::system::error_code&) {
                       self->writable_ = true;
                       self->output_changed_.notify();
                     });
  while (!writable_ && !broken_) CO_TRY_OK(co_await output_changed_.wait(clock_, deadline));
  co_return Result<>{};
}

}  // namespace archy::http
