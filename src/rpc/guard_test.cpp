#include "rpc/guard.hpp"

#include <gtest/gtest.h>

#include "rt/posix/os_random.hpp"

namespace archy::rpc {
namespace {

class GuardTest : public testing::Test {
 protected:
  void SetUp() override {
    policy_.hosts = {"127.0.0.1:4920", "localhost:4920", "[::1]:4920"};
    policy_.own_uid = 1000;
    policy_.tokens = &tokens_;
    policy_.unix_s = 1'764'000'000;
    root_ = "Bearer " + tokens_.reveal_root();
    Caveats caveats;
    caveats.scope = Scope::read;
    caveats.only_method = "blob.list";
    one_method_ = "Bearer " + tokens_.issue(caveats)->token;
  }
  // What a program with the token sends.
  RequestFacts good() const {
    RequestFacts facts;
    facts.method = "POST";
    facts.path = "/rpc/v1";
    facts.host = {"127.0.0.1:4920"};
    facts.authorization = {root_};
    facts.content_type = {"application/json"};
    facts.content_length = 10;
    return facts;
  }
  void expect(const RequestFacts& facts, int status, std::string_view check) {
    const Verdict verdict = authorize(facts, policy_);
    EXPECT_EQ(verdict.status, status) << check;
    EXPECT_EQ(verdict.check, check);
    EXPECT_EQ(verdict.grant.has_value(), status == 0);
  }

  rt::OsRandom random_;
  Tokens tokens_{random_};
  GuardPolicy policy_;
  std::string root_, one_method_;
};

TEST_F(GuardTest, WhatAProgramWithTheTokenSendsPasses) {
  expect(good(), 0, "");
  RequestFacts facts = good();
  facts.host = {"LocalHost:4920"};
  facts.content_type = {"Application/JSON; charset=UTF-8"};
  facts.fetch_site = {"same-origin"};
  facts.origin = {"http://localhost:4920"};
  facts.authorization = {root_};
  expect(facts, 0, "");
  facts.path = "/metrics";
  facts.method = "GET";
  facts.content_type.clear();
  expect(facts, 0, "");
}

TEST_F(GuardTest, EveryCheckRefusesByItself) {
  using Values = std::vector<std::string_view>;
  for (const std::string_view method :
       {"GET", "HEAD", "PUT", "DELETE", "OPTIONS", "post", "TRACE"}) {
    RequestFacts facts = good();
    facts.method = method;
    expect(facts, 405, "method");
  }
  for (const Values& host :
       {Values{"evil.example:4920"}, Values{"127.0.0.1"}, Values{"127.0.0.1:4921"},
        Values{"127.1:4920"}, Values{"2130706433:4920"}, Values{"0x7f000001:4920"},
        Values{"0.0.0.0:4920"}, Values{"[::ffff:127.0.0.1]:4920"}, Values{"localhost.:4920"},
        Values{"127.0.0.1:4920@evil.example"}, Values{""}, Values{},
        Values{"127.0.0.1:4920", "evil.example"}}) {
    RequestFacts facts = good();
    facts.host = host;
    expect(facts, 421, "host");
  }
  for (const Values& site : {Values{"cross-site"}, Values{"same-site"}, Values{"Same-Origin"},
                             Values{""}, Values{"none", "cross-site"}}) {
    RequestFacts facts = good();
    facts.fetch_site = site;
    expect(facts, 403, "fetch_site");
  }
  for (const Values& origin :
       {Values{"null"}, Values{"http://evil.example"}, Values{"https://127.0.0.1:4920"},
        Values{"http://127.0.0.1:4921"}, Values{"http://localhost:4920"},  // Host says 127.0.0.1
        Values{""}, Values{"http://127.0.0.1:4920", "null"}}) {
    RequestFacts facts = good();
    facts.origin = origin;
    expect(facts, 403, "origin");
  }
  const std::string bare = root_.substr(7);
  const std::string basic = "Basic " + bare;
  for (const Values& authorization : {Values{}, Values{"Bearer "}, Values{"Bearer 00"},
                                      Values{bare}, Values{basic}, Values{root_, root_}}) {
    RequestFacts facts = good();
    facts.authorization = authorization;
    expect(facts, 401, "token");
  }
  RequestFacts facts = good();
  facts.path = "/events";
  facts.method = "GET";
  facts.authorization = {one_method_};
  expect(facts, 403, "scope");
  facts = good();
  facts.content_length = kBodyBytes + 1;
  expect(facts, 413, "size");
  for (const Values& type :
       {Values{}, Values{"text/plain"}, Values{"application/jsonx"},
        Values{"application/x-www-form-urlencoded"}, Values{"multipart/form-data"},
        Values{"application/json; a=b"}, Values{"application/json", "text/plain"}}) {
    facts = good();
    facts.content_type = type;
    expect(facts, 415, "content_type");
  }
  facts = good();
  facts.path = "/";
  expect(facts, 404, "path");
}

// Everything wrong at once is refused by the first check; each put right shows the next.
TEST_F(GuardTest, ChecksComeInTheirOrder) {
  RequestFacts facts;
  facts.method = "PUT";
  facts.path = "/rpc/v1";
  facts.host = {"evil.example"};
  facts.fetch_site = {"cross-site"};
  facts.origin = {"null"};
  facts.authorization = {"Bearer x"};
  facts.content_length = kBodyBytes + 1;
  facts.content_type = {"text/plain"};
  expect(facts, 405, "method");
  facts.method = "POST";
  expect(facts, 421, "host");
  facts.host = {"127.0.0.1:4920"};
  expect(facts, 403, "fetch_site");
  facts.fetch_site.clear();
  expect(facts, 403, "origin");
  facts.origin.clear();
  expect(facts, 401, "token");
  facts.authorization = {root_};
  expect(facts, 413, "size");
  facts.content_length = 2;
  expect(facts, 415, "content_type");
  facts.content_type = {"application/json"};
  expect(facts, 0, "");
}

TEST_F(GuardTest, TheUnixSocketIsForItsOwnUserAndTheRestStillHolds) {
  RequestFacts facts = good();
  facts.host.clear();
  facts.authorization.clear();
  facts.socket_uid = 1000;
  const Verdict verdict = authorize(facts, policy_);
  ASSERT_TRUE(verdict.passed());
  EXPECT_TRUE(verdict.grant->local);
  EXPECT_EQ(verdict.grant->scope, Scope::admin);
  facts.socket_uid = 1001;
  expect(facts, 403, "user");
  facts.socket_uid = 0;
  expect(facts, 403, "user");
  facts.socket_uid = 1000;
  facts.content_type = {"text/plain"};
  expect(facts, 415, "content_type");
}

}  // namespace
}  // namespace archy::rpc
