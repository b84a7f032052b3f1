#include "fetch/s3_url.hpp"

#include <gtest/gtest.h>

#include "fetch/origin_address.hpp"
#include "fetch/s3_error.hpp"

namespace archy::fetch {
namespace {

TEST(S3Url, IsABucketAndAKeyThatIsTakenAsItStands) {
  const struct {
    std::string_view text, bucket, key;
  } rows[] = {
      {"s3://films/film.mp4", "films", "film.mp4"},
      {"s3://my.films-1/a/b c/%20?x#y", "my.films-1", "a/b c/%20?x#y"},
      {"s3://films//x", "films", "/x"},
      {"s3://films/x/", "films", "x/"},
      {"s3://films/\xc3\xbc...", "films", "\xc3\xbc..."},
  };
  for (const auto& row : rows) {
    const auto url = parse_s3_url(row.text);
    ASSERT_TRUE(url) << row.text;
    EXPECT_EQ(url->bucket, row.bucket);
    EXPECT_EQ(url->key, row.key);
    EXPECT_EQ(to_string(*url), row.text);
  }
}

TEST(S3Url, RefusesWhatNamesNoObject) {
  for (const std::string text :
       {"s3:/films/x",       "http://films/x",    "S3://films/x",      "s3://films",
        "s3://films/",       "s3://ab/x",         "s3://Films/x",      "s3://fi_lms/x",
        "s3://-films/x",     "s3://films./x",     "s3://fi..lms/x",    "s3:///x",
        "s3://films:9000/x", "s3://user@films/x", "s3://films/a/../b", "s3://films/..",
        "s3://films/./b",    "s3://films/a\nb",   "s3://films/\xff",   "s3://films/a\x7f"}) {
    const auto url = parse_s3_url(text);
    ASSERT_FALSE(url) << text;
    EXPECT_EQ(url.error().code, Code::bad_input);
  }
  EXPECT_FALSE(parse_s3_url("s3://films/" + std::string(1025, 'k')));
  EXPECT_TRUE(parse_s3_url("s3://films/" + std::string(1024, 'k')));
  EXPECT_FALSE(parse_s3_url("s3://" + std::string(64, 'b') + "/k"));
}

TEST(S3Url, LeadsToTheEndpointOrToAmazon) {
  const S3Url plain{"films", "a b/\xc3\xbc+%20?.mp4"}, dotted{"my.films", "x"};
  EXPECT_EQ(*object_url(plain, "", "eu-west-1"),
            "https://films.s3.eu-west-1.amazonaws.com/a%20b/%C3%BC%2B%2520%3F.mp4");
  EXPECT_EQ(*object_url(dotted, "", "eu-west-1"), "https://s3.eu-west-1.amazonaws.com/my.films/x");
  EXPECT_EQ(*object_url(dotted, "http://127.0.0.1:9000", "x"), "http://127.0.0.1:9000/my.films/x");
  EXPECT_EQ(*object_url(dotted, "https://s3.example.org/", "x"),
            "https://s3.example.org/my.films/x");
  for (const std::string_view endpoint :
       {"s3.example.org", "ftp://x.example", "https://x.example/prefix", "https://x.example/?q"})
    EXPECT_FALSE(object_url(plain, endpoint, "eu-west-1")) << endpoint;
  for (const std::string_view region : {"", "eu/west", "eu west", "a.b"})
    EXPECT_FALSE(object_url(plain, "", region)) << region;
}

TEST(OriginAddress, OfAnObjectIsSignedAndFollowsNoRedirect) {
  S3Access s3{.endpoint = "http://127.0.0.1:9000", .region = "x"};
  s3.signature = std::make_shared<const http::S3Signature>(*make_s3_signature("x", "a", "b", ""));
  OriginOptions options;
  options.allow_private = false;
  const auto object = locate_origin("s3://films/x", options, s3);
  ASSERT_TRUE(object);
  EXPECT_EQ(object->url, "http://127.0.0.1:9000/films/x");
  EXPECT_EQ(object->options.max_redirects, 0);
  EXPECT_EQ(object->options.signature, s3.signature);
  EXPECT_EQ(object->options.shown_as, "s3://films/x");
  EXPECT_TRUE(object->options.allow_private);  // the operator's own endpoint
  const auto plain = locate_origin("http://example.org/x", options, s3);
  ASSERT_TRUE(plain);
  EXPECT_EQ(plain->options.signature, nullptr);
  EXPECT_FALSE(plain->options.allow_private);
  EXPECT_FALSE(locate_origin("s3://films/", options, s3));
  EXPECT_FALSE(check_origin("ftp://example.org/x"));
}

TEST(S3Error, IsReadFromTheAnswerAndExplained) {
  const auto error = parse_s3_error(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>SignatureDoesNotMatch</Code>"
      "<Message>We calculated another.</Message></Error>");
  ASSERT_TRUE(error);
  EXPECT_EQ(describe(*error),
            "SignatureDoesNotMatch (the secret access key is not that of the access key id)");
  const auto other =
      parse_s3_error("<Error><Code>AccessDenied</Code><Message>Request \x1bhas expired</Message>");
  ASSERT_TRUE(other);
  EXPECT_EQ(describe(*other), "AccessDenied (Request has expired)");
  EXPECT_EQ(outcome_of(*other), std::nullopt);
  EXPECT_EQ(outcome_of({"NoSuchBucket", ""}), Code::not_found);
  EXPECT_EQ(outcome_of({"SlowDown", ""}), Code::try_later);
  for (const std::string_view text :
       {"", "<html>", "<Error><Code></Code>", "<Error><Code>a b</Code>", "<Error><Code>abc",
        "<Code>abc</Code>"})
    EXPECT_FALSE(parse_s3_error(text)) << text;
}

TEST(S3Credentials, AreTheDefaultSectionOfAnAwsFile) {
  const auto key = parse_s3_credentials(
      "# mine\n[other]\naws_access_key_id = no\n\n[ default ]\naws_access_key_id = ID \r\n"
      "aws_secret_access_key=a=b/+\naws_session_token = T==\nregion = x\n[last]\n"
      "aws_secret_access_key = no\n");
  ASSERT_TRUE(key);
  EXPECT_EQ(key->access_key_id, "ID");
  EXPECT_EQ(key->secret_access_key.reveal(), "a=b/+");
  ASSERT_TRUE(key->session_token);
  EXPECT_EQ(key->session_token->reveal(), "T==");
  for (const std::string_view text :
       {"", "[other]\n", "[default]\n", "[default]\naws_access_key_id=a\n", "[default\n",
        "[default]\nSECRET\n", "[default]\n[default]\n",
        "[default]\naws_access_key_id=a\naws_secret_access_key=SEC RET\n"}) {
    const auto bad = parse_s3_credentials(text);
    ASSERT_FALSE(bad) << text;
    EXPECT_EQ(bad.error().code, Code::bad_input);
    EXPECT_EQ(bad.error().detail.find("SEC"), std::string::npos);
  }
}

}  // namespace
}  // namespace archy::fetch
