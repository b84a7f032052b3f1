// Every bound of the program in one place, each with the reason for its size.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace archy::limits {

// --- blobs protocol
// ------------------------------------------------------------------------------- iroh-blobs'
// MAX_MESSAGE_SIZE: what a request may take on the wire.
inline constexpr std::size_t kRequestBytes = 1u << 20;
// Spans in one range set: a span costs one 16 KiB read and log2(n) hashes, so 1 MiB of them would
// be a bomb.
inline constexpr std::size_t kRangeSpans = 1024;
// Entries of a ChunkRangesSeq and hashes of a GetMany.
inline constexpr std::size_t kSeqEntries = 16384;
// Children of one hash sequence that we walk (32 bytes each: 32 MiB root, sendme's own bound).
inline constexpr std::size_t kSeqChildren = 1u << 20;
// A size header above this is absurd: 2^53 bytes.
inline constexpr std::uint64_t kBlobBytes = std::uint64_t{1} << 53;

// --- QUIC
// -----------------------------------------------------------------------------------------
inline constexpr std::uint64_t kStreamWindowMin = 4u << 20;
inline constexpr std::uint64_t kStreamWindowMax = 16u << 20;
inline constexpr std::size_t kBidiStreams = 100;
inline constexpr std::size_t kConnections = 4096;
inline constexpr std::size_t kHalfOpen = 1024;  // beyond it new Initials get a Retry, then silence
inline constexpr std::size_t kHalfOpenPerPrefix = 16;  // per /24 or /64
inline constexpr std::size_t kRetryThreshold =
    64;  // half-open handshakes from which Retry is asked
inline constexpr std::size_t kUnsentBytesPerStream = 512u << 10;

// --- requests of one peer
// ---------------------------------------------------------------------------- Served at once; more
// are queued, not refused (iroh opens 32).
inline constexpr std::size_t kRequestsAtOnce = 8;
// Observe answers stay open; further ones are refused with "limit".
inline constexpr std::size_t kObservesAtOnce = 16;

// --- store
// ------------------------------------------------------------------------------------------
inline constexpr std::size_t kInlineBlobBytes =
    16384;  // blobs up to one group live in the database

// --- HTTP
// -------------------------------------------------------------------------------------------
inline constexpr std::size_t kHttpHeaderBytes = 64u << 10;
inline constexpr int kHttpRedirects = 5;

// --- HTTP, our own ports ---

// A browser's biggest head, with the cookies of other ports, is 8 KiB.
inline constexpr std::size_t kHttpRequestHeadBytes = 16u << 10;
inline constexpr std::size_t kHttpRequestFields = 100;
// Connections of one port. A browser opens six to a port, a player two.
inline constexpr std::size_t kHttpConnections = 64;
inline constexpr std::chrono::seconds kHttpHeaderDeadline{10};  // first byte to end of the head
inline constexpr std::chrono::seconds kHttpBodyDeadline{30};  // all of a request's body (<= 1 MiB)
inline constexpr std::chrono::seconds kHttpIdleDeadline{60};  // between two requests
// A client that takes nothing for so long. A paused player is one: it asks again when it goes on.
inline constexpr std::chrono::seconds kHttpWriteStall{60};
inline constexpr std::chrono::seconds kHttpCloseGrace{5};
// After the last response: how long the client may take to see it before the socket goes.
inline constexpr std::chrono::seconds kHttpLinger{2};
// Body bytes nobody asked for that are read and dropped to keep a connection; beyond, it closes.
inline constexpr std::size_t kHttpSkippedBodyBytes = 64u << 10;

}  // namespace archy::limits
