#include "cashu/mint_info.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "cashu/json.hpp"

namespace archy::cashu {
namespace {

constexpr std::size_t kListed = 256;
constexpr std::size_t kNameBytes = 256;

std::string text_or_nothing(const Json& object, std::string_view name) {
  const Json* member = optional_member(object, name);
  if (member == nullptr || !member->is_string()) return {};
  return member->get<std::string>().substr(0, kNameBytes);
}

std::optional<std::uint64_t> number_or_nothing(const Json& object, std::string_view name) {
  const Json* member = optional_member(object, name);
  if (member == nullptr || !member->is_number_unsigned()) return std::nullopt;
  return member->get<std::uint64_t>();
}

bool is_true(const Json* member) {
  return member != nullptr && member->is_boolean() && member->get<bool>();
}

// The entries of a list, or nothing of what is none.
std::vector<const Json*> entries(const Json& object, std::string_view name) {
  std::vector<const Json*> out;
  const Json* list = optional_member(object, name);
  if (list == nullptr || !list->is_array()) return out;
  for (const Json& each : *list) {
    if (out.size() == kListed) break;
    out.push_back(&each);
  }
  return out;
}

// {"supported": true}; NUT-17 has a list instead.
bool is_supported(const Json& nuts, std::string_view number) {
  const Json* nut = optional_member(nuts, number);
  if (nut == nullptr) return false;
  const Json* supported = optional_member(*nut, "supported");
  if (supported != nullptr && supported->is_array()) return !supported->empty();
  return is_true(supported);
}

std::optional<Amount> amount_or_nothing(const Json& object, std::string_view name) {
  const auto number = number_or_nothing(object, name);
  return number ? std::optional(Amount(*number)) : std::nullopt;
}

std::vector<MethodTerms> methods_of(const Json& nuts, std::string_view number) {
  std::vector<MethodTerms> out;
  const Json* nut = optional_member(nuts, number);
  if (nut == nullptr || is_true(optional_member(*nut, "disabled"))) return out;
  for (const Json* each : entries(*nut, "methods")) {
    out.push_back({text_or_nothing(*each, "method"), text_or_nothing(*each, "unit"),
                   amount_or_nothing(*each, "min_amount"), amount_or_nothing(*each, "max_amount")});
  }
  return out;
}

CachedAnswers cached_of(const Json& nuts) {
  CachedAnswers out;
  const Json* nut = optional_member(nuts, "19");
  if (nut == nullptr) return out;
  out.ttl_s = number_or_nothing(*nut, "ttl");
  for (const Json* each : entries(*nut, "cached_endpoints")) {
    out.paths.push_back(text_or_nothing(*each, "method") + " " + text_or_nothing(*each, "path"));
  }
  return out;
}

}  // namespace

bool MintInfo::repeats(std::string_view method_and_path) const {
  return std::ranges::find(cached.paths, method_and_path) != cached.paths.end();
}

Result<MintInfo> parse_info(std::string_view text) {
  const auto json = read_json(text);
  if (!json || !json->is_object()) return fail(Code::peer_fault, "the mint's info is no object");
  MintInfo out;
  out.name = text_or_nothing(*json, "name");
  out.version = text_or_nothing(*json, "version");
  out.unix_s = number_or_nothing(*json, "time");
  const Json* nuts = optional_member(*json, "nuts");
  if (nuts == nullptr) return out;
  out.mint_methods = methods_of(*nuts, "4");
  out.melt_methods = methods_of(*nuts, "5");
  out.states = is_supported(*nuts, "7");
  out.change = is_supported(*nuts, "8");
  out.restore = is_supported(*nuts, "9");
  out.locks = is_supported(*nuts, "11");
  out.dleq = is_supported(*nuts, "12");
  out.subscriptions = is_supported(*nuts, "17");
  out.signed_quotes = is_supported(*nuts, "20");
  out.cached = cached_of(*nuts);
  return out;
}

}  // namespace archy::cashu
