#include "quic/stream_state.hpp"

#include "base/limits.hpp"

namespace archy::quic {

std::size_t StreamState::limits_unsent() { return limits::kUnsentBytesPerStream; }

void StreamState::on_data(ByteView bytes, bool fin) {
  if (!stopped) received.append(bytes);
  if (fin) fin_received = true;
}

void StreamState::on_acked(std::uint64_t offset, std::size_t loss_count) {
  const bool data = offset > outgoing.acked();
  outgoing.mark_acked(offset);
  if (!fin_sent || outgoing.acked() != outgoing.queued()) return;
  // A FIN that went out alone is acknowledged by a call without data, unless a retransmission
  // merged it into the last data frame.
  if (!fin_alone || !data || loss_count > 0) fin_acked = true;
}

void StreamState::on_lost(const Error& error) {
  connection = nullptr;
  if (!lost) lost = error;
  outgoing.clear();
  wake();
}

void StreamState::wake() {
  if (wanted > 0 && reader_satisfied(wanted)) {
    wanted = 0;
    readable.notify();
  }
  // A writer resumes with half the bound free, so that it wakes once for many packets.
  const bool room = outgoing.unsent() <= limits_unsent() / 2 || reset_sent || stop_code || lost;
  if ((writer_waits && room) || (drain_waits && is_drained())) {
    writer_waits = drain_waits = false;
    writable.notify();
  }
}

}  // namespace archy::quic
