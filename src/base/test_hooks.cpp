#include "base/test_hooks.hpp"

#ifdef ARCHY_TEST_HOOKS

#include <cstdlib>
#include <string>

namespace archy::test_hooks {
namespace {

std::string& current() {
  static std::string name = [] {
    const char* from_environment = std::getenv("ARCHIPELAGO_TEST_MUTANT");
    return std::string(from_environment ? from_environment : "");
  }();
  return name;
}

}  // namespace

bool planted(std::string_view name) { return current() == name; }
void plant(std::string_view name) { current() = name; }

}  // namespace archy::test_hooks

#endif
