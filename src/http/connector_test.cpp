#include "http/connector.hpp"

#include <gtest/gtest.h>

namespace archy::http {
namespace {

const rt::Address kProxy = rt::Address::loopback(9050);

Code verdict(const Connector& connector, const std::string& host, Reach reach) {
  const auto url = parse_url("http://" + host + "/");
  EXPECT_TRUE(url) << host;
  if (!url) return Code::bad_input;
  const auto checked = connector.check_host(*url, reach);
  return checked ? Code::internal : checked.error().code;
}
constexpr Code kFine = Code::internal;

TEST(Connector, JudgesTheAddressOfTheSocket) {
  const Connector direct({});
  for (const auto* ip : {"127.0.0.1:1", "10.0.0.1:1", "169.254.169.254:80", "[::1]:1",
                         "[::ffff:1.1.1.1]:1", "[fd00::1]:1", "0.0.0.0:1", "100.64.0.1:1"}) {
    EXPECT_FALSE(direct.may_connect(*rt::parse_address(ip), Reach::public_only)) << ip;
    EXPECT_TRUE(direct.may_connect(*rt::parse_address(ip), Reach::anywhere)) << ip;
  }
  EXPECT_TRUE(direct.may_connect(*rt::parse_address("1.1.1.1:1"), Reach::public_only));
}

TEST(Connector, ConnectsToTheProxyAndNothingElse) {
  const Connector proxied({.socks5 = kProxy});
  for (const auto reach : {Reach::public_only, Reach::anywhere}) {
    EXPECT_TRUE(proxied.may_connect(kProxy, reach));
    EXPECT_FALSE(proxied.may_connect(rt::Address::loopback(9051), reach));
    EXPECT_FALSE(proxied.may_connect(*rt::parse_address("1.1.1.1:443"), reach));
  }
}

TEST(Connector, RefusesHostsOutOfReachBeforeAnyLookUp) {
  for (const Connector& connector : {Connector({}), Connector({.socks5 = kProxy})}) {
    for (const auto* host : {"127.0.0.1", "127.1", "2130706433", "0x7f000001", "[::1]", "10.0.0.1",
                             "localhost", "LOCALHOST.", "a.localhost", "[::ffff:1.1.1.1]"}) {
      EXPECT_EQ(verdict(connector, host, Reach::public_only), Code::denied) << host;
      EXPECT_EQ(verdict(connector, host, Reach::anywhere), kFine) << host;
    }
    for (const auto* host : {"1.1.1.1", "example.com", "notlocalhost", "localhost.example"}) {
      EXPECT_EQ(verdict(connector, host, Reach::public_only), kFine) << host;
    }
  }
}

TEST(Connector, ReachesPrivateHostsForAnybodyWhenTheOperatorSaysSo) {
  const Connector open({.allow_private = true});
  for (const auto* host : {"127.0.0.1", "localhost", "10.0.0.1", "[fd00::1]"})
    EXPECT_EQ(verdict(open, host, Reach::public_only), kFine) << host;
  EXPECT_TRUE(open.may_connect(rt::Address::loopback(1), Reach::public_only));
  // The proxy stays the only one that is connected to.
  const Connector proxied({.socks5 = kProxy, .allow_private = true});
  EXPECT_FALSE(proxied.may_connect(rt::Address::loopback(1), Reach::public_only));
}

TEST(Connector, NeverLooksUpOnionNamesItself) {
  for (const auto reach : {Reach::public_only, Reach::anywhere}) {
    EXPECT_EQ(verdict(Connector({}), "abc.onion", reach), Code::unsupported);
    EXPECT_EQ(verdict(Connector({}), "abc.ONION.", reach), Code::unsupported);
    EXPECT_EQ(verdict(Connector({.socks5 = kProxy}), "abc.onion", reach), kFine);
    EXPECT_EQ(verdict(Connector({}), "onion.example", reach), kFine);
  }
}

}  // namespace
}  // namespace archy::http
