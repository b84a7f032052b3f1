#include "rpc/message.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "rpc/guard.hpp"
#include "rpc/method.hpp"
#include "rpc/pages.hpp"

namespace archy::rpc {
namespace {

TEST(Message, ReadsCallsNotificationsAndBatches) {
  const auto one = parse_message(R"({"jsonrpc":"2.0","id":"a","method":"m","params":{"x":[1]}})");
  ASSERT_TRUE(one);
  EXPECT_FALSE(one->batch);
  EXPECT_EQ(one->calls[0].method, "m");
  EXPECT_EQ(one->calls[0].id, "\"a\"");
  EXPECT_EQ(one->calls[0].params, R"({"x":[1]})");
  EXPECT_EQ(parse_message(R"({"jsonrpc":"2.0","method":"m"})")->calls[0].id, "");
  const auto batch = parse_message(R"([{"jsonrpc":"2.0","id":1,"method":"a"},7])");
  ASSERT_TRUE(batch);
  EXPECT_TRUE(batch->batch);
  EXPECT_FALSE(batch->calls[0].invalid);
  ASSERT_TRUE(batch->calls[1].invalid);
  EXPECT_EQ(batch->calls[1].id, "null");
}

TEST(Message, RefusesWhatTwoReadersCouldReadDifferently) {
  const std::string deep(17, '[');
  std::string many = "[";
  for (int i = 0; i < 21; ++i)
    many += std::string(i ? "," : "") + R"({"jsonrpc":"2.0","id":1,"method":"m"})";
  struct Case {
    std::string text, code;
  };
  for (const Case& one :
       {Case{"", "parse_error"}, Case{"{", "parse_error"}, Case{"{} {}", "parse_error"},
        Case{"\xff", "parse_error"}, Case{R"({"a":"\ud800"})", "parse_error"},
        Case{R"({"jsonrpc":"2.0","id":1,"id":2,"method":"m"})", "invalid_request"},
        Case{R"({"jsonrpc":"2.0","id":1,"method":"m","params":{"a":1,"a":2}})", "invalid_request"},
        Case{deep + std::string(17, ']'), "invalid_request"}, Case{"[]", "invalid_request"},
        Case{many + "]", "invalid_request"},
        Case{std::string((1u << 20) + 1, ' '), "invalid_request"}}) {
    const auto parsed = parse_message(one.text);
    ASSERT_FALSE(parsed) << one.text.substr(0, 60);
    EXPECT_EQ(parsed.error().code, one.code) << one.text.substr(0, 60);
  }
  // Brackets in strings are no nesting.
  EXPECT_TRUE(parse_message(R"({"jsonrpc":"2.0","id":"[[[[[[[[[[[[[[[[[[[[[[\"[","method":"m"})"));
  for (const char* text :
       {"7", "\"m\"", "null", R"({"jsonrpc":"1.0","id":1,"method":"m"})",
        R"({"id":1,"method":"m"})", R"({"jsonrpc":"2.0","id":1})",
        R"({"jsonrpc":"2.0","id":1,"method":7})",
        R"({"jsonrpc":"2.0","id":1,"method":"m","params":[1]})",
        R"({"jsonrpc":"2.0","id":1.5,"method":"m"})", R"({"jsonrpc":"2.0","id":{},"method":"m"})",
        R"({"jsonrpc":"2.0","id":1,"method":"m","extra":1})",
        R"({"jsonrpc":"1.0","method":"m"})"}) {
    const auto parsed = parse_message(text);
    ASSERT_TRUE(parsed) << text;
    ASSERT_TRUE(parsed->calls[0].invalid) << text;
    EXPECT_EQ(parsed->calls[0].invalid->number, -32600);
    EXPECT_FALSE(parsed->calls[0].id.empty()) << "what is no call is always answered";
  }
}

// As long as a body may be; what takes the square of that holds the node up. The bound is many
// times what it takes.
TEST(Message, ALongListTakesNoLongerThanItsText) {
  std::string text = "[";
  while (text.size() + 4 < kBodyBytes) text += "{},";
  const auto start = std::chrono::steady_clock::now();
  EXPECT_FALSE(parse_message(text + "{}]"));
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(5));
}

TEST(Message, ErrorNumbersAreStableAndOneForEachCode) {
  std::set<int> numbers;
  for (int i = 0; i <= static_cast<int>(Code::unknown_outcome); ++i)
    EXPECT_TRUE(numbers.insert(error_number(static_cast<Code>(i))).second);
  EXPECT_EQ(error_number(Code::not_found), -32001);
  EXPECT_EQ(error_number(Code::denied), -32002);
  EXPECT_EQ(error_number(Code::unknown_outcome), -32014);
}

TEST(Message, ErrorsOfOurDiskStayHereUnlessOurOwnUserAsks) {
  const Error error{Code::io, "writing /home/operator/node/db/store.db"};
  EXPECT_EQ(from_error(error, false).message.find("/home"), std::string::npos);
  EXPECT_NE(from_error(error, true).message.find("/home"), std::string::npos);
  EXPECT_EQ(from_error(error, false).code, "io");
}

TEST(Methods, EveryRowIsWholeAndEveryNameIsOnce) {
  std::set<std::string_view> names;
  for (const Method& method : methods()) {
    EXPECT_TRUE(names.insert(method.name).second) << method.name;
    EXPECT_NE(method.handler, nullptr) << method.name;
    EXPECT_FALSE(method.help.empty()) << method.name;
    EXPECT_FALSE(method.result.empty()) << method.name;
    EXPECT_TRUE(!method.changes || method.scope > Scope::read)
        << method.name << " changes something and needs more than read";
  }
  for (const char* name :
       {"node.info", "blob.add", "blob.get", "blob.list", "blob.pin", "blob.remove", "blob.verify",
        "fetch.start", "fetch.status", "fetch.explain", "swarm.status", "swarm.peers",
        "transport.status", "settings.get", "settings.set"})
    EXPECT_TRUE(names.contains(name)) << name;
}

TEST(Params, AreCheckedBeforeAHandlerSeesThem) {
  const std::vector<Param> params{{"path", Type::text, true, "", 0, 8},
                                  {"limit", Type::integer, false, "", 1, 10},
                                  {"hash", Type::hash, false, ""},
                                  {"flag", Type::boolean, false, ""},
                                  {"list", Type::text_list, false, "", 0, 2}};
  auto ok = [&](const char* text) { return check_params(params, parse_trusted(text)).has_value(); };
  EXPECT_TRUE(ok(R"({"path":"a","limit":10,"flag":true,"list":["x","y"]})"));
  for (const char* text :
       {R"({})", R"({"path":7})", R"({"path":"123456789"})", R"({"path":"a\n"})",
        R"({"path":"a","limit":0})", R"({"path":"a","limit":11})", R"({"path":"a","limit":1.0})",
        R"({"path":"a","limit":18446744073709551615})", R"({"path":"a","hash":"00"})",
        R"({"path":"a","flag":1})", R"({"path":"a","list":["x","y","z"]})",
        R"({"path":"a","list":[1]})", R"({"path":"a","paht":1})", R"({"path":null})"})
    EXPECT_FALSE(ok(text)) << text;
}

TEST(Pages, TheCommittedPageIsWhatTheTableSays) {
  const std::string path = ARCHY_VECTORS "/../doc/rpc.md";
  if (std::getenv("ARCHY_WRITE_PAGES")) std::ofstream(path) << markdown_page();
  std::ostringstream committed;
  committed << std::ifstream(path).rdbuf();
  EXPECT_EQ(committed.str(), markdown_page()) << "write it again: ARCHY_WRITE_PAGES=1 rpc_test";
}

}  // namespace
}  // namespace archy::rpc
