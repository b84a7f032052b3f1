#include "quic/handles.hpp"

#include "base/limits.hpp"

namespace archy::quic {
namespace {

class ConnectionHandle;

// Dropping it finishes what was written and stops what was not read, as iroh's streams do.
class StreamHandle final : public Stream {
 public:
  StreamHandle(std::shared_ptr<StreamState> state, std::shared_ptr<Connection> connection,
               rt::Clock& clock)
      : state_(std::move(state)), connection_(std::move(connection)), clock_(clock) {}
  ~StreamHandle() override {
    finish();
    if (!at_end() && !state_->reset_code) stop(0);
    if (state_->connection) state_->connection->stream_released(*state_);
  }

  std::uint64_t id() const override { return static_cast<std::uint64_t>(state_->id); }
  std::optional<std::uint64_t> reset_code() const override { return state_->reset_code; }
  std::optional<std::uint64_t> stop_code() const override { return state_->stop_code; }
  std::uint64_t acked_bytes() const override { return state_->outgoing.acked(); }

  rt::Task<std::size_t> fill(std::size_t n) override {
    StreamState& s = *state_;
    while (!s.reader_satisfied(n)) {
      s.wanted = n;
      CO_TRY_OK(co_await s.readable.wait(clock_));
    }
    if (s.received.size() >= n || (s.fin_received && !s.stopped)) co_return s.received.size();
    if (s.stopped) co_return fail(Code::cancelled, "reading was stopped");
    if (s.reset_code) co_return fail(stream_error("reset the stream", *s.reset_code));
    co_return fail(*s.lost);
  }
  ByteView buffered() const override { return state_->received.view(); }
  void consume(std::size_t n) override {
    state_->received.consume(n);
    if (state_->connection) state_->connection->stream_consumed(*state_, n);
  }
  bool at_end() const override {
    return state_->fin_received && state_->received.size() == 0 && !state_->stopped;
  }

  rt::Task<> write(Bytes bytes) override {
    StreamState& s = *state_;
    while (!s.write_allowed()) {
      s.writer_waits = true;
      CO_TRY_OK(co_await s.writable.wait(clock_));
    }
    if (s.lost) co_return fail(*s.lost);
    if (s.stop_code) co_return fail(stream_error("stopped the stream", *s.stop_code));
    if (s.reset_sent || s.finish_wanted) co_return fail(Code::cancelled, "writing has ended");
    s.outgoing.push(std::move(bytes));
    s.connection->stream_writes(s);
    co_return Result<>{};
  }
  void finish() override {
    StreamState& s = *state_;
    if (s.finish_wanted || s.reset_sent || !s.connection) return;
    s.finish_wanted = true;
    s.connection->stream_writes(s);
  }
  void reset(std::uint64_t code) override {
    if (state_->connection) state_->connection->stream_resets(*state_, code);
  }
  void stop(std::uint64_t code) override {
    if (state_->connection) state_->connection->stream_stops(*state_, code);
  }
  rt::Task<> drained() override {
    StreamState& s = *state_;
    while (!s.is_drained()) {
      s.drain_waits = true;
      CO_TRY_OK(co_await s.writable.wait(clock_));
    }
    const bool all = s.outgoing.acked() == s.outgoing.queued() && !s.reset_sent && !s.stop_code;
    if (s.lost && !(all && s.fin_acked)) co_return fail(*s.lost);
    if (s.stop_code) co_return fail(stream_error("stopped the stream", *s.stop_code));
    if (s.reset_sent) co_return fail(Code::cancelled, "writing was reset");
    co_return Result<>{};
  }

 private:
  const std::shared_ptr<StreamState> state_;
  const std::shared_ptr<Connection> connection_;
  rt::Clock& clock_;
};

class ConnectionHandle final : public Connection,
                               public std::enable_shared_from_this<ConnectionHandle> {
 public:
  explicit ConnectionHandle(std::shared_ptr<ConnectionCore> core) : core_(std::move(core)) {}
  ~ConnectionHandle() override { core_->close(0, {}); }

  const EndpointId& peer() const override { return core_->peer(); }
  const std::string& alpn() const override { return core_->alpn(); }
  rt::Address remote_address() const override { return core_->remote_address(); }

  rt::Task<std::shared_ptr<Stream>> open_bi() override {
    for (;;) {
      if (core_->closed()) co_return fail(gone_error(*core_->closed()));
      if (auto stream = core_->open_stream()) co_return handle(std::move(stream));
      CO_TRY_OK(co_await core_->changed().wait(core_->clock()));
    }
  }
  rt::Task<std::shared_ptr<Stream>> accept_bi() override {
    for (;;) {
      if (core_->closed()) co_return fail(gone_error(*core_->closed()));
      if (auto stream = core_->streams().take_offered()) co_return handle(std::move(stream));
      CO_TRY_OK(co_await core_->changed().wait(core_->clock()));
    }
  }
  void close(std::uint64_t code, std::string_view reason) override { core_->close(code, reason); }
  const std::optional<CloseInfo>& closed() const override { return core_->closed(); }
  rt::Task<> wait_closed() override {
    while (!core_->closed()) CO_TRY_OK(co_await core_->changed().wait(core_->clock()));
    co_return Result<>{};
  }
  Stats stats() const override { return core_->stats(); }

 private:
  std::shared_ptr<Stream> handle(std::shared_ptr<StreamState> state) {
    return std::make_shared<StreamHandle>(std::move(state), shared_from_this(), core_->clock());
  }
  const std::shared_ptr<ConnectionCore> core_;
};

}  // namespace

std::shared_ptr<Connection> make_connection_handle(std::shared_ptr<ConnectionCore> core) {
  return std::make_shared<ConnectionHandle>(std::move(core));
}

}  // namespace archy::quic
