#include "fetch/s3_error.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace archy::fetch {
namespace {

// The text between <name> and </name>, which are plain in every S3 answer: no attributes, no
// nesting.
std::string_view element(std::string_view xml, std::string_view open, std::string_view close) {
  const auto begin = xml.find(open);
  if (begin == std::string_view::npos) return {};
  const auto text = xml.substr(begin + open.size());
  const auto end = text.find(close);
  return end == std::string_view::npos ? std::string_view() : text.substr(0, end);
}

bool is_code(std::string_view text) {
  return !text.empty() && text.size() <= 64 && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.';
  });
}

constexpr std::array kMeanings{
    std::pair{"SignatureDoesNotMatch", "the secret access key is not that of the access key id"},
    std::pair{"InvalidAccessKeyId", "the access key id is not known there"},
    std::pair{"ExpiredToken", "the session token has expired"},
    std::pair{"InvalidToken", "the session token is not valid"},
    std::pair{"RequestTimeTooSkewed", "the clock of this machine is wrong"},
    std::pair{"AuthorizationHeaderMalformed", "signed for another region: see s3.region"},
    std::pair{"PermanentRedirect", "the bucket is in another region: see s3.region, s3.endpoint"},
    std::pair{"NoSuchKey", "there is no such object"},
    std::pair{"NoSuchBucket", "there is no such bucket"},
    std::pair{"SlowDown", "too many requests"},
};

}  // namespace

std::optional<S3Error> parse_s3_error(std::string_view xml) {
  xml = xml.substr(0, kS3ErrorBytes);
  const auto error = xml.find("<Error");
  if (error == std::string_view::npos) return std::nullopt;
  xml.remove_prefix(error);
  S3Error out{std::string(element(xml, "<Code>", "</Code>")), {}};
  if (!is_code(out.code)) return std::nullopt;
  for (const char c : element(xml, "<Message>", "</Message>").substr(0, 200)) {
    if (c >= 0x20 && c < 0x7f) out.message += c;
  }
  return out;
}

std::string describe(const S3Error& error) {
  for (const auto& [code, meaning] : kMeanings) {
    if (error.code == code) return error.code + " (" + meaning + ")";
  }
  return error.message.empty() ? error.code : error.code + " (" + error.message + ")";
}

std::optional<Code> outcome_of(const S3Error& error) {
  if (error.code == "NoSuchKey" || error.code == "NoSuchBucket") return Code::not_found;
  if (error.code == "SlowDown" || error.code == "RequestTimeout") return Code::try_later;
  return std::nullopt;
}

}  // namespace archy::fetch
