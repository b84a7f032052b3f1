// What the store's tests stand on: a temporary folder, a clock that is set by hand, and blobs that
// arrive verified. For tests only.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>

#include "bao/encoder.hpp"
#include "bao/held_blob.hpp"
#include "crypto/sha256.hpp"
#include "rt/clock.hpp"
#include "rt/posix/os_random.hpp"
#include "rt/posix/posix_files.hpp"
#include "store/blob_store.hpp"

namespace archy::store {

class HandClock final : public rt::Clock {
 public:
  rt::Instant now() const override { return {}; }
  std::int64_t unix_ms() const override { return ms; }
  std::unique_ptr<rt::Timer> make_timer() override { return nullptr; }
  // Wall time: gc compares it with what the file system stamps.
  std::int64_t ms = std::chrono::duration_cast<std::chrono::milliseconds>(
                        std::chrono::system_clock::now().time_since_epoch())
                        .count();
};

class TempFolder {
 public:
  TempFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "archy-store-XXXXXX").native();
    if (::mkdtemp(pattern.data()) == nullptr) std::abort();
    path = pattern;
  }
  ~TempFolder() { std::filesystem::remove_all(path); }
  rt::Path path;
};

// Different content for each (size, seed).
inline Bytes some_bytes(std::size_t size, std::uint64_t seed = 1) {
  Bytes out(size);
  std::uint64_t state = seed * 0x9e3779b97f4a7c15u + 1;
  for (std::uint8_t& byte : out) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    byte = static_cast<std::uint8_t>(state);
  }
  return out;
}

// Sends `wanted` of `source` into `target` the way a fetch does. `batched`: by write_batch.
inline Result<> transfer(bao::HeldBlob& source, PartialBlob& target, const bao::ChunkRanges& wanted,
                         bool batched = false) {
  Bytes wire;
  bao::Encoder encoder(source.root, source.size(), wanted, source);
  while (!encoder.done()) TRY_OK(encoder.step(wire));
  bao::Decoder decoder(source.root, wanted);
  std::vector<bao::DecodeEvent> events;
  ByteView rest = wire;
  while (!decoder.done()) {
    const std::size_t size = decoder.next_size();
    TRY(event, decoder.step(rest.first(size)));
    rest = rest.subspan(size);
    events.push_back(event);
    if (!batched || events.size() >= 32 || decoder.done()) {
      if (batched) {
        TRY_OK(target.write_batch(events));
      } else {
        TRY_OK(target.PartialBlob::write_batch(events));
      }
      events.clear();
    }
  }
  if (decoder.size_verified()) TRY_OK(target.mark_size_verified());
  return {};
}

inline Result<Bytes> read_all(BlobReader& reader) {
  Bytes out;
  bao::Encoder encoder(reader.hash(), reader.size(), bao::ChunkRanges::all(), reader);
  Bytes wire;
  while (!encoder.done()) TRY_OK(encoder.step(wire));
  while (out.size() < reader.size()) {
    const std::size_t length = std::min<std::size_t>(50'000, reader.size() - out.size());
    TRY(piece, reader.data(out.size(), length));
    append(out, piece);
  }
  return out;
}

inline std::string problem(const auto& result) {
  return result.has_value() ? std::string() : to_string(result.error());
}

}  // namespace archy::store

#define EXPECT_OK(...)                                                        \
  do {                                                                        \
    const auto& expect_ok = (__VA_ARGS__);                                    \
    EXPECT_TRUE(expect_ok.has_value()) << ::archy::store::problem(expect_ok); \
  } while (false)
#define ASSERT_OK(...)                                                        \
  do {                                                                        \
    const auto& assert_ok = (__VA_ARGS__);                                    \
    ASSERT_TRUE(assert_ok.has_value()) << ::archy::store::problem(assert_ok); \
  } while (false)
#define EXPECT_CODE(expected, ...)                                                        \
  do {                                                                                    \
    const auto& with_code = (__VA_ARGS__);                                                \
    if (with_code.has_value()) {                                                          \
      ADD_FAILURE() << "no error";                                                        \
    } else {                                                                              \
      EXPECT_EQ(::archy::to_string(with_code.error().code), ::archy::to_string(expected)) \
          << with_code.error().detail;                                                    \
    }                                                                                     \
  } while (false)
