#include "http/response_head.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <iterator>

#include "http/token.hpp"

namespace archy::http {
namespace {

struct Phrase {
  int status;
  std::string_view text;
};
constexpr Phrase kPhrases[] = {
    {200, "OK"},
    {201, "Created"},
    {202, "Accepted"},
    {204, "No Content"},
    {206, "Partial Content"},
    {301, "Moved Permanently"},
    {302, "Found"},
    {303, "See Other"},
    {304, "Not Modified"},
    {307, "Temporary Redirect"},
    {308, "Permanent Redirect"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {402, "Payment Required"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {406, "Not Acceptable"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {411, "Length Required"},
    {412, "Precondition Failed"},
    {413, "Content Too Large"},
    {414, "URI Too Long"},
    {415, "Unsupported Media Type"},
    {416, "Range Not Satisfiable"},
    {417, "Expectation Failed"},
    {421, "Misdirected Request"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {502, "Bad Gateway"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
    {505, "HTTP Version Not Supported"},
    {507, "Insufficient Storage"},
};

bool is_the_servers_own(std::string_view name) {
  return std::ranges::any_of(
      std::initializer_list<std::string_view>{"content-length", "transfer-encoding", "connection",
                                              "date"},
      [name](std::string_view own) { return equal_nocase(name, own); });
}

}  // namespace

std::string_view reason_phrase(int status) {
  const auto* found = std::ranges::find(kPhrases, status, &Phrase::status);
  return found == std::end(kPhrases) ? "Unknown" : found->text;
}

std::string http_date(std::int64_t unix_ms) {
  using namespace std::chrono;
  static constexpr std::string_view kDays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr std::string_view kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                 "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  constexpr std::int64_t kLastSecond = 253'402'300'799;  // of the year 9999
  const seconds since(std::clamp<std::int64_t>(unix_ms / 1000, 0, kLastSecond));
  const sys_days day = floor<days>(sys_seconds(since));
  const year_month_day date(day);
  const hh_mm_ss time(sys_seconds(since) - day);
  return fmt::format("{}, {:02} {} {:04} {:02}:{:02}:{:02} GMT", kDays[weekday(day).c_encoding()],
                     unsigned{date.day()}, kMonths[unsigned{date.month()} - 1], int{date.year()},
                     time.hours().count(), time.minutes().count(), time.seconds().count());
}

bool is_bodyless(int status) { return status < 200 || status == 204 || status == 304; }

Result<std::string> serialize_head(const ServerResponse& response, const HeadFacts& facts) {
  if (response.status < 200 || response.status > 599) {
    return fail(Code::internal, "not a final status");
  }
  std::string out = fmt::format("HTTP/1.1 {} {}\r\nDate: {}\r\n", response.status,
                                reason_phrase(response.status), http_date(facts.unix_ms));
  for (const auto& [name, value] : response.headers) {
    if (!is_token(name) || is_the_servers_own(name) || !is_clean_line(value)) {
      return fail(Code::internal, "a response header that must not be sent");
    }
    out.append(name).append(": ").append(value).append("\r\n");
  }
  out += response.constant_lines;
  if (facts.mode == BodyMode::length) {
    out += fmt::format("Content-Length: {}\r\n", facts.length);
  } else if (facts.mode == BodyMode::chunked) {
    out += "Transfer-Encoding: chunked\r\n";
  }
  if (facts.close || facts.mode == BodyMode::until_closed) {
    out += "Connection: close\r\n";
  } else if (facts.http10) {
    out += "Connection: keep-alive\r\n";
  }
  return out + "\r\n";
}

}  // namespace archy::http
