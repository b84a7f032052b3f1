#include "store/outboard_file.hpp"

#include <algorithm>

namespace archy::store {

using bao::kPairBytes;

bao::PairSink write_pairs(rt::File& file) {
  return [&file](std::uint64_t first, ByteView pairs) {
    return file.write_at(first * kPairBytes, pairs);
  };
}

bao::PairSink compare_pairs(rt::File& file, bool& differs) {
  return
      [&file, &differs, stored = Bytes()](std::uint64_t first, ByteView pairs) mutable -> Result<> {
        if (differs) return {};
        stored.resize(pairs.size());
        TRY(got, file.read_at(first * kPairBytes, stored));
        differs = got != pairs.size() || !equal(stored, pairs);
        return {};
      };
}

Result<> write_back(rt::File& file) {
  Bytes window(64u << 10);
  for (std::uint64_t at = 0;;) {
    TRY(data, file.next_data(at));
    if (!data.has_value()) return {};
    at = std::max(at, *data);
    TRY(got, file.read_at(at, window));
    if (got == 0) return {};
    TRY_OK(file.write_at(at, ByteView(window).first(got)));
    at += got;
  }
}

Result<bao::Pair> PairWindows::pair(rt::File& file, std::uint64_t index) {
  const std::uint64_t at = index * kPairBytes;
  Window* window = nullptr;
  for (Window& held : windows_) {
    if (at >= held.begin && at + kPairBytes <= held.begin + held.bytes.size()) window = &held;
  }
  if (window == nullptr) {
    window = &*std::min_element(
        windows_.begin(), windows_.end(),
        [](const Window& a, const Window& b) { return a.last_use < b.last_use; });
    // A scan goes on where the window before ended: read far ahead. A jump reads little.
    const bool scan = at == next_;
    window->bytes.resize(scan ? kScanBytes : kJumpBytes);
    window->begin = scan ? at : at - at % kJumpBytes;
    auto got = file.read_at(window->begin, window->bytes);
    if (!got.has_value()) {
      window->bytes.clear();
      return fail(got.error());
    }
    window->bytes.resize(*got);
    next_ = window->begin + *got;
    if (at + kPairBytes > window->begin + window->bytes.size()) {
      return fail(Code::not_found, "that inner hash is not held");
    }
  }
  window->last_use = ++uses_;
  bao::Pair pair;
  std::copy_n(window->bytes.data() + (at - window->begin), kPairBytes, pair.data());
  if (std::ranges::all_of(pair, [](std::uint8_t byte) { return byte == 0; })) {
    return fail(Code::not_found, "that inner hash is not held");
  }
  return pair;
}

void PairWindows::forget() {
  for (Window& window : windows_) window.bytes.clear();
  next_ = 0;
}

}  // namespace archy::store
