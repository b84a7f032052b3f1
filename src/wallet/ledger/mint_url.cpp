#include "wallet/ledger/mint_url.hpp"

#include "wire/url.hpp"

namespace archy::wallet {

Result<std::string> normal_mint_url(std::string_view text) {
  auto url = wire::parse_url(text);
  if (!url) return fail_in("mint", url.error());
  if (url->query) return fail(Code::bad_input, "mint: a URL with a query");
  std::string out = wire::to_string(*url);
  while (out.ends_with('/')) out.pop_back();
  return out;
}

}  // namespace archy::wallet
