#include "rpc/token.hpp"

#include <gtest/gtest.h>

#include "base/hex.hpp"
#include "rt/posix/os_random.hpp"

namespace archy::rpc {
namespace {

constexpr std::int64_t kNow = 1'764'000'000;

class TokensTest : public testing::Test {
 protected:
  std::string issue(Scope scope, std::optional<std::int64_t> until = std::nullopt) {
    Caveats caveats;
    caveats.scope = scope;
    caveats.until_unix_s = until;
    return tokens_.issue(caveats)->token;
  }
  rt::OsRandom random_;
  Tokens tokens_{random_};
};

TEST_F(TokensTest, TheRootIsAdminAndNothingNearItIsAnything) {
  const std::string root = tokens_.reveal_root();
  ASSERT_EQ(root.size(), 64u);
  const auto grant = tokens_.check(root, kNow);
  ASSERT_TRUE(grant);
  EXPECT_EQ(grant->scope, Scope::admin);
  EXPECT_FALSE(grant->local);
  for (std::size_t i = 0; i < root.size(); ++i) {
    std::string wrong = root;
    wrong[i] = wrong[i] == '0' ? '1' : '0';
    EXPECT_FALSE(tokens_.check(wrong, kNow)) << i;
  }
  EXPECT_FALSE(tokens_.check("", kNow));
  EXPECT_FALSE(tokens_.check(root.substr(1), kNow));
  EXPECT_FALSE(tokens_.check(root + "0", kNow));
  EXPECT_FALSE(Tokens(random_).check(root, kNow)) << "a token of another start";
}

TEST_F(TokensTest, ANarrowTokenReachesAsFarAsItsCaveatsAndNoLongerThanTheySay) {
  EXPECT_EQ(tokens_.check(issue(Scope::read), kNow)->scope, Scope::read);
  EXPECT_EQ(tokens_.check(issue(Scope::operate), kNow)->scope, Scope::operate);
  const std::string brief = issue(Scope::admin, kNow);
  EXPECT_TRUE(tokens_.check(brief, kNow));
  EXPECT_FALSE(tokens_.check(brief, kNow + 1));
}

TEST_F(TokensTest, AHolderCanNarrowAndNeverWiden) {
  const std::string token = issue(Scope::operate);
  Caveats less;
  less.scope = Scope::read;
  less.only_method = "blob.list";
  const auto narrowed = narrow(token, less);
  ASSERT_TRUE(narrowed);
  const auto grant = tokens_.check(*narrowed, kNow);
  ASSERT_TRUE(grant);
  EXPECT_EQ(grant->scope, Scope::read);
  EXPECT_TRUE(grant->allows_method("blob.list"));
  EXPECT_FALSE(grant->allows_method("blob.get"));

  Caveats more;
  more.scope = Scope::admin;
  EXPECT_EQ(tokens_.check(*narrow(token, more), kNow)->scope, Scope::operate);
  // The caveat taken out again, the seal kept: the seal is of another text.
  const std::string without =
      token.substr(0, token.find("~scope")) + token.substr(token.rfind('~'));
  EXPECT_FALSE(tokens_.check(without, kNow));
  std::string changed = token;
  changed.replace(changed.find("operate"), 7, "admin");
  EXPECT_FALSE(tokens_.check(changed, kNow));
  Caveats other;
  other.only_method = "blob.get";
  EXPECT_FALSE(tokens_.check(*narrow(*narrowed, other), kNow)) << "two methods are none";
}

TEST_F(TokensTest, ARevokedTokenIsNoneAndSoAreThoseNarrowedFromIt) {
  Caveats caveats;
  caveats.scope = Scope::read;
  const auto issued = tokens_.issue(caveats);
  const std::string narrowed = *narrow(issued->token, caveats);
  EXPECT_TRUE(tokens_.check(narrowed, kNow));
  EXPECT_FALSE(tokens_.revoke(issued->id + 1));
  EXPECT_TRUE(tokens_.revoke(issued->id));
  EXPECT_FALSE(tokens_.check(issued->token, kNow));
  EXPECT_FALSE(tokens_.check(narrowed, kNow));
}

TEST_F(TokensTest, ACapIsTheTokensAndOfAllThatAreNarrowedFromIt) {
  Caveats caveats;
  caveats.scope = Scope::spend;
  caveats.cap_sats = 100;
  const auto issued = tokens_.issue(caveats);
  const auto grant = tokens_.check(issued->token, kNow);
  ASSERT_TRUE(grant);
  EXPECT_EQ(grant->cap_sats, 100u);
  EXPECT_EQ(grant->token, issued->id);
  Caveats less;
  less.cap_sats = 10;
  Caveats more;
  more.cap_sats = 1000;
  const auto narrowed = tokens_.check(*narrow(*narrow(issued->token, less), more), kNow);
  ASSERT_TRUE(narrowed);
  EXPECT_EQ(narrowed->cap_sats, 10u);
  EXPECT_EQ(narrowed->token, grant->token);
  EXPECT_EQ(narrowed->holder, grant->holder);
  // A number is given again after a restart; the name of a holder is not.
  Tokens later(random_);
  const auto other = later.check(later.issue(caveats)->token, kNow);
  EXPECT_EQ(other->token, grant->token);
  EXPECT_NE(other->holder, grant->holder);
  EXPECT_FALSE(grant->holder.empty());
  EXPECT_TRUE(tokens_.check(tokens_.reveal_root(), kNow)->holder.empty());
}

TEST_F(TokensTest, WhatIsNoTokenIsRefusedWhateverItLooksLike) {
  const std::string seal(64, '0');
  for (const std::string& text :
       {std::string("archy1"), "archy1~" + seal, "archy1~scope=admin~" + seal, "archy1~~" + seal,
        "archy2~scope=admin~" + seal, "archy1~future=1~" + seal, std::string(4096, 'a'),
        "archy1" + std::string(600, '~'), std::string("\0\0", 2)}) {
    EXPECT_FALSE(tokens_.check(text, kNow)) << text.substr(0, 40);
  }
  // A caveat we do not know was meant to forbid something.
  std::string unknown = issue(Scope::read);
  crypto::Mac last{};
  ASSERT_TRUE(from_hex_into(unknown.substr(unknown.rfind('~') + 1), last));
  const crypto::Mac seal_of_it = crypto::hmac_sha256(last, as_bytes("spend=5"));
  unknown = unknown.substr(0, unknown.rfind('~')) + "~spend=5~" + to_hex(seal_of_it);
  EXPECT_FALSE(tokens_.check(unknown, kNow));
}

}  // namespace
}  // namespace archy::rpc
