#include "http/entity_tags.hpp"

#include "http/token.hpp"

namespace archy::http {

bool if_range_holds(std::string_view if_range, std::string_view etag) {
  return etag.size() >= 2 && etag.starts_with('"') && trimmed(if_range) == etag;
}

bool names_tag(std::string_view list, std::string_view etag, TagComparison comparison) {
  if (trimmed(list) == "*") return true;
  for (std::string_view rest = trimmed(list); !rest.empty();) {
    if (rest.front() == ',') {
      rest = trimmed(rest.substr(1));
      continue;
    }
    const bool is_weak = rest.starts_with("W/");
    if (is_weak) rest.remove_prefix(2);
    const auto end = rest.starts_with('"') ? rest.find('"', 1) : std::string_view::npos;
    if (end == std::string_view::npos) return false;
    const auto tag = rest.substr(0, end + 1);
    rest = trimmed(rest.substr(end + 1));
    if (!rest.empty() && rest.front() != ',') return false;
    if (tag == etag && !(is_weak && comparison == TagComparison::strong)) return true;
  }
  return false;
}

}  // namespace archy::http
