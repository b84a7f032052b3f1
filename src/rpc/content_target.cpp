#include "rpc/content_target.hpp"

#include <algorithm>
#include <iterator>

namespace archy::rpc {
namespace {

constexpr std::size_t kExtensionBytes = 16;

struct Type {
  std::string_view extension, type;
};
constexpr Type kTypes[] = {
    {"aac", "audio/aac"},
    {"avif", "image/avif"},
    {"bmp", "image/bmp"},
    {"csv", "text/csv; charset=utf-8"},
    {"epub", "application/epub+zip"},
    {"flac", "audio/flac"},
    {"gif", "image/gif"},
    {"gz", "application/gzip"},
    {"jpeg", "image/jpeg"},
    {"jpg", "image/jpeg"},
    {"json", "application/json"},
    {"m3u8", "application/vnd.apple.mpegurl"},
    {"m4a", "audio/mp4"},
    {"m4s", "video/iso.segment"},
    {"m4v", "video/mp4"},
    {"mka", "audio/x-matroska"},
    {"mkv", "video/x-matroska"},
    {"mov", "video/quicktime"},
    {"mp3", "audio/mpeg"},
    {"mp4", "video/mp4"},
    {"mpd", "application/dash+xml"},
    {"oga", "audio/ogg"},
    {"ogg", "audio/ogg"},
    {"ogv", "video/ogg"},
    {"opus", "audio/ogg"},
    {"pdf", "application/pdf"},
    {"png", "image/png"},
    {"srt", "application/x-subrip"},
    {"tar", "application/x-tar"},
    {"ts", "video/mp2t"},
    {"txt", "text/plain; charset=utf-8"},
    {"vtt", "text/vtt; charset=utf-8"},
    {"wav", "audio/wav"},
    {"webm", "video/webm"},
    {"webp", "image/webp"},
    {"zip", "application/zip"},
    {"zst", "application/zstd"},
};
static_assert(std::ranges::is_sorted(kTypes, {}, &Type::extension));

}  // namespace

std::optional<ContentTarget> parse_content_target(std::string_view path) {
  constexpr std::string_view kFolder = "/blobs/";
  constexpr std::string_view kOutboard = ".obao4";
  constexpr std::size_t kHexDigits = 64;
  if (!path.starts_with(kFolder)) return std::nullopt;
  path.remove_prefix(kFolder.size());
  const auto digits = path.substr(0, kHexDigits);
  const auto is_digit = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); };
  if (digits.size() != kHexDigits || !std::ranges::all_of(digits, is_digit)) return std::nullopt;
  const auto hash = Blake3Hash::parse_hex(digits);
  if (!hash) return std::nullopt;
  ContentTarget out{.hash = *hash, .extension = {}};
  auto rest = path.substr(kHexDigits);
  if (rest.ends_with(kOutboard)) {
    out.part = ContentPart::outboard;
    rest.remove_suffix(kOutboard.size());
  }
  if (rest.empty()) return out;
  out.extension = rest.substr(1);
  const auto is_plain = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z'); };
  if (rest.front() != '.' || out.extension.empty() || out.extension.size() > kExtensionBytes ||
      !std::ranges::all_of(out.extension, is_plain)) {
    return std::nullopt;
  }
  return out;
}

std::string_view content_type(std::string_view extension) {
  const auto* found = std::ranges::lower_bound(kTypes, extension, {}, &Type::extension);
  const bool is_known = found != std::end(kTypes) && found->extension == extension;
  return is_known ? found->type : "application/octet-stream";
}

}  // namespace archy::rpc
