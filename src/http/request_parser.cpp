#include "http/request_parser.hpp"

#include <algorithm>

#include "http/content_range.hpp"
#include "http/token.hpp"

namespace archy::http {
namespace {

constexpr std::size_t kTargetBytes = 8192;
constexpr std::size_t kMethodBytes = 32;

using Checked = std::expected<void, Refusal>;

std::unexpected<Refusal> refuse(int status, std::string_view why) {
  return std::unexpected(Refusal{status, why});
}

Checked read_request_line(std::string_view line, RequestHead& out) {
  const auto first = line.find(' ');
  const auto last = line.rfind(' ');
  if (first == std::string_view::npos || first == last) return refuse(400, "malformed request");
  const auto method = line.substr(0, first);
  const auto target = line.substr(first + 1, last - first - 1);
  const auto version = line.substr(last + 1);
  if (!is_token(method) || method.size() > kMethodBytes) return refuse(400, "malformed method");
  if (version == "HTTP/1.0") {
    out.http10 = true;
  } else if (version != "HTTP/1.1") {
    const bool is_version = version.size() == 8 && version.starts_with("HTTP/");
    return is_version ? refuse(505, "only HTTP/1.1 is spoken here")
                      : refuse(400, "malformed request");
  }
  if (target.size() > kTargetBytes) return refuse(414, "the target is too long");
  const bool is_visible = std::ranges::all_of(
      target, [](char c) { return c > 0x20 && c < 0x7f && c != '#' && c != '\\'; });
  const bool is_origin_form = target.starts_with('/');
  if (!is_visible || (!is_origin_form && !(target == "*" && method == "OPTIONS"))) {
    return refuse(400, "malformed target");
  }
  out.request.method = method;
  out.request.target = target;
  return {};
}

Checked read_field(std::string_view line, ServerRequest& out) {
  const auto colon = line.find(':');
  if (colon == std::string_view::npos || !is_token(line.substr(0, colon)) || !is_clean_line(line)) {
    return refuse(400, "malformed header");
  }
  std::string name(line.substr(0, colon));
  std::ranges::transform(name, name.begin(), ascii_lower);
  if (out.headers.size() >= limits::kHttpRequestFields) return refuse(431, "too many headers");
  out.headers.emplace_back(std::move(name), trimmed(line.substr(colon + 1)));
  return {};
}

Checked read_framing(RequestHead& out) {
  const auto length = out.request.header("content-length");
  const auto coding = out.request.header("transfer-encoding");
  if (out.request.count("content-length") > 1) return refuse(400, "more than one Content-Length");
  if (length) {
    const auto number = parse_content_length(*length);
    if (!number || coding) return refuse(400, "malformed Content-Length");
    out.body.length = *number;
  }
  if (coding) {
    const bool is_plain = out.request.count("transfer-encoding") == 1 && !out.http10;
    if (!is_plain || !equal_nocase(*coding, "chunked")) {
      return refuse(400, "unsupported Transfer-Encoding");
    }
    out.body.chunked = true;
  }
  return {};
}

Checked read_connection(RequestHead& out) {
  const auto hosts = out.request.count("host");
  if (hosts > 1 || (hosts == 0 && !out.http10)) return refuse(400, "one Host header is required");
  bool close = out.http10;
  bool keep = false;
  for (const auto& [name, value] : out.request.headers) {
    if (name != "connection") continue;
    for (std::string_view rest = value; !rest.empty();) {
      const auto comma = rest.find(',');
      const auto option = trimmed(rest.substr(0, comma));
      if (!option.empty() && !is_token(option)) return refuse(400, "malformed Connection");
      close |= equal_nocase(option, "close");
      keep |= equal_nocase(option, "keep-alive");
      rest = comma == std::string_view::npos ? std::string_view() : rest.substr(comma + 1);
    }
  }
  out.keep_alive = !close || (out.http10 && keep);
  if (const auto expect = out.request.header("expect"); expect && !out.http10) {
    if (!equal_nocase(*expect, "100-continue")) return refuse(417, "unknown expectation");
    out.expects_continue = !out.body.empty();
  }
  return {};
}

}  // namespace

std::optional<std::string_view> ServerRequest::header(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (key == name) return value;
  }
  return std::nullopt;
}

std::size_t ServerRequest::count(std::string_view name) const {
  return static_cast<std::size_t>(
      std::ranges::count_if(headers, [name](const auto& field) { return field.first == name; }));
}

std::string_view ServerRequest::path() const {
  const std::string_view view = target;
  return view.substr(0, view.find('?'));
}

std::expected<std::optional<RequestHead>, Refusal> parse_request_head(ByteView input) {
  std::string_view text = as_text(input);
  RequestHead out;
  if (text.starts_with("\r\n")) {
    text.remove_prefix(2);
    out.size_bytes = 2;
  }
  const auto within = text.substr(0, limits::kHttpRequestHeadBytes);
  const auto end = within.find("\r\n\r\n");
  if (end == std::string_view::npos) {
    if (within.size() < text.size() || within.size() == limits::kHttpRequestHeadBytes) {
      return refuse(431, "the request head is too big");
    }
    return std::nullopt;
  }
  out.size_bytes += end + 4;
  std::string_view lines = text.substr(0, end);
  for (bool is_first = true; is_first || !lines.empty(); is_first = false) {
    const auto line_end = lines.find("\r\n");
    const auto line = lines.substr(0, line_end);
    lines = line_end == std::string_view::npos ? std::string_view() : lines.substr(line_end + 2);
    auto read = is_first ? read_request_line(line, out) : read_field(line, out.request);
    if (!read) return std::unexpected(read.error());
  }
  if (auto framing = read_framing(out); !framing) return std::unexpected(framing.error());
  if (auto checked = read_connection(out); !checked) return std::unexpected(checked.error());
  return out;
}

}  // namespace archy::http
