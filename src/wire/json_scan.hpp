// JSON looked at before values are made of it: what no reader of ours takes costs no memory, and
// no object names a member twice.
#pragma once

#include <cstdint>
#include <limits>
#include <string_view>

namespace archy::wire {

enum class JsonFault : unsigned char { none, not_json, nested_too_deeply, too_many_members, twice };

struct JsonLimits {
  std::size_t depth = 16;
  std::size_t members = std::numeric_limits<std::size_t>::max();  // of one object
};

// The first fault there is. Cost: in proportion to the text.
JsonFault scan_json(std::string_view text, const JsonLimits& limits = {});

}  // namespace archy::wire
