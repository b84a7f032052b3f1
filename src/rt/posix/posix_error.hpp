// errno as a Code: what the caller of a file call can do about it.
#pragma once

#include <string_view>

#include "base/result.hpp"
#include "rt/files.hpp"

namespace archy::rt {

Code code_of_errno(int error);
// Shape: "<what> <path>: <system's text>".
std::unexpected<Error> fail_errno(std::string_view what, const Path& path, int error);

}  // namespace archy::rt
