// Which file names of a collection may touch a disk. A name is a relative path with `/`.
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"

namespace archy::blobs {

inline constexpr std::size_t kNameBytes = 4096;
inline constexpr std::size_t kNameComponentBytes = 255;

// Errors: bad_input for an empty or absolute path, an empty component, `.`, `..`, NUL, a backslash,
// a drive letter
// (`C:` in front of any component), too long, not UTF-8. The message shows the name escaped.
Result<> check_name(std::string_view name);

}  // namespace archy::blobs
