// Maps of CBOR with names as keys, in any order, each once. Private to cashu's .cpp files.
#pragma once

#include <algorithm>
#include <vector>

#include "cashu/cbor.hpp"

namespace archy::cashu {

inline std::unexpected<Error> missing_member(std::string_view key) {
  return fail(Code::bad_input, "no member " + std::string(key));
}

// Calls `read(key)` for each pair; it reads the value, or skips it.
template <class Read>
Result<> each_member(CborReader& in, Read&& read) {
  constexpr std::size_t kMembers = 32;
  TRY(pairs, in.map());
  std::vector<std::string_view> seen;
  for (std::size_t i = 0; i < pairs; ++i) {
    TRY(key, in.text());
    if (std::ranges::find(seen, key) != seen.end()) {
      return fail(Code::bad_input, "a member twice");
    }
    if (seen.size() == kMembers) return fail(Code::bad_input, "too many members");
    seen.push_back(key);
    TRY_OK(read(key));
  }
  return {};
}

}  // namespace archy::cashu
