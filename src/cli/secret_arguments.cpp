#include "cli/secret_arguments.hpp"

#include <algorithm>

namespace archy::cli {
namespace {

constexpr std::string_view kToken =
    "a token as an argument is refused: other users of this machine see arguments, and the shell "
    "keeps them; give it on standard input or in a file";
constexpr std::string_view kWords =
    "words as arguments are refused: other users of this machine see arguments, and the shell "
    "keeps them; --words takes a file, or - for standard input";
constexpr std::string_view kWordsOption = "--words";

bool is_token(std::string_view text) {
  return text.starts_with("cashuA") || text.starts_with("cashuB") || text.starts_with("cashu:");
}

bool is_several_words(std::string_view text) { return std::ranges::count(text, ' ') >= 8; }

}  // namespace

std::optional<std::string_view> secret_in(std::span<const std::string_view> arguments) {
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string_view one = arguments[i];
    if (is_token(one)) return kToken;
    if (!one.starts_with(kWordsOption)) continue;
    if (is_several_words(one)) return kWords;  // --words="..."
    if (one != kWordsOption) continue;
    // One word names a file; what follows it then is an option.
    if (i + 1 < arguments.size() && is_several_words(arguments[i + 1])) return kWords;
    if (i + 2 < arguments.size() && !arguments[i + 2].starts_with("-")) return kWords;
  }
  return std::nullopt;
}

}  // namespace archy::cli
