// What the encoder needs of a blob: its bytes and its inner hashes. Implemented by the stores.
#pragma once

#include <array>

#include "bao/tree.hpp"
#include "base/bytes.hpp"
#include "base/result.hpp"

namespace archy::bao {

using Pair = std::array<std::uint8_t, kPairBytes>;

class Reader {
 public:
  virtual ~Reader() = default;
  // Exactly `length` bytes from `offset`, valid until the next call. Reads ahead: callers go
  // forwards. Errors: not_found when that part is not held, io.
  virtual Result<ByteView> data(std::uint64_t offset, std::size_t length) = 0;
  // The pair of a node above group level. Errors: not_found, io.
  virtual Result<Pair> pair(std::uint64_t pair_index) = 0;
};

}  // namespace archy::bao
