// In front of a fuzz target: hands it one byte more than was allocated, so that a target which
// really reads its input to the end must stop at a heap-buffer-overflow. Proves of each target that
// the parser is reached and that the sanitizer watches.
#include <cstdint>
#include <cstring>
#include <memory>

extern "C" int fuzz_target_behind_the_plant(const std::uint8_t* data, std::size_t size);

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::size_t allocated = size - 1;
  std::unique_ptr<std::uint8_t[]> shorter(new std::uint8_t[allocated]);
  std::memcpy(shorter.get(), data, allocated);
  return fuzz_target_behind_the_plant(shorter.get(), size);
}
