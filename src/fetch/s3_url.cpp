#include "fetch/s3_url.hpp"

#include <algorithm>

#include "base/utf8.hpp"
#include "wire/url.hpp"

namespace archy::fetch {
namespace {

constexpr std::string_view kScheme = "s3://";
constexpr std::size_t kKeyBytes = 1024;

bool is_lower_or_digit(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }

bool is_bucket(std::string_view name) {
  if (name.size() < 3 || name.size() > 63 || name.find("..") != std::string_view::npos)
    return false;
  if (!is_lower_or_digit(name.front()) || !is_lower_or_digit(name.back())) return false;
  return std::ranges::all_of(name,
                             [](char c) { return is_lower_or_digit(c) || c == '.' || c == '-'; });
}

bool is_region(std::string_view name) {
  return !name.empty() && name.size() <= 64 && std::ranges::all_of(name, [](char c) {
    return is_lower_or_digit(c) || (c >= 'A' && c <= 'Z') || c == '-' || c == '_';
  });
}

bool has_dot_segment(std::string_view key) {
  for (;;) {
    const auto slash = key.find('/');
    const auto part = key.substr(0, slash);
    if (part == "." || part == "..") return true;
    if (slash == std::string_view::npos) return false;
    key.remove_prefix(slash + 1);
  }
}

// RFC 3986's unreserved characters stay, and the slash.
std::string escaped(std::string_view key) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string out;
  for (const char c : key) {
    if (is_lower_or_digit(c) || (c >= 'A' && c <= 'Z') ||
        std::string_view("-._~/").find(c) != std::string_view::npos) {
      out += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    out += '%';
    out += kDigits[byte >> 4];
    out += kDigits[byte & 15];
  }
  return out;
}

}  // namespace

bool is_s3_url(std::string_view text) { return text.starts_with(kScheme); }

Result<S3Url> parse_s3_url(std::string_view text) {
  if (!is_s3_url(text)) return fail(Code::bad_input, "not an s3:// URL");
  text.remove_prefix(kScheme.size());
  const auto slash = text.find('/');
  S3Url out{std::string(text.substr(0, slash)), {}};
  if (!is_bucket(out.bucket)) {
    return fail(Code::bad_input, "s3://BUCKET/KEY: a bucket is 3 to 63 of a-z, 0-9, '.' and '-'");
  }
  if (slash != std::string_view::npos) out.key = text.substr(slash + 1);
  if (out.key.empty()) return fail(Code::bad_input, "s3://BUCKET/KEY: there is no key");
  if (out.key.size() > kKeyBytes) return fail(Code::bad_input, "the key is longer than 1024 bytes");
  const bool has_control = std::ranges::any_of(
      out.key, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
  if (has_control || !is_utf8(out.key)) {
    return fail(Code::bad_input, "the key has control characters or is not UTF-8");
  }
  if (has_dot_segment(out.key)) {
    return fail(Code::bad_input, "the key has '.' or '..' as a part of its path");
  }
  return out;
}

std::string to_string(const S3Url& url) {
  return std::string(kScheme) + url.bucket + "/" + url.key;
}

Result<std::string> object_url(const S3Url& url, std::string_view endpoint,
                               std::string_view region) {
  if (!is_region(region)) return fail(Code::bad_input, "s3.region is not the name of a region");
  if (endpoint.empty()) {
    const auto host = "s3." + std::string(region) + ".amazonaws.com/";
    // A certificate for *.s3.REGION does not cover a bucket with dots.
    const bool in_host = url.bucket.find('.') == std::string::npos;
    const auto root = in_host ? url.bucket + "." + host : host + url.bucket + "/";
    return "https://" + root + escaped(url.key);
  }
  auto parsed = wire::parse_url(endpoint);
  if (!parsed) return fail_in("s3.endpoint", parsed.error());
  if (parsed->path != "/" || parsed->query) {
    return fail(Code::bad_input, "s3.endpoint is more than scheme, host and port");
  }
  return wire::to_string(*parsed) + url.bucket + "/" + escaped(url.key);
}

}  // namespace archy::fetch
