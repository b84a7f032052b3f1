#include "quic/close_mapping.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "base/utf8.hpp"

namespace archy::quic {
namespace {

constexpr std::uint64_t kAlertBase = 0x100;
constexpr std::uint64_t kNoApplicationProtocol = kAlertBase + 120;
constexpr std::uint64_t kConnectionRefused = 0x02;

std::string_view by_text(CloseInfo::By by) {
  switch (by) {
    case CloseInfo::By::us:
      return "closed by us";
    case CloseInfo::By::peer:
      return "closed by peer";
    case CloseInfo::By::timeout:
      return "timed out";
    case CloseInfo::By::lost:
      return "connection lost";
  }
  return "closed";
}

}  // namespace

CloseInfo close_from_wire(CloseInfo::By by, const shim::CloseError& error) {
  CloseInfo out;
  out.by = by;
  out.application = error.type == shim::kCloseApplication;
  out.code = error.error_code;
  if (error.reason != nullptr) {
    const std::size_t length = std::min<std::size_t>(error.reasonlen, kReasonBytes);
    out.reason.assign(reinterpret_cast<const char*>(error.reason), length);
  }
  return out;
}

std::string describe(const CloseInfo& close) {
  std::string out(by_text(close.by));
  if (close.by == CloseInfo::By::us || close.by == CloseInfo::By::peer) {
    out += fmt::format(": {} code {}", close.application ? "application" : "transport", close.code);
  }
  if (!close.reason.empty()) out += ": " + escape_for_terminal(close.reason);
  return out;
}

Error connect_error(const CloseInfo& close, const std::string& key_failure,
                    const std::string& alpn) {
  if (!key_failure.empty()) return {Code::denied, key_failure};
  if (close.by == CloseInfo::By::timeout) return {Code::timed_out, "nobody answered"};
  if (close.by == CloseInfo::By::lost) return {Code::unreachable, describe(close)};
  if (!close.application && close.code == kNoApplicationProtocol) {
    return {Code::denied, fmt::format("the peer does not speak {}", escape_for_terminal(alpn))};
  }
  if (!close.application && close.code == kConnectionRefused) {
    return {Code::try_later, "the peer refuses connections for now"};
  }
  if (close.application || (close.code > kAlertBase && close.code <= kAlertBase + 255)) {
    return {Code::denied, "handshake refused: " + describe(close)};
  }
  return {Code::unreachable, describe(close)};
}

Error gone_error(const CloseInfo& close) { return {Code::unreachable, describe(close)}; }

Error stream_error(std::string_view what, std::uint64_t code) {
  const Code meaning = code == 1 ? Code::denied : code == 2 ? Code::try_later : Code::peer_fault;
  return {meaning, fmt::format("the peer {} with code {}", what, code)};
}

}  // namespace archy::quic
