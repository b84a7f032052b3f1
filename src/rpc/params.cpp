#include "rpc/params.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/utf8.hpp"
#include "wire/id_text.hpp"

namespace archy::rpc {
namespace {

bool is_plain_text(const Json& json, std::int64_t max) {
  if (!json.is_string()) return false;
  const auto& text = json.get_ref<const std::string&>();
  return text.size() <= static_cast<std::uint64_t>(max) &&
         std::ranges::none_of(text, [](unsigned char c) { return c < 0x20 || c == 0x7f; });
}

bool is_text_list(const Json& json, std::int64_t max) {
  return json.is_array() && json.size() <= static_cast<std::uint64_t>(max) &&
         std::ranges::all_of(json, [](const Json& one) { return is_plain_text(one, 8192); });
}

bool is_integer(const Json& json, std::int64_t min, std::int64_t max) {
  if (!json.is_number_integer()) return false;
  if (json.is_number_unsigned() &&
      json.get<std::uint64_t>() > static_cast<std::uint64_t>(std::max<std::int64_t>(max, 0)))
    return false;
  const auto number = json.get<std::int64_t>();
  return number >= min && number <= max;
}

bool fits(const Param& param, const Json& json) {
  switch (param.type) {
    case Type::boolean:
      return json.is_boolean();
    case Type::integer:
      return is_integer(json, param.min, param.max);
    case Type::text:
      return is_plain_text(json, param.max);
    case Type::hash:
      return json.is_string() && Blake3Hash::parse_hex(json.get<std::string>()).has_value();
    case Type::content:
      return is_plain_text(json, 80) &&
             wire::parse_hash_and_format(json.get<std::string>()).has_value();
    case Type::text_list:
      return is_text_list(json, param.max);
    case Type::value:
      return json.is_boolean() || is_integer(json, INT64_MIN, INT64_MAX) ||
             is_plain_text(json, 8192) || is_text_list(json, 1024);
  }
  return false;
}

}  // namespace

std::string type_text(const Param& param) {
  switch (param.type) {
    case Type::boolean:
      return "boolean";
    case Type::integer:
      return fmt::format("integer {}..{}", param.min, param.max);
    case Type::text:
      return "string";
    case Type::hash:
      return "hash";
    case Type::content:
      return "hash or s + hash";
    case Type::text_list:
      return "list of strings";
    case Type::value:
      return "boolean, integer, string or list of strings";
  }
  return {};
}

Result<> check_params(std::span<const Param> params, const Json& given) {
  for (const auto& [name, value] : given.items()) {
    const auto known = std::ranges::find(params, name, &Param::name);
    if (known == params.end()) {
      return fail(Code::bad_input,
                  fmt::format("no parameter '{}'",
                              escape_for_terminal(std::string_view(name).substr(0, 64))));
    }
    if (!fits(*known, value))
      return fail(Code::bad_input, fmt::format("{}: wants {}", known->name, type_text(*known)));
  }
  for (const Param& param : params) {
    if (param.required && !has(given, param.name))
      return fail(Code::bad_input, fmt::format("{} is missing", param.name));
  }
  return {};
}

bool has(const Json& params, std::string_view name) { return params.contains(name); }

bool flag(const Json& params, std::string_view name, bool fallback) {
  const auto found = params.find(name);
  return found == params.end() ? fallback : found->get<bool>();
}
std::int64_t integer(const Json& params, std::string_view name, std::int64_t fallback) {
  const auto found = params.find(name);
  return found == params.end() ? fallback : found->get<std::int64_t>();
}
std::string text(const Json& params, std::string_view name, std::string fallback) {
  const auto found = params.find(name);
  return found == params.end() ? fallback : found->get<std::string>();
}
std::vector<std::string> texts(const Json& params, std::string_view name) {
  const auto found = params.find(name);
  return found == params.end() ? std::vector<std::string>()
                               : found->get<std::vector<std::string>>();
}
store::HashAndFormat content(const Json& params, std::string_view name) {
  const auto named = wire::parse_hash_and_format(text(params, name));
  store::HashAndFormat out;
  if (!named) return out;
  out.hash = named->hash;
  out.format = named->hash_seq ? store::Format::hash_seq : store::Format::raw;
  return out;
}

}  // namespace archy::rpc
