// What an operator sells, each off until he switches it on.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "streaming/price.hpp"

namespace archy::streaming {

enum class ServiceId : unsigned char { content_download = 0, film = 1, relay = 2 };
inline constexpr ServiceId kServices[] = {ServiceId::content_download, ServiceId::film,
                                          ServiceId::relay};

// Shape: "content-download", "film", "relay". parse_service errors: not_found, with the names.
std::string_view to_string(ServiceId id);
Result<ServiceId> parse_service(std::string_view text);

struct Service {
  ServiceId id = ServiceId::content_download;
  bool enabled = false;
  Price price = {};
  // Normalised URLs, a subset of the wallet's trusted mints; none: all of those. Widens no trust: a
  // mint that is trusted no longer is not accepted either.
  std::optional<std::vector<std::string>> accepted_mints = std::nullopt;
  std::uint64_t revision = 0;  // grows with every change; 0: never configured
};

}  // namespace archy::streaming
