#include "sim/counters.hpp"

namespace archy::sim {
namespace {

constexpr std::string_view kFaultNames[] = {
    "datagram_lost",      "datagram_delayed",     "datagram_reordered",  "datagram_duplicated",
    "datagram_corrupted", "datagram_partitioned", "datagram_queue_full", "send_blocked",
    "address_rebound",    "disk_read_error",      "disk_write_error",    "disk_sync_error",
    "disk_full",          "disk_bit_flip",        "power_cut",           "write_lost",
    "write_torn",         "write_size_only",      "entry_lost",          "clock_jump",
    "origin_wrong_bytes", "origin_wrong_sidecar", "origin_truncated",    "origin_wrong_length",
    "origin_stalled",     "origin_error_status",  "origin_missing",      "origin_ignored_range",
    "origin_encoded",     "peer_wrong_bytes",     "peer_wrong_parent",   "peer_wrong_last_group",
    "peer_wrong_size",    "peer_wrong_order",     "peer_truncated",      "peer_stalled",
    "peer_dripped",       "peer_reset",           "peer_garbage",
};
static_assert(std::size(kFaultNames) == static_cast<std::size_t>(Fault::kCount));

constexpr std::string_view kMarkNames[] = {
    "fetch_from_peer",
    "fetch_from_origin",
    "fetch_from_both",
    "fetch_from_two_peers",
    "fetch_resumed_after_crash",
    "fetch_failed_cleanly",
    "liar_named",
    "blob_empty",
    "blob_one_group_or_less",
    "blob_many_groups",
    "blob_ragged_last_group",
    "import_copy",
    "import_in_place",
    "import_refused_by_fault",
    "store_open_refused",
    "crash_during_fetch",
    "crash_during_import",
    "crash_twice",
    "partial_survived_crash",
    "export_checked",
    "verify_found_damage",
    "gc_ran",
    "remove_ran",
    "calm_reached",
    "origin_absent",
    "origin_dishonest",
};
static_assert(std::size(kMarkNames) == static_cast<std::size_t>(Mark::kCount));

}  // namespace

std::string_view to_string(Fault fault) { return kFaultNames[static_cast<std::size_t>(fault)]; }
std::string_view to_string(Mark mark) { return kMarkNames[static_cast<std::size_t>(mark)]; }

void Counters::add(const Counters& other) {
  for (std::size_t i = 0; i < faults.size(); ++i) faults[i] += other.faults[i];
  for (std::size_t i = 0; i < marks.size(); ++i) marks[i] += other.marks[i];
}

}  // namespace archy::sim
