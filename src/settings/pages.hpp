// The table as text for people.
#pragma once

#include <string>

namespace archy::settings {

// A config.toml with every setting commented out at its default.
std::string sample_toml();
// For `archipelago node --help`.
std::string help_text();
// doc/settings.md, whole.
std::string markdown_page();

}  // namespace archy::settings
