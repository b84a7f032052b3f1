#include "rt/posix/socket_address.hpp"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>

#include <cstring>

namespace archy::rt {
namespace {

TEST(SocketAddress, EveryAddressComesBackFromItsSystemForm) {
  for (const char* text : {"1.2.3.4:5", "255.255.255.255:65535", "0.0.0.0:0", "[::1]:443",
                           "[2001:db8::1:2]:65535", "[::ffff:1.2.3.4]:8080"}) {
    const Address address = parse_address(text).value();
    sockaddr_in6 system;
    const unsigned length = to_sockaddr(address, system);
    EXPECT_EQ(length, address.v6 ? sizeof(sockaddr_in6) : sizeof(sockaddr_in)) << text;
    EXPECT_EQ(from_sockaddr(reinterpret_cast<const sockaddr*>(&system), length), address) << text;
  }
}

TEST(SocketAddress, IsWhatTheSystemReads) {
  sockaddr_in6 system;
  to_sockaddr(parse_address("10.1.2.3:4919").value(), system);
  sockaddr_in v4;
  std::memcpy(&v4, &system, sizeof v4);
  EXPECT_EQ(v4.sin_family, AF_INET);
  EXPECT_EQ(ntohs(v4.sin_port), 4919);
  EXPECT_EQ(v4.sin_addr.s_addr, inet_addr("10.1.2.3"));

  to_sockaddr(parse_address("[fd00::7]:4919").value(), system);
  in6_addr expected;
  ASSERT_EQ(inet_pton(AF_INET6, "fd00::7", &expected), 1);
  EXPECT_EQ(system.sin6_family, AF_INET6);
  EXPECT_EQ(ntohs(system.sin6_port), 4919);
  EXPECT_EQ(std::memcmp(&system.sin6_addr, &expected, sizeof expected), 0);
  EXPECT_EQ(system.sin6_scope_id, 0u);
}

TEST(SocketAddress, IsNoneWhenItIsCutShortOrOfAnotherFamily) {
  sockaddr_in6 system;
  auto* generic = reinterpret_cast<sockaddr*>(&system);
  const unsigned v6 = to_sockaddr(parse_address("[::1]:1").value(), system);
  EXPECT_FALSE(from_sockaddr(generic, v6 - 1));
  const unsigned v4 = to_sockaddr(Address::loopback(1), system);
  EXPECT_FALSE(from_sockaddr(generic, v4 - 1));
  EXPECT_FALSE(from_sockaddr(generic, 1));
  EXPECT_FALSE(from_sockaddr(generic, 0));
  generic->sa_family = AF_UNIX;
  EXPECT_FALSE(from_sockaddr(generic, sizeof system));
}

}  // namespace
}  // namespace archy::rt
