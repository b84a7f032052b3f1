#include "streaming/service.hpp"

#include <algorithm>

namespace archy::streaming {
namespace {

constexpr std::string_view kNames[] = {"content-download", "film", "relay"};

}  // namespace

std::string_view to_string(ServiceId id) { return kNames[static_cast<std::size_t>(id)]; }

Result<ServiceId> parse_service(std::string_view text) {
  const auto* found = std::ranges::find(kNames, text);
  if (found == std::end(kNames))
    return fail(Code::not_found, "a service is content-download, film or relay");
  return static_cast<ServiceId>(found - std::begin(kNames));
}

}  // namespace archy::streaming
