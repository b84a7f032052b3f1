#include "rt/address_class.hpp"

#include <gtest/gtest.h>

namespace archy::rt {
namespace {

TEST(AddressClass, KnowsBothEdgesOfEveryRange) {
  using enum AddressClass;
  struct Case {
    const char* ip;
    AddressClass is;
  };
  const Case cases[] = {
      {"0.0.0.0", unspecified},
      {"0.255.255.255", unspecified},
      {"1.0.0.0", public_internet},
      {"9.255.255.255", public_internet},
      {"10.0.0.0", private_network},
      {"10.255.255.255", private_network},
      {"11.0.0.0", public_internet},
      {"100.63.255.255", public_internet},
      {"100.64.0.0", shared},
      {"100.127.255.255", shared},
      {"100.128.0.0", public_internet},
      {"126.255.255.255", public_internet},
      {"127.0.0.0", loopback},
      {"127.255.255.255", loopback},
      {"128.0.0.0", public_internet},
      {"169.253.255.255", public_internet},
      {"169.254.169.254", link_local},
      {"169.255.0.0", public_internet},
      {"172.15.255.255", public_internet},
      {"172.16.0.0", private_network},
      {"172.31.255.255", private_network},
      {"172.32.0.0", public_internet},
      {"192.0.0.0", reserved},
      {"192.0.0.255", reserved},
      {"192.0.1.0", public_internet},
      {"192.0.2.1", documentation},
      {"192.0.3.0", public_internet},
      {"192.88.99.1", reserved},
      {"192.167.255.255", public_internet},
      {"192.168.0.0", private_network},
      {"192.169.0.0", public_internet},
      {"198.17.255.255", public_internet},
      {"198.18.0.0", benchmarking},
      {"198.19.255.255", benchmarking},
      {"198.20.0.0", public_internet},
      {"198.51.100.7", documentation},
      {"203.0.113.7", documentation},
      {"223.255.255.255", public_internet},
      {"224.0.0.0", multicast},
      {"239.255.255.255", multicast},
      {"240.0.0.0", reserved},
      {"255.255.255.255", reserved},
      {"[::]", unspecified},
      {"[::1]", loopback},
      {"[::2]", reserved},
      {"[::127.0.0.1]", reserved},
      {"[::ffff:127.0.0.1]", loopback},
      {"[::ffff:10.0.0.1]", private_network},
      {"[::ffff:0.0.0.0]", unspecified},
      {"[::ffff:1.1.1.1]", v4_mapped},
      {"[::ffff:0:127.0.0.1]", reserved},
      {"[64:ff9b::169.254.169.254]", link_local},
      {"[64:ff9b::1.1.1.1]", public_internet},
      {"[64:ff9b:1::1.1.1.1]", reserved},
      {"[100::1]", reserved},
      {"[1fff:ffff::]", reserved},
      {"[2000::]", public_internet},
      {"[2001::1]", tunnel},
      {"[2001:2::1]", benchmarking},
      {"[2001:2:1::1]", reserved},
      {"[2001:20::1]", reserved},
      {"[2001:1ff:ffff::]", reserved},
      {"[2001:200::]", public_internet},
      {"[2001:db7:ffff::]", public_internet},
      {"[2001:db8::]", documentation},
      {"[2001:db9::]", public_internet},
      {"[2002:7f00:1::]", tunnel},
      {"[2003::]", public_internet},
      {"[2606:4700::1111]", public_internet},
      {"[3ffe::]", public_internet},
      {"[3fff:fff::]", documentation},
      {"[3fff:1000::]", public_internet},
      {"[4000::]", reserved},
      {"[5f00::1]", reserved},
      {"[fbff::]", reserved},
      {"[fc00::]", private_network},
      {"[fdff:ffff::]", private_network},
      {"[fe00::]", reserved},
      {"[fe80::1]", link_local},
      {"[febf::]", link_local},
      {"[fec0::1]", private_network},
      {"[feff::]", private_network},
      {"[ff00::]", multicast},
      {"[ff02::1]", multicast},
  };
  for (const auto& [ip, is] : cases) {
    const auto address = parse_address(std::string(ip) + ":1");
    ASSERT_TRUE(address) << ip;
    EXPECT_EQ(to_string(classify(*address)), to_string(is)) << ip;
    EXPECT_EQ(is_private(*address), is != public_internet) << ip;
  }
}

}  // namespace
}  // namespace archy::rt
