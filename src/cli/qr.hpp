// A QR code in a terminal.
#pragma once

#include <optional>
#include <string>

namespace archy::cli {

// Lines of half blocks, two rows of the code a line, light on dark with the quiet zone around.
// None: too much for one code.
std::optional<std::string> qr_code(const std::string& text);

}  // namespace archy::cli
