#include "rt/address.hpp"

#include <gtest/gtest.h>

namespace archy::rt {
namespace {

TEST(Address, RoundTripsBothFamilies) {
  for (const char* text : {"127.0.0.1:4919", "[::1]:1", "[2001:db8::5]:65535"}) {
    EXPECT_EQ(to_string(*parse_address(text)), text);
  }
}

TEST(Address, RefusesWhatIsNotIpAndPort) {
  for (const char* text : {"", ":", "1.2.3.4", "1.2.3.4:", "1.2.3.4:65536", "1.2.3.4:+1", "host:1",
                           "[::1]", "::1:5", "0x7f.1:1", "1.2.3.4:1x"}) {
    EXPECT_FALSE(parse_address(text)) << text;
  }
}

TEST(Address, KnowsPrivateRangesInEveryDisguise) {
  for (const char* text :
       {"127.0.0.1:1", "10.1.2.3:1", "192.168.0.1:1", "172.31.0.1:1", "169.254.169.254:1",
        "100.64.0.1:1", "0.0.0.0:1", "[::]:1", "[::1]:1", "[fe80::1]:1", "[fd00::1]:1",
        "[::ffff:10.0.0.1]:1", "[64:ff9b::10.0.0.1]:1", "224.0.0.1:1", "[ff02::1]:1",
        "[2002:7f00:1::]:1", "[2001::7f00:1]:1", "[2001:db8::1]:1"}) {
    EXPECT_TRUE(is_private(*parse_address(text))) << text;
  }
  for (const char* text : {"1.1.1.1:1", "172.32.0.1:1", "[2606:4700::1111]:1",
                           "[2001:4860:4860::8888]:1", "[64:ff9b::1.1.1.1]:1"}) {
    EXPECT_FALSE(is_private(*parse_address(text))) << text;
  }
}

}  // namespace
}  // namespace archy::rt
