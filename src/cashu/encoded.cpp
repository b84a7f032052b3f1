#include "cashu/encoded.hpp"

#include "wire/base64url.hpp"
#include "wire/url.hpp"

namespace archy::cashu {

Result<Bytes> from_any_base64(std::string_view text) {
  std::string url(text);
  for (char& c : url) c = c == '+' ? '-' : c == '/' ? '_' : c;
  return wire::from_base64url(url);
}

std::string_view without_scheme(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  const auto begin = text.find_first_not_of(kSpace);
  if (begin == std::string_view::npos) return {};
  text = text.substr(begin, text.find_last_not_of(kSpace) + 1 - begin);
  for (const std::string_view scheme : {"cashu://", "cashu:"}) {
    if (text.starts_with(scheme)) return text.substr(scheme.size());
  }
  return text;
}

Result<std::string> mint_url(std::string_view text) {
  if (text.ends_with('/')) text.remove_suffix(1);
  auto url = wire::parse_url(text);
  if (!url) return fail_in("mint", url.error());
  if (url->query) return fail(Code::bad_input, "mint: a URL with a query");
  return std::string(text);
}

}  // namespace archy::cashu
