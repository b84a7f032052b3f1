// What a command prints: lines for people, or one JSON object a line with --json. Never control
// characters from outside.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.hpp"

namespace archy::cli {

// nullptr: not known.
using Value =
    std::variant<std::string, std::uint64_t, bool, std::vector<std::string>, std::nullptr_t>;
struct Field {
  std::string_view name;  // snake_case; units in the name
  Value value;
};

class Output {
 public:
  explicit Output(bool json) : json_(json) {}
  bool json() const { return json_; }
  // With --json the fields as one object, else `text` as it is.
  void line(const std::vector<Field>& fields, std::string_view text) const;
  // Only with --json / only without.
  void json_line(const std::vector<Field>& fields) const;
  void text_line(std::string_view text) const;
  // As it is, whatever the form: text that is JSON or ours already.
  void raw(std::string_view text) const;
  // One line on standard error: "archipelago: <text>", or {"error":code,"detail":text}. Returns the
  // exit code.
  int error(const Error& error) const;

 private:
  bool json_;
};

// Shape: "12.3 MiB".
std::string human_bytes(std::uint64_t bytes);
// Shape: "3 s", "2:05 min", "1:02:03 h".
std::string human_seconds(std::uint64_t seconds);

}  // namespace archy::cli
