// The slow, obvious twin of this module: BLAKE3 from its specification, and recursive encoder,
// decoder and outboard. It shares no code with what it checks. For tests and fuzzers only.
// Source: BLAKE3 specification 2; bao mixed encoding of iroh-blobs (16 KiB groups).
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "base/bytes.hpp"

namespace archy::bao::reference {

using Cv = std::array<std::uint8_t, 32>;
inline constexpr std::uint64_t kGroup = 16;  // chunks

inline Cv compress(const std::array<std::uint32_t, 8>& in, ByteView block, std::uint64_t counter,
                   std::uint32_t flags, std::array<std::uint32_t, 8>* words_out = nullptr) {
  static constexpr std::array<std::uint32_t, 4> kIv{0x6A09E667, 0xBB67AE85, 0x3C6EF372, 0xA54FF53A};
  static constexpr std::array<int, 16> kPermutation{2, 6,  3,  10, 7, 0,  4,  13,
                                                    1, 11, 12, 5,  9, 14, 15, 8};
  std::array<std::uint32_t, 16> m{};
  for (std::size_t i = 0; i < block.size(); ++i)
    m[i / 4] |= static_cast<std::uint32_t>(block[i]) << (8 * (i % 4));
  std::array<std::uint32_t, 16> v{};
  std::copy(in.begin(), in.end(), v.begin());
  std::copy(kIv.begin(), kIv.end(), v.begin() + 8);
  v[12] = static_cast<std::uint32_t>(counter);
  v[13] = static_cast<std::uint32_t>(counter >> 32);
  v[14] = static_cast<std::uint32_t>(block.size());
  v[15] = flags;
  const auto g = [&v](int a, int b, int c, int d, std::uint32_t x, std::uint32_t y) {
    v[a] = v[a] + v[b] + x;
    v[d] = std::rotr(v[d] ^ v[a], 16);
    v[c] = v[c] + v[d];
    v[b] = std::rotr(v[b] ^ v[c], 12);
    v[a] = v[a] + v[b] + y;
    v[d] = std::rotr(v[d] ^ v[a], 8);
    v[c] = v[c] + v[d];
    v[b] = std::rotr(v[b] ^ v[c], 7);
  };
  for (int round = 0; round < 7; ++round) {
    for (int i = 0; i < 4; ++i) g(i, 4 + i, 8 + i, 12 + i, m[2 * i], m[2 * i + 1]);
    for (int i = 0; i < 4; ++i)
      g(i, 4 + (i + 1) % 4, 8 + (i + 2) % 4, 12 + (i + 3) % 4, m[8 + 2 * i], m[9 + 2 * i]);
    std::array<std::uint32_t, 16> next{};
    for (int i = 0; i < 16; ++i) next[i] = m[kPermutation[i]];
    m = next;
  }
  Cv out;
  std::array<std::uint32_t, 8> words{};
  for (std::size_t i = 0; i < 8; ++i) {
    words[i] = v[i] ^ v[i + 8];
    for (std::size_t b = 0; b < 4; ++b)
      out[4 * i + b] = static_cast<std::uint8_t>(words[i] >> (8 * b));
  }
  if (words_out != nullptr) *words_out = words;
  return out;
}

inline constexpr std::array<std::uint32_t, 8> kKey{0x6A09E667, 0xBB67AE85, 0x3C6EF372, 0xA54FF53A,
                                                   0x510E527F, 0x9B05688C, 0x1F83D9AB, 0x5BE0CD19};

inline Cv chunk_hash(ByteView chunk, std::uint64_t index, bool root) {
  std::array<std::uint32_t, 8> words = kKey;
  std::uint32_t start = 1;
  while (chunk.size() > 64) {
    compress(words, chunk.first(64), index, start, &words);
    start = 0;
    chunk = chunk.subspan(64);
  }
  return compress(words, chunk, index, start | 2u | (root ? 8u : 0u));
}

inline Cv parent_hash(ByteView pair, bool root) {
  return compress(kKey, pair, 0, 4u | (root ? 8u : 0u));
}

inline std::uint64_t chunk_count(std::uint64_t size) {
  return size == 0 ? 1 : size / 1024 + (size % 1024 != 0 ? 1 : 0);
}
inline std::uint64_t left_of(std::uint64_t n) {
  std::uint64_t left = 1;
  while (left * 2 < n) left *= 2;
  return left;
}

// A set of chunks as plain spans, cut to a blob of `chunks`.
struct Wanted {
  std::vector<std::pair<std::uint64_t, std::uint64_t>> spans;

