#include "cashu/json.hpp"

#include <charconv>
#include <nlohmann/json.hpp>

#include "wire/json_scan.hpp"

namespace archy::cashu {
namespace {

constexpr std::size_t kDepth = 16;
// The most that any format has is the keys of a keyset. A member is looked for from the first one
// on, so an object of very many takes the square of that to read.
constexpr std::size_t kMembers = 512;

std::unexpected<Error> wrong(std::string_view name, std::string_view what) {
  return fail(Code::bad_input, std::string(name) + ": " + std::string(what));
}

const char* words_of(wire::JsonFault fault) {
  switch (fault) {
    case wire::JsonFault::twice:
      return "JSON with a member named twice";
    case wire::JsonFault::nested_too_deeply:
      return "JSON that is nested too deeply";
    case wire::JsonFault::too_many_members:
      return "JSON with too many members";
    case wire::JsonFault::not_json:
    case wire::JsonFault::none:
      break;
  }
  return "not JSON";
}

}  // namespace

Result<Json> read_json(std::string_view text) {
  const auto fault = wire::scan_json(text, {kDepth, kMembers});
  if (fault != wire::JsonFault::none) return fail(Code::bad_input, words_of(fault));
  return Json::parse(text.begin(), text.end(), nullptr, false);
}

const Json* optional_member(const Json& object, std::string_view name) {
  if (!object.is_object()) return nullptr;
  const auto found = object.find(name);
  return found == object.end() || found->is_null() ? nullptr : &*found;
}

Result<const Json*> object_member(const Json& object, std::string_view name) {
  const Json* found = optional_member(object, name);
  if (found == nullptr) return wrong(name, "missing");
  return found;
}

Result<std::string> string_of(const Json& value, std::string_view name) {
  if (!value.is_string()) return wrong(name, "not a string");
  return value.get<std::string>();
}

Result<std::uint64_t> number_of(const Json& value, std::string_view name) {
  if (!value.is_number_unsigned()) return wrong(name, "not a whole number of 64 bits");
  return value.get<std::uint64_t>();
}

Result<std::string> string_member(const Json& object, std::string_view name) {
  TRY(member, object_member(object, name));
  return string_of(*member, name);
}

Result<std::uint64_t> number_member(const Json& object, std::string_view name) {
  TRY(member, object_member(object, name));
  return number_of(*member, name);
}

Result<std::uint64_t> decimal(std::string_view text) {
  std::uint64_t out = 0;
  const char* const begin = text.data();
  const char* const end = begin + text.size();
  const auto parsed = std::from_chars(begin, end, out);
  if (parsed.ec != std::errc{} || parsed.ptr != end || text.empty() ||
      (text.size() > 1 && text[0] == '0')) {
    return fail(Code::bad_input, "not a decimal number");
  }
  return out;
}

std::string to_text(const Json& json) { return json.dump(); }

}  // namespace archy::cashu
