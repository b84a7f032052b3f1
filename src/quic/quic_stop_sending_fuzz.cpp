#include <array>
#include <cstdlib>

#include "quic/stop_sending.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::array<archy::quic::StopSending, 8> found;
  const std::size_t count = archy::quic::find_stop_sending({data, size}, found);
  if (count > found.size()) std::abort();
  for (std::size_t i = 0; i < count; ++i) {
    if (found[i].stream >> 62 != 0 || found[i].code >> 62 != 0) std::abort();
  }
  return 0;
}