  Wanted(const std::vector<std::uint64_t>& boundaries, std::uint64_t chunks) {
    bool beyond = false;
    for (std::size_t i = 0; i < boundaries.size(); i += 2) {
      const bool open = i + 1 == boundaries.size();
      if (open || boundaries[i + 1] > chunks) beyond = true;
      const std::uint64_t end = open ? chunks : std::min(boundaries[i + 1], chunks);
      if (boundaries[i] < end) spans.emplace_back(boundaries[i], end);
    }
    if (!beyond) return;
    if (spans.empty() || spans.back().second < chunks - 1)
      spans.emplace_back(chunks - 1, chunks);
    else
      spans.back().second = chunks;
  }
  bool any(std::uint64_t start, std::uint64_t n) const {
    return std::ranges::any_of(
        spans, [&](const auto& s) { return s.first < start + n && start < s.second; });
  }
  bool every(std::uint64_t start, std::uint64_t n) const {
    return std::ranges::any_of(
        spans, [&](const auto& s) { return s.first <= start && start + n <= s.second; });
  }
};

struct Item {
  char kind = 'S';  // S size, P pair, L leaf
  std::uint64_t start = 0;
  std::uint64_t length = 0;  // P: chunks; L: bytes
  Bytes bytes;
  bool operator==(const Item&) const = default;
};

// Hashes of one blob, remembered.
class Blob {
 public:
  explicit Blob(Bytes data) : data_(std::move(data)), chunks_(chunk_count(data_.size())) {}
  ByteView data() const { return data_; }
  Cv root() { return hash(0, chunks_); }

  std::vector<Item> encode(const std::vector<std::uint64_t>& boundaries) {
    if (boundaries.empty()) return {};
    Item size{'S', 0, 8, Bytes(8)};
    for (int i = 0; i < 8; ++i)
      size.bytes[static_cast<std::size_t>(i)] = static_cast<std::uint8_t>(data_.size() >> (8 * i));
    std::vector<Item> out{size};
    walk(0, chunks_, Wanted(boundaries, chunks_), out);
    return out;
  }
  Bytes outboard() {
    Bytes out;
    outboard(0, chunks_, out);
    return out;
  }

 private:
  ByteView bytes(std::uint64_t start, std::uint64_t n) const {
    const std::uint64_t end = std::min<std::uint64_t>((start + n) * 1024, data_.size());
    return ByteView(data_).subspan(start * 1024, end - start * 1024);
  }
  Bytes pair(std::uint64_t start, std::uint64_t n) {
    const std::uint64_t left = left_of(n);
    Bytes out = to_bytes(hash(start, left));
    append(out, hash(start + left, n - left));
    return out;
  }
  Cv hash(std::uint64_t start, std::uint64_t n) {
    const auto known = memo_.find({start, n});
    if (known != memo_.end()) return known->second;
    const Cv cv = n == 1 ? chunk_hash(bytes(start, 1), start, n == chunks_)
                         : parent_hash(pair(start, n), n == chunks_);
    memo_[{start, n}] = cv;
    return cv;
  }
  void walk(std::uint64_t start, std::uint64_t n, const Wanted& wanted, std::vector<Item>& out) {
    if (!wanted.any(start, n)) return;
    if (n == 1 || (n <= kGroup && wanted.every(start, n))) {
      const ByteView leaf = bytes(start, n);
      out.push_back({'L', start * 1024, leaf.size(), to_bytes(leaf)});
      return;
    }
    out.push_back({'P', start, n, pair(start, n)});
    const std::uint64_t left = left_of(n);
    walk(start, left, wanted, out);
    walk(start + left, n - left, wanted, out);
  }
  void outboard(std::uint64_t start, std::uint64_t n, Bytes& out) {
    if (n <= kGroup) return;
    append(out, pair(start, n));
    const std::uint64_t left = left_of(n);
    outboard(start, left, out);
    outboard(start + left, n - left, out);
  }

