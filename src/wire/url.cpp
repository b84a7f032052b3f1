#include "wire/url.hpp"

#include <arpa/inet.h>

#include <array>
#include <charconv>

namespace archy::wire {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }
char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

std::uint16_t default_port(std::string_view scheme) { return scheme == "https" ? 443 : 80; }

// Every percent sign starts an escape of two hex digits.
bool escapes_are_whole(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') continue;
    if (i + 2 >= text.size() || !is_hex(text[i + 1]) || !is_hex(text[i + 2])) return false;
    i += 2;
  }
  return true;
}

// A host whose last label is a number is an address to other parsers, whatever its form.
bool looks_numeric(std::string_view host) {
  if (host.ends_with('.')) host.remove_suffix(1);
  const std::size_t dot = host.rfind('.');
  const std::string_view last = dot == std::string_view::npos ? host : host.substr(dot + 1);
  if (last.starts_with("0x")) return true;
  for (char c : last) {
    if (!is_digit(c)) return false;
  }
  return true;
}

Result<HostKind> check_name_or_ipv4(const std::string& host) {
  if (looks_numeric(host)) {
    std::array<std::uint8_t, 4> ip{};
    if (inet_pton(AF_INET, host.c_str(), ip.data()) != 1) {
      return fail(Code::bad_input, "URL: host is a number but not a dotted quad");
    }
    return HostKind::ipv4;
  }
  if (host.size() > 254) return fail(Code::bad_input, "URL: host name too long");
  std::size_t label = 0;
  for (std::size_t i = 0; i < host.size(); ++i) {
    const char c = host[i];
    if (c == '.') {
      if (label == 0) return fail(Code::bad_input, "URL: empty label in host name");
      label = 0;
      continue;
    }
    if (!is_digit(c) && !(c >= 'a' && c <= 'z') && c != '-' && c != '_') {
      return fail(Code::bad_input, "URL: character not allowed in host name");
    }
    if (++label > 63) return fail(Code::bad_input, "URL: label of host name too long");
  }
  return HostKind::name;
}

Result<> parse_authority(std::string_view text, Url& out) {
  if (text.find('@') != std::string_view::npos) {
    return fail(Code::bad_input, "URL: user names and passwords are not taken");
  }
  std::string_view port;
  bool has_port = false;
  if (text.starts_with('[')) {
    const std::size_t close = text.find(']');
    if (close == std::string_view::npos) return fail(Code::bad_input, "URL: '[' without ']'");
    out.host = std::string(text.substr(1, close - 1));
    for (char& c : out.host) c = lower(c);
    std::array<std::uint8_t, 16> ip{};
    if (inet_pton(AF_INET6, out.host.c_str(), ip.data()) != 1) {
      return fail(Code::bad_input, "URL: not an IPv6 address");
    }
    out.host_kind = HostKind::ipv6;
    std::string_view after = text.substr(close + 1);
    if (!after.empty()) {
      if (after[0] != ':') return fail(Code::bad_input, "URL: text after ']'");
      has_port = true;
      port = after.substr(1);
    }
  } else {
    const std::size_t colon = text.find(':');
    has_port = colon != std::string_view::npos;
    if (has_port) port = text.substr(colon + 1);
    out.host = std::string(text.substr(0, colon));
    for (char& c : out.host) c = lower(c);
    if (out.host.empty()) return fail(Code::bad_input, "URL: no host");
    TRY(kind, check_name_or_ipv4(out.host));
    out.host_kind = kind;
  }
  out.port = default_port(out.scheme);
  if (!has_port) return {};
  unsigned number = 0;
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), number);
  if (port.empty() || port.size() > 5 || error != std::errc{} || end != port.data() + port.size() ||
      number == 0 || number > 65535) {
    return fail(Code::bad_input, "URL: port is not 1 to 65535");
  }
  out.port = static_cast<std::uint16_t>(number);
  return {};
}

}  // namespace

bool Url::same_origin(const Url& other) const {
  return scheme == other.scheme && host == other.host && port == other.port;
}

Result<Url> parse_url(std::string_view text) {
  if (text.size() > kUrlBytes) return fail(Code::bad_input, "URL: longer than 8192 bytes");
  for (char c : text) {
    const auto byte = static_cast<std::uint8_t>(c);
    if (byte <= 0x20 || byte >= 0x7f || c == '\\' || c == '"' || c == '<' || c == '>') {
      return fail(Code::bad_input, "URL: character not allowed");
    }
  }
  if (text.find('#') != std::string_view::npos)
    return fail(Code::bad_input, "URL: fragments are not taken");
  const std::size_t colon = text.find("://");
  if (colon == std::string_view::npos) return fail(Code::bad_input, "URL: no scheme");
  Url out;
  out.scheme = std::string(text.substr(0, colon));
  for (char& c : out.scheme) c = lower(c);
  if (out.scheme != "http" && out.scheme != "https") {
    return fail(Code::bad_input, "URL: only http and https");
  }
  std::string_view rest = text.substr(colon + 3);
  const std::size_t authority_end = rest.find_first_of("/?");
  TRY_OK(parse_authority(rest.substr(0, authority_end), out));
  if (authority_end == std::string_view::npos) return out;
  rest = rest.substr(authority_end);
  if (!escapes_are_whole(rest)) return fail(Code::bad_input, "URL: '%' without two hex digits");
  const std::size_t question = rest.find('?');
  if (question != 0) out.path = std::string(rest.substr(0, question));
  if (question != std::string_view::npos) out.query = std::string(rest.substr(question + 1));
  return out;
}

std::string to_string(const Url& url) {
  std::string out = url.scheme + "://";
  out += url.host_kind == HostKind::ipv6 ? "[" + url.host + "]" : url.host;
  if (url.port != default_port(url.scheme)) out += ":" + std::to_string(url.port);
  out += url.path;
  if (url.query) out += "?" + *url.query;
  return out;
}

}  // namespace archy::wire
