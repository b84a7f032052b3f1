// Arguments that are money. Every user of the machine sees the arguments of a process, and a shell
// keeps them: such a line is refused before it is parsed, and nothing of it is repeated.
#pragma once

#include <optional>
#include <span>
#include <string_view>

namespace archy::cli {

// Why the line is refused, when a token or a wallet's words stand in it. Pure.
std::optional<std::string_view> secret_in(std::span<const std::string_view> arguments);

}  // namespace archy::cli
