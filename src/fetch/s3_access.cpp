#include "fetch/s3_access.hpp"

#include <algorithm>

namespace archy::fetch {
namespace {

constexpr std::size_t kKeyBytes = 1024;
constexpr std::size_t kTokenBytes = 8192;

bool is_visible(std::string_view text, std::size_t most) {
  return text.size() <= most &&
         std::ranges::all_of(text, [](char c) { return c > 0x20 && c < 0x7f; });
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r";
  const auto begin = text.find_first_not_of(kBlank);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlank) - begin + 1);
}

std::unexpected<Error> refuse(std::size_t line, std::string_view why) {
  return fail(Code::bad_input, "line " + std::to_string(line) + ": " + std::string(why));
}

}  // namespace

Result<http::S3Signature> make_s3_signature(std::string region, std::string access_key_id,
                                            std::string secret_access_key,
                                            std::string session_token) {
  if (access_key_id.empty() || !is_visible(access_key_id, kKeyBytes)) {
    return fail(Code::bad_input, "the access key id is missing or malformed");
  }
  if (secret_access_key.empty() || !is_visible(secret_access_key, kKeyBytes)) {
    return fail(Code::bad_input, "the secret access key is missing or malformed");
  }
  if (!is_visible(session_token, kTokenBytes)) {
    return fail(Code::bad_input, "the session token is malformed");
  }
  http::S3Signature out{std::move(region), std::move(access_key_id),
                        Secret(std::move(secret_access_key))};
  if (!session_token.empty()) out.session_token.emplace(std::move(session_token));
  return out;
}

Result<http::S3Signature> parse_s3_credentials(std::string_view text) {
  std::string id, secret, token;
  bool in_default = false, seen_default = false;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const auto end = text.find('\n');
    const auto line = trimmed(text.substr(0, end));
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
    if (line.empty() || line.front() == '#' || line.front() == ';') continue;
    if (line.front() == '[') {
      if (line.back() != ']') return refuse(number, "a section that does not end in ]");
      in_default = trimmed(line.substr(1, line.size() - 2)) == "default";
      if (in_default && seen_default) return refuse(number, "a second [default]");
      seen_default |= in_default;
      continue;
    }
    const auto equals = line.find('=');
    if (equals == std::string_view::npos)
      return refuse(number, "neither a section nor key = value");
    if (!in_default) continue;
    const auto key = trimmed(line.substr(0, equals));
    const auto value = trimmed(line.substr(equals + 1));
    if (key == "aws_access_key_id") id = value;
    if (key == "aws_secret_access_key") secret = value;
    if (key == "aws_session_token") token = value;
  }
  if (!seen_default) return fail(Code::bad_input, "there is no [default] section");
  return make_s3_signature({}, std::move(id), std::move(secret), std::move(token));
}

}  // namespace archy::fetch
