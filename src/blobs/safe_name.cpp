#include "blobs/safe_name.hpp"

#include "base/utf8.hpp"

namespace archy::blobs {
namespace {

std::string_view component_fault(std::string_view part) {
  if (part.empty()) return "empty path component";
  if (part == "." || part == "..") return "path leads elsewhere";
  if (part.size() > kNameComponentBytes) return "path component too long";
  const char first = static_cast<char>(part[0] | 0x20);
  if (part.size() >= 2 && part[1] == ':' && first >= 'a' && first <= 'z') return "drive letter";
  return {};
}

std::string_view fault(std::string_view name) {
  if (name.empty()) return "empty name";
  if (name.size() > kNameBytes) return "name too long";
  if (!is_utf8(name)) return "not UTF-8";
  if (name.find('\0') != std::string_view::npos) return "NUL in name";
  if (name.find('\\') != std::string_view::npos) return "backslash in name";
  if (name[0] == '/') return "absolute path";
  for (std::size_t start = 0; start <= name.size();) {
    const std::size_t slash = std::min(name.find('/', start), name.size());
    const auto found = component_fault(name.substr(start, slash - start));
    if (!found.empty()) return found;
    start = slash + 1;
  }
  return {};
}

}  // namespace

Result<> check_name(std::string_view name) {
  const std::string_view found = fault(name);
  if (found.empty()) return {};
  std::string shown = escape_for_terminal(name.substr(0, 200));
  if (name.size() > 200) shown += "...";
  return fail(Code::bad_input, "unsafe name \"" + shown + "\": " + std::string(found));
}

}  // namespace archy::blobs
