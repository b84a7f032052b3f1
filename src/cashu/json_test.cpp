#include "cashu/json.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <nlohmann/json.hpp>

namespace archy::cashu {
namespace {

std::string refusal(std::string_view text) {
  const auto read = read_json(text);
  return read ? "" : read.error().detail;
}

std::string nested(std::size_t deep) { return std::string(deep, '[') + std::string(deep, ']'); }

std::string object_of(std::size_t members) {
  std::string out = "{";
  for (std::size_t i = 0; i < members; ++i) {
    out += (i == 0 ? "\"" : ",\"") + std::to_string(i) + "\":0";
  }
  return out + "}";
}

std::string repeated(std::string_view part, std::size_t times) {
  std::string out;
  for (std::size_t i = 0; i < times; ++i) out += part;
  return out;
}

TEST(Json, ReadsWhatItTakesInTheOrderOfTheText) {
  EXPECT_EQ(to_text(*read_json(R"( {"b":1,"a":[null,true,-1,1.5,{"b":"é"}]} )")),
            R"({"b":1,"a":[null,true,-1,1.5,{"b":"é"}]})");
  EXPECT_EQ(refusal(nested(16)), "");
  EXPECT_EQ(refusal(object_of(512)), "");
}

TEST(Json, RefusesWhatTwoReadersWouldReadDifferently) {
  EXPECT_EQ(refusal(R"({"a":1,"a":1})"), "JSON with a member named twice");
  EXPECT_EQ(refusal(R"({"a":1,"\u0061":1})"), "JSON with a member named twice");
  EXPECT_EQ(refusal(R"([{"x":{"a":1,"b":{"a":1},"a":1}}])"), "JSON with a member named twice");
  EXPECT_EQ(refusal(R"([{"a":{"a":{}}},{"a":1}])"), "");
}

TEST(Json, RefusesWhatIsNoneOrTooMuch) {
  for (const std::string_view text :
       {"", " ", "{", "[1,]", "{}{}", "{\"a\"}", "nul", "\"\xff\"", "\"\\ud800\"", "1e999"}) {
    EXPECT_EQ(refusal(text), "not JSON") << text;
  }
  EXPECT_EQ(refusal(nested(17)), "JSON that is nested too deeply");
  EXPECT_EQ(refusal(std::string(1u << 20, '[')), "JSON that is nested too deeply");
  EXPECT_EQ(refusal(object_of(513)), "JSON with too many members");
}

// A token is up to 1 MiB of a stranger's text: what takes the square of that holds a wallet up for
// minutes. The bound is many times what either takes.
TEST(Json, TakesNoLongerForManyThanForLong) {
  for (const std::string& text : {object_of(40'000), "[" + repeated("{},", 40'000) + "{}]"}) {
    const auto start = std::chrono::steady_clock::now();
    (void)read_json(text);
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(2));
  }
}

}  // namespace
}  // namespace archy::cashu
