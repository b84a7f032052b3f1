#include "wire/json_scan.hpp"

#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

namespace archy::wire {
namespace {

using Json = nlohmann::json;

// A call-back of the library's parser would be asked as well, but costs the square of a list's
// length: it looks through the list again at the end of each object in it.
class Watch {
 public:
  explicit Watch(const JsonLimits& limits) : limits_(limits) {}
  JsonFault fault() const { return fault_; }

  bool start_object(std::size_t) { return open(); }
  bool end_object() { return close(); }
  bool start_array(std::size_t) { return open(); }
  bool end_array() { return close(); }
  bool key(const std::string& name) {
    auto& names = names_.back();
    if (!names.insert(name).second) return refuse(JsonFault::twice);
    return names.size() <= limits_.members || refuse(JsonFault::too_many_members);
  }

  bool null() { return true; }
  bool boolean(bool) { return true; }
  bool number_integer(Json::number_integer_t) { return true; }
  bool number_unsigned(Json::number_unsigned_t) { return true; }
  bool number_float(Json::number_float_t, const std::string&) { return true; }
  bool string(const std::string&) { return true; }
  bool binary(const Json::binary_t&) { return true; }
  bool parse_error(std::size_t, const std::string&, const Json::exception&) {
    return refuse(JsonFault::not_json);
  }

 private:
  bool open() {
    names_.emplace_back();  // stays empty for an array
    return names_.size() <= limits_.depth || refuse(JsonFault::nested_too_deeply);
  }
  bool close() {
    names_.pop_back();
    return true;
  }
  bool refuse(JsonFault fault) {
    fault_ = fault;
    return false;
  }

  const JsonLimits limits_;
  JsonFault fault_ = JsonFault::none;
  std::vector<std::set<std::string>> names_;  // of what is open
};

}  // namespace

JsonFault scan_json(std::string_view text, const JsonLimits& limits) {
  Watch watch(limits);
  Json::sax_parse(text.begin(), text.end(), &watch);
  return watch.fault();
}

}  // namespace archy::wire
