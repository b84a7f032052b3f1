#include "wire/url.hpp"

#include <gtest/gtest.h>

namespace archy::wire {
namespace {

TEST(Url, ReadsItsPartsAndWritesTheNormalForm) {
  struct Case {
    const char* text;
    const char* host;
    HostKind kind;
    std::uint16_t port;
    const char* path;
    const char* normal;
  };
  const Case cases[] = {
      {"https://relay.example.com", "relay.example.com", HostKind::name, 443, "/",
       "https://relay.example.com/"},
      {"HTTP://Host.Example.:80/A%20b?q=1?2", "host.example.", HostKind::name, 80, "/A%20b",
       "http://host.example./A%20b?q=1?2"},
      {"http://127.0.0.1:4921/blobs/x.bin", "127.0.0.1", HostKind::ipv4, 4921, "/blobs/x.bin",
       "http://127.0.0.1:4921/blobs/x.bin"},
      {"https://[::1]:8443/a", "::1", HostKind::ipv6, 8443, "/a", "https://[::1]:8443/a"},
      {"https://[2001:DB8::1]", "2001:db8::1", HostKind::ipv6, 443, "/", "https://[2001:db8::1]/"},
      {"http://a?x", "a", HostKind::name, 80, "/", "http://a/?x"},
      {"http://a_b-c.1x/", "a_b-c.1x", HostKind::name, 80, "/", "http://a_b-c.1x/"},
  };
  for (const Case& c : cases) {
    auto url = parse_url(c.text);
    ASSERT_TRUE(url.has_value()) << c.text;
    EXPECT_EQ(url->host, c.host);
    EXPECT_EQ(url->host_kind, c.kind);
    EXPECT_EQ(url->port, c.port);
    EXPECT_EQ(url->path, c.path);
    EXPECT_EQ(to_string(*url), c.normal);
    EXPECT_EQ(*parse_url(c.normal), *url);
  }
}

TEST(Url, RefusesWhatParsersReadDifferently) {
  for (const char* text : {"",
                           "http",
                           "http:/a",
                           "http://",
                           "http:///x",
                           "ftp://a/",
                           "file:///etc/passwd",
                           "javascript://a",
                           "http://user@a/",
                           "http://a:b@c/",
                           "http://a#f",
                           "http://a/b#f",
                           "http://a b/",
                           "http://a\\b/",
                           "http://a\n/",
                           "http://\xc3\xa9/",
                           "http://a%2eb/",
                           "http://0x7f.1/",
                           "http://2130706433/",
                           "http://127.1/",
                           "http://0177.0.0.1/",
                           "http://1.2.3.4./",
                           "http://1.2.3.256/",
                           "http://a.0x10/",
                           "http://a..b/",
                           "http://.a/",
                           "http://[::1/",
                           "http://[::1]x/",
                           "http://[fe80::1%25eth0]/",
                           "http://[1.2.3.4]/",
                           "http://a:0/",
                           "http://a:65536/",
                           "http://a:/",
                           "http://a:+1/",
                           "http://a:1x/",
                           "http://a:000080/",
                           "http://a:80:80/",
                           "http://a/%",
                           "http://a/%1",
                           "http://a/%zz",
                           "http://a;b/",
                           " http://a/"}) {
    EXPECT_FALSE(parse_url(text).has_value()) << text;
  }
  EXPECT_FALSE(parse_url("http://" + std::string(64, 'a') + "/").has_value());
  EXPECT_FALSE(parse_url("http://a/" + std::string(9000, 'a')).has_value());
}

TEST(Url, SameOriginComparesSchemeHostAndPort) {
  EXPECT_TRUE(parse_url("https://a/x")->same_origin(*parse_url("https://A:443/y")));
  EXPECT_FALSE(parse_url("https://a/")->same_origin(*parse_url("http://a/")));
  EXPECT_FALSE(parse_url("http://a:81/")->same_origin(*parse_url("http://a/")));
}

}  // namespace
}  // namespace archy::wire
