#include "cli/qr.hpp"

#include <qrencode.h>

#include <memory>

namespace archy::cli {
namespace {

constexpr int kQuietZone = 2;  // modules; scanners do with less than the standard's four

}  // namespace

std::optional<std::string> qr_code(const std::string& text) {
  const std::unique_ptr<QRcode, decltype(&QRcode_free)> code(
      QRcode_encodeString(text.c_str(), 0, QR_ECLEVEL_L, QR_MODE_8, 1), &QRcode_free);
  if (!code) return std::nullopt;
  const int width = code->width;
  const auto is_light = [&](int x, int y) {
    if (x < 0 || y < 0 || x >= width || y >= width) return true;
    return (code->data[y * width + x] & 1) == 0;
  };
  std::string out;
  for (int y = -kQuietZone; y < width + kQuietZone; y += 2) {
    for (int x = -kQuietZone; x < width + kQuietZone; ++x) {
      const bool upper = is_light(x, y), lower = is_light(x, y + 1);
      out += upper && lower ? "█" : upper ? "▀" : lower ? "▄" : " ";
    }
    if (y + 2 < width + kQuietZone) out += '\n';
  }
  return out;
}

}  // namespace archy::cli