  Bytes data_;
  std::uint64_t chunks_;
  std::map<std::pair<std::uint64_t, std::uint64_t>, Cv> memo_;
};

inline Bytes concat(const std::vector<Item>& items) {
  Bytes out;
  for (const Item& item : items) append(out, item.bytes);
  return out;
}

// What a getter that asked for `boundaries` may believe of `stream`.
struct Decoded {
  enum class End { complete, truncated, rejected } end = End::truncated;
  std::vector<Item> items;   // verified, in order
  std::size_t consumed = 0;  // bytes of the items that verified
  bool size_verified = false;
};

class Getter {
 public:
  static Decoded decode(const Cv& root, const std::vector<std::uint64_t>& boundaries,
                        ByteView stream, std::uint64_t largest_size) {
    Getter getter(stream);
    getter.run(root, boundaries, largest_size);
    return std::move(getter.out_);
  }

 private:
  explicit Getter(ByteView stream) : stream_(stream) {}

  void run(const Cv& root, const std::vector<std::uint64_t>& boundaries, std::uint64_t largest) {
    if (boundaries.empty()) {
      out_.end = Decoded::End::complete;
      return;
    }
    ByteView header;
    if (!take(8, header)) return;
    for (std::size_t i = 0; i < 8; ++i) size_ |= static_cast<std::uint64_t>(header[i]) << (8 * i);
    if (size_ > largest) {
      out_.end = Decoded::End::rejected;
      return;
    }
    accept({'S', 0, 8, to_bytes(header)});
    chunks_ = chunk_count(size_);
    if (node(0, chunks_, root, Wanted(boundaries, chunks_))) out_.end = Decoded::End::complete;
  }
  bool take(std::uint64_t n, ByteView& item) {
    if (stream_.size() - out_.consumed < n) return false;
    item = stream_.subspan(out_.consumed, n);
    return true;
  }
  void accept(Item item) {
    out_.consumed += item.bytes.size();
    out_.items.push_back(std::move(item));
  }
  bool reject() {
    out_.end = Decoded::End::rejected;
    return false;
  }
  Cv hash(ByteView data, std::uint64_t start, std::uint64_t n) const {
    if (n == 1) return chunk_hash(data, start, n == chunks_);
    const std::uint64_t left = left_of(n);
    Bytes pair = to_bytes(hash(data.first(left * 1024), start, left));
    append(pair, hash(data.subspan(left * 1024), start + left, n - left));
    return parent_hash(pair, n == chunks_);
  }
  bool node(std::uint64_t start, std::uint64_t n, const Cv& expected, const Wanted& wanted) {
    if (!wanted.any(start, n)) return true;
    ByteView item;
    if (n == 1 || (n <= kGroup && wanted.every(start, n))) {
      const std::uint64_t length = std::min((start + n) * 1024, size_) - start * 1024;
      if (!take(length, item)) return false;
      if (hash(item, start, n) != expected) return reject();
      accept({'L', start * 1024, length, to_bytes(item)});
      if (start + n == chunks_) out_.size_verified = true;
      return true;
    }
    if (!take(64, item)) return false;
    if (parent_hash(item, n == chunks_) != expected) return reject();
    accept({'P', start, n, to_bytes(item)});
    Cv left{};
    Cv right{};
    std::copy_n(item.begin(), 32, left.begin());
    std::copy_n(item.begin() + 32, 32, right.begin());
    const std::uint64_t half = left_of(n);
    return node(start, half, left, wanted) && node(start + half, n - half, right, wanted);
  }

  ByteView stream_;
  std::uint64_t size_ = 0;
  std::uint64_t chunks_ = 0;
  Decoded out_;
};

}  // namespace archy::bao::reference
