// Everything about one stream: what came in, what is to go out, and who waits for either.
#pragma once

#include <memory>
#include <optional>

#include "quic/recv_buffer.hpp"
#include "quic/send_queue.hpp"
#include "quic/types.hpp"
#include "rt/signal.hpp"

namespace archy::quic {

class ConnectionCore;

// Thread: the loop. Lifetime: shared by the connection's table (until both halves are done) and the
// user's handle (until dropped). Waiters are woken at the end of a packet batch, never per packet.
// Invariants:
// 1. connection is null once the connection is gone; `lost` is set then.
// 2. After `forgotten` (ngtcp2 has dropped the stream) nothing touches ngtcp2 for this stream.
struct StreamState : std::enable_shared_from_this<StreamState> {
  StreamState(ConnectionCore* owner, const rt::Executor& executor, std::int64_t stream_id)
      : connection(owner), id(stream_id), readable(executor), writable(executor) {}

  ConnectionCore* connection;
  const std::int64_t id;
  bool remote = false;  // opened by the peer: its credit comes back when all is done

  // Receiving half.
  RecvBuffer received;
  bool fin_received = false;
  bool stopped = false;    // we asked the peer to stop
  std::size_t wanted = 0;  // what the waiting reader needs; 0: nobody waits
  std::optional<std::uint64_t> reset_code;
  rt::Signal readable;

  // Sending half.
  SendQueue outgoing;
  bool finish_wanted = false;
  bool fin_sent = false;
  bool fin_alone = false;  // the FIN went out in a frame without data
  bool fin_acked = false;
  bool reset_sent = false;
  bool writer_waits = false;
  bool drain_waits = false;
  bool scheduled = false;     // in the table's send order
  bool flow_blocked = false;  // by the peer's stream window
  std::optional<std::uint64_t> stop_code;
  rt::Signal writable;

  // The whole stream.
  bool forgotten = false;
  bool released = false;  // the user's handle is gone
  bool dirty = false;     // in the list to look at when the batch ends
  std::optional<Error> lost;

  bool wants_to_send() const {
    return !reset_sent && !stop_code && !flow_blocked &&
           (outgoing.unsent() > 0 || (finish_wanted && !fin_sent));
  }
  bool reader_satisfied(std::size_t n) const {
    return received.size() >= n || fin_received || reset_code || stopped || lost;
  }
  bool write_allowed() const {
    return outgoing.unsent() < limits_unsent() || reset_sent || stop_code || lost;
  }
  bool is_drained() const {
    return lost || forgotten || reset_sent || stop_code ||
           (outgoing.acked() == outgoing.queued() && (!finish_wanted || fin_acked));
  }
  // Wakes those whose condition holds now.
  void wake();

  // The ngtcp2 events.
  void on_data(ByteView bytes, bool fin);
  void on_acked(std::uint64_t offset, std::size_t loss_count);
  void on_lost(const Error& error);

 private:
  static std::size_t limits_unsent();
};

}  // namespace archy::quic
