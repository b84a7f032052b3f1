#include "http/head_parser.hpp"

#include <algorithm>

#include "base/limits.hpp"
#include "http/content_range.hpp"

namespace archy::http {
namespace {

bool is_token_char(char c) {
  if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')) return true;
  return std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  }
  return out;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// Shape: "HTTP/1.1 200 OK"; the status, or 0.
int status_of(std::string_view line) {
  const auto space = line.find(' ');
  if (space == std::string_view::npos || line.size() < space + 4) return 0;
  int status = 0;
  for (const char c : line.substr(space + 1, 3)) {
    if (c < '0' || c > '9') return 0;
    status = status * 10 + (c - '0');
  }
  if (line.size() > space + 4 && line[space + 4] != ' ') return 0;
  return status >= 100 ? status : 0;
}

}  // namespace

std::optional<std::string> ResponseHead::header(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (key == name) return value;
  }
  return std::nullopt;
}

Result<> HeadParser::add_line(std::string_view line) {
  bytes_ += line.size();
  if (bytes_ > limits::kHttpHeaderBytes) {
    return fail(Code::peer_fault, "response headers are too large");
  }
  if (done_) return {};
  if (line.ends_with('\n')) line.remove_suffix(1);
  if (line.ends_with('\r')) line.remove_suffix(1);
  if (line.starts_with("HTTP/")) {
    head_.headers.clear();
    head_.status = status_of(line);
    if (head_.status == 0) return fail(Code::peer_fault, "malformed status line");
    return {};
  }
  if (head_.status == 0) return fail(Code::peer_fault, "response does not begin with a status");
  if (line.empty()) {
    done_ = head_.status >= 200;
    return {};
  }
  const auto colon = line.find(':');
  if (colon == std::string_view::npos || colon == 0) {
    return fail(Code::peer_fault, "malformed response header");
  }
  const auto name = line.substr(0, colon);
  if (!std::ranges::all_of(name, is_token_char)) {
    return fail(Code::peer_fault, "malformed response header name");
  }
  const auto value = trimmed(line.substr(colon + 1));
  const auto is_control = [](char c) {
    return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f;
  };
  if (std::ranges::any_of(value, is_control)) {
    return fail(Code::peer_fault, "control character in a response header");
  }
  head_.headers.emplace_back(lower(name), std::string(value));
  return {};
}

Result<> check_framing(const ResponseHead& head) {
  std::optional<std::uint64_t> length;
  for (const auto& [name, value] : head.headers) {
    if (name == "content-encoding" && !value.empty() && lower(value) != "identity") {
      return fail(Code::peer_fault, "response has a Content-Encoding, none was accepted");
    }
    if (name != "content-length") continue;
    TRY(parsed, parse_content_length(value));
    if (length && *length != parsed) {
      return fail(Code::peer_fault, "response has two different Content-Lengths");
    }
    length = parsed;
  }
  if (length && head.header("transfer-encoding")) {
    return fail(Code::peer_fault, "response has both Content-Length and Transfer-Encoding");
  }
  return {};
}

}  // namespace archy::http
