// An S3 origin over real sockets: libcurl's signatures against a second implementation, and every
// refusal as the fetch sees it.
#include "fetch/origin_address.hpp"
#include "fetch/test_s3_server.hpp"

namespace archy::fetch {
namespace {

const Blob& film() {
  static const Blob blob(3 * (1u << 20) + 5000);
  return blob;
}

TEST(SigV4, TwinGivesTheSignatureOfThePublishedExample) {
  // Source: AWS S3 API reference, "Example: GET Object".
  const SignedRequest request{"GET",
                              "/test.txt",
                              "",
                              {{"host", "examplebucket.s3.amazonaws.com"},
                               {"range", "bytes=0-9"},
                               {"x-amz-content-sha256", sigv4_hash("")},
                               {"x-amz-date", "20130524T000000Z"}}};
  EXPECT_EQ(sigv4(request, "host;range;x-amz-content-sha256;x-amz-date", "20130524T000000Z",
                  "us-east-1", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
            "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41");
}

struct S3Origin : FetchWorld {
  S3Access access(const S3Server& server) const {
    S3Access out{.endpoint = server.endpoint(), .region = server.region};
    auto key = make_s3_signature(server.region, server.id, server.secret, server.token);
    CHECK(key.has_value());
    out.signature = std::make_shared<const http::S3Signature>(std::move(*key));
    return out;
  }
  FetchReport from(const std::string& name, const S3Access& access) {
    auto located = locate_origin(name, origin_options, access);
    CHECK(located.has_value());
    options.scheduler.max_failures = 3;
    return fetch(film(), {},
                 {make_origin_source(env, *client, *store, located->url, located->options)});
  }
  // A key that differs from the server's in one part.
  S3Access with(const S3Server& server, const std::string& id, const std::string& secret,
                const std::string& region, const std::string& token = "") const {
    auto out = access(server);
    out.region = region;
    out.signature =
        std::make_shared<const http::S3Signature>(*make_s3_signature(region, id, secret, token));
    return out;
  }
};

TEST_F(S3Origin, IsReadWithTheRightKeyWhateverTheNameOfTheObject) {
  const std::pair<const char*, const char*> rows[] = {
      {"film.mp4", "/films/film.mp4"},
      {"a b/\xc3\xbc+%20.mp4", "/films/a%20b/%C3%BC%2B%2520.mp4"},
      {"~$&=@:,;!'()*?#[]|<>^`{}\"\\-_.mp4",
       "/films/~%24%26%3D%40%3A%2C%3B%21%27%28%29%2A%3F%23%5B%5D%7C%3C%3E%5E%60%7B%7D%22%5C-_.mp4"},
      {"/double//slash", "/films//double//slash"},
  };
  for (const auto& [key, path] : rows) {
    S3Server server(film(), path);
    const auto report = from("s3://films/" + std::string(key), access(server));
    ASSERT_TRUE(report.ok()) << key << ": " << explain(report);
    expect_held(film());
    (void)store->remove(film().hash, true);
  }
}

TEST_F(S3Origin, SignsTheSessionTokenAndTheRangeOfEachResumption) {
  S3Server server(film(), "/films/x");
  server.token = "FwoGZXIvYXdzEXAMPLE//token==";
  server.cut_after = 1'000'000;
  const auto report = from("s3://films/x", access(server));
  ASSERT_TRUE(report.ok()) << explain(report);
  expect_held(film());
  bool resumed = false;
  for (const auto& request : server.server().requests()) {
    EXPECT_FALSE(request.header("authorization").empty());
    EXPECT_EQ(request.header("accept-encoding"), "identity");
    EXPECT_EQ(request.raw.find("s3cr3t"), std::string::npos);
    resumed |= request.header("range").starts_with("bytes=1");
  }
  EXPECT_TRUE(resumed);
}

TEST_F(S3Origin, SaysInOneLineWhyItIsRefused) {
  S3Server server(film(), "/films/x");
  server.token = "T";
  const struct {
    S3Access access;
    const char* name;
    Code code;
    const char* line;
  } rows[] = {
      {with(server, server.id, "wrong", server.region, "T"), "s3://films/x", Code::denied,
       "SignatureDoesNotMatch (the secret access key is not that of the access key id)"},
      {with(server, "NOBODY", server.secret, server.region, "T"), "s3://films/x", Code::denied,
       "InvalidAccessKeyId (the access key id is not known there)"},
      {with(server, server.id, server.secret, "eu-west-8", "T"), "s3://films/x", Code::denied,
       "AuthorizationHeaderMalformed (signed for another region: see s3.region)"},
      {with(server, server.id, server.secret, server.region, "U"), "s3://films/x", Code::denied,
       "InvalidToken (the session token is not valid)"},
      {S3Access{.endpoint = server.endpoint()}, "s3://films/x", Code::denied, "AccessDenied"},
      {access(server), "s3://films/y", Code::not_found, "NoSuchKey (there is no such object)"},
  };
  for (const auto& row : rows) {
    const auto report = from(row.name, row.access);
    ASSERT_FALSE(report.ok()) << row.line;
    ASSERT_TRUE(report.sources[0].last_error) << row.line;
    EXPECT_EQ(report.sources[0].last_error->code, row.code) << row.line;
    EXPECT_TRUE(report.sources[0].last_error->detail.ends_with(row.line))
        << report.sources[0].last_error->detail;
    EXPECT_EQ(report.sources[0].attempts, 1u) << row.line;
    EXPECT_FALSE(report.sources[0].lied);
    expect_not_held(film());
  }
}

TEST_F(S3Origin, ThatIsToldToSlowDownTriesAgain) {
  S3Server server(film(), "/films/x");
  server.instead = [](int n) -> std::optional<std::string> {
    if (n >= 2) return std::nullopt;
    const std::string body = "<Error><Code>SlowDown</Code></Error>";
    return "HTTP/1.1 503 X\r\nContent-Type: application/xml\r\nContent-Length: " +
           std::to_string(body.size()) + "\r\n\r\n" + body;
  };
  const auto report = from("s3://films/x", access(server));
  ASSERT_TRUE(report.ok()) << explain(report);
  EXPECT_EQ(report.sources[0].attempts, 3u);
}

TEST_F(S3Origin, NeverTakesItsSignatureToAnotherHost) {
  S3Server elsewhere(film(), "/films/x");
  S3Server server(film(), "/films/x");
  server.instead = [&](int) {
    return "HTTP/1.1 307 X\r\nLocation: " + elsewhere.endpoint() +
           "/films/x\r\nContent-Length: 0\r\n\r\n";
  };
  const auto refused = from("s3://films/x", access(server));
  EXPECT_FALSE(refused.ok());
  EXPECT_TRUE(elsewhere.server().requests().empty());
  // Even where redirects are followed, as for other origins.
  auto located = locate_origin("s3://films/x", origin_options, access(server));
  located->options.max_redirects = 5;
  located->options.allow_private_redirects = true;
  (void)fetch(film(), {},
              {make_origin_source(env, *client, *store, located->url, located->options)});
  ASSERT_FALSE(elsewhere.server().requests().empty());
  for (const auto& request : elsewhere.server().requests()) {
    EXPECT_EQ(request.raw.find("AWS4"), std::string::npos) << request.raw;
    EXPECT_EQ(request.raw.find("x-amz"), std::string::npos) << request.raw;
  }
}

TEST_F(S3Origin, ReadsNoMoreOfARefusalThanItsReason) {
  S3Server server(film(), "/films/x");
  server.instead = [](int) {
    return "HTTP/1.1 403 X\r\nContent-Type: application/xml\r\nContent-Length: 100000000\r\n\r\n" +
           std::string(1'000'000, 'x');
  };
  const auto report = from("s3://films/x", access(server));
  EXPECT_EQ(report.sources[0].last_error->code, Code::denied);
}

}  // namespace
}  // namespace archy::fetch
