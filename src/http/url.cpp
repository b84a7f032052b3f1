#include "http/url.hpp"

#include <curl/curl.h>

#include <algorithm>
#include <memory>

namespace archy::http {
namespace {

constexpr std::size_t kMaxUrlBytes = 8192;

struct HandleCleanup {
  void operator()(CURLU* handle) const { curl_url_cleanup(handle); }
};
using Handle = std::unique_ptr<CURLU, HandleCleanup>;

std::string part(CURLU* handle, CURLUPart which, unsigned flags = 0) {
  char* text = nullptr;
  if (curl_url_get(handle, which, &text, flags) != CURLUE_OK) return {};
  std::string out(text);
  curl_free(text);
  return out;
}

bool has_forbidden_character(std::string_view text) {
  return std::ranges::any_of(
      text, [](char c) { return static_cast<unsigned char>(c) <= 0x20 || c == 0x7f; });
}

Result<Url> checked(CURLU* handle) {
  Url out;
  out.scheme = part(handle, CURLUPART_SCHEME);
  if (out.scheme != "http" && out.scheme != "https") {
    return fail(Code::bad_input, "only http and https URLs are supported");
  }
  if (!part(handle, CURLUPART_USER).empty() || !part(handle, CURLUPART_PASSWORD).empty()) {
    return fail(Code::bad_input, "a URL must not contain a user name or password");
  }
  out.host = part(handle, CURLUPART_HOST);
  std::ranges::transform(out.host, out.host.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  });
  if (out.host.empty()) return fail(Code::bad_input, "URL without a host");
  out.origin =
      out.scheme + "://" + out.host + ":" + part(handle, CURLUPART_PORT, CURLU_DEFAULT_PORT);
  curl_url_set(handle, CURLUPART_FRAGMENT, nullptr, 0);
  out.text = part(handle, CURLUPART_URL);
  if (out.text.empty()) return fail(Code::bad_input, "malformed URL");
  // libcurl decodes a percent sign in a host once: "2%30" is "20" now and 0.0.0.20 to the next
  // reader. What means another host when it is read again is refused.
  Handle again(curl_url());
  if (!again || curl_url_set(again.get(), CURLUPART_URL, out.text.c_str(), 0) != CURLUE_OK ||
      part(again.get(), CURLUPART_HOST) != part(handle, CURLUPART_HOST)) {
    return fail(Code::bad_input, "malformed host in URL");
  }
  return out;
}

Result<Handle> parsed(std::string_view text) {
  if (text.size() > kMaxUrlBytes) return fail(Code::bad_input, "URL is too long");
  if (has_forbidden_character(text)) {
    return fail(Code::bad_input, "URL contains a space or control character");
  }
  Handle handle(curl_url());
  const std::string copy(text);
  if (!handle || curl_url_set(handle.get(), CURLUPART_URL, copy.c_str(), 0) != CURLUE_OK) {
    return fail(Code::bad_input, "malformed URL");
  }
  return handle;
}

}  // namespace

Result<Url> parse_url(std::string_view text) {
  TRY(handle, parsed(text));
  return checked(handle.get());
}

Result<Url> resolve_redirect(const Url& base, std::string_view location) {
  TRY(handle, parsed(base.text));
  if (location.empty() || location.size() > kMaxUrlBytes || has_forbidden_character(location)) {
    return fail(Code::bad_input, "malformed redirect");
  }
  const std::string copy(location);
  if (curl_url_set(handle.get(), CURLUPART_URL, copy.c_str(), 0) != CURLUE_OK) {
    return fail(Code::bad_input, "malformed redirect");
  }
  TRY(target, checked(handle.get()));
  if (base.scheme == "https" && target.scheme == "http") {
    return fail(Code::denied, "redirect from https to http refused");
  }
  return target;
}

std::string display_url(std::string_view text) {
  auto handle = parsed(text);
  if (!handle) return "(malformed URL)";
  for (const auto secret :
       {CURLUPART_USER, CURLUPART_PASSWORD, CURLUPART_OPTIONS, CURLUPART_FRAGMENT}) {
    curl_url_set(handle->get(), secret, nullptr, 0);
  }
  const bool has_query = !part(handle->get(), CURLUPART_QUERY).empty();
  curl_url_set(handle->get(), CURLUPART_QUERY, nullptr, 0);
  const auto shown = part(handle->get(), CURLUPART_URL);
  return has_query ? shown + "?..." : shown;
}

}  // namespace archy::http
