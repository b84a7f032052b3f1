// How often each kind of fault was injected and each rare path was reached. A kind that stays at
// zero over a full run means that the run proved nothing about it, so zero is a failure of the run.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace archy::sim {

enum class Fault : unsigned char {
  datagram_lost,
  datagram_delayed,
  datagram_reordered,
  datagram_duplicated,
  datagram_corrupted,
  datagram_partitioned,
  datagram_queue_full,
  send_blocked,
  address_rebound,
  disk_read_error,
  disk_write_error,
  disk_sync_error,
  disk_full,
  disk_bit_flip,
  power_cut,
  write_lost,
  write_torn,
  write_size_only,
  entry_lost,
  clock_jump,
  origin_wrong_bytes,
  origin_wrong_sidecar,
  origin_truncated,
  origin_wrong_length,
  origin_stalled,
  origin_error_status,
  origin_missing,
  origin_ignored_range,
  origin_encoded,
  peer_wrong_bytes,
  peer_wrong_parent,
  peer_wrong_last_group,
  peer_wrong_size,
  peer_wrong_order,
  peer_truncated,
  peer_stalled,
  peer_dripped,
  peer_reset,
  peer_garbage,
  kCount,
};

enum class Mark : unsigned char {
  fetch_from_peer,
  fetch_from_origin,
  fetch_from_both,
  fetch_from_two_peers,
  fetch_resumed_after_crash,
  fetch_failed_cleanly,
  liar_named,
  blob_empty,
  blob_one_group_or_less,
  blob_many_groups,
  blob_ragged_last_group,
  import_copy,
  import_in_place,
  import_refused_by_fault,
  store_open_refused,
  crash_during_fetch,
  crash_during_import,
  crash_twice,
  partial_survived_crash,
  export_checked,
  verify_found_damage,
  gc_ran,
  remove_ran,
  calm_reached,
  origin_absent,
  origin_dishonest,
  kCount,
};

std::string_view to_string(Fault fault);
std::string_view to_string(Mark mark);

struct Counters {
  std::array<std::uint64_t, static_cast<std::size_t>(Fault::kCount)> faults{};
  std::array<std::uint64_t, static_cast<std::size_t>(Mark::kCount)> marks{};

  void hit(Fault fault) { ++faults[static_cast<std::size_t>(fault)]; }
  void hit(Mark mark) { ++marks[static_cast<std::size_t>(mark)]; }
  std::uint64_t of(Fault fault) const { return faults[static_cast<std::size_t>(fault)]; }
  std::uint64_t of(Mark mark) const { return marks[static_cast<std::size_t>(mark)]; }
  void add(const Counters& other);
};

}  // namespace archy::sim
