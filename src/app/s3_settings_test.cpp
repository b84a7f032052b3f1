#include "app/s3_settings.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <map>

#include "rt/posix/posix_files.hpp"

namespace archy::app {
namespace {

struct S3Settings : testing::Test {
  ~S3Settings() override { std::filesystem::remove(file); }
  Result<fetch::S3Access> access() {
    return s3_access(settings, files, [this](const char* name) -> std::optional<std::string> {
      const auto found = variables.find(name);
      if (found == variables.end()) return std::nullopt;
      return found->second;
    });
  }
  rt::PosixFiles files;
  settings::Settings settings;
  std::map<std::string, std::string> variables;
  std::filesystem::path file =
      std::filesystem::temp_directory_path() / ("archy-s3-" + std::to_string(::getpid()));
};

TEST_F(S3Settings, WithoutAnythingAreAmazonUnsigned) {
  const auto s3 = access();
  ASSERT_TRUE(s3);
  EXPECT_EQ(s3->endpoint, "");
  EXPECT_EQ(s3->region, "us-east-1");
  EXPECT_EQ(s3->signature, nullptr);
}

TEST_F(S3Settings, ComeFromTheStandardVariables) {
  variables = {{"AWS_ENDPOINT_URL", "http://a:1"},
               {"AWS_DEFAULT_REGION", "r2"},
               {"AWS_ACCESS_KEY_ID", "id"},
               {"AWS_SECRET_ACCESS_KEY", "secret"},
               {"AWS_SESSION_TOKEN", "token"}};
  auto s3 = access();
  ASSERT_TRUE(s3 && s3->signature);
  EXPECT_EQ(s3->endpoint, "http://a:1");
  EXPECT_EQ(s3->region, "r2");
  EXPECT_EQ(s3->signature->region, "r2");
  EXPECT_EQ(s3->signature->access_key_id, "id");
  EXPECT_EQ(s3->signature->secret_access_key.reveal(), "secret");
  EXPECT_EQ(s3->signature->session_token->reveal(), "token");
  variables["AWS_ENDPOINT_URL_S3"] = "http://b:2";
  variables["AWS_REGION"] = "r1";
  s3 = access();
  ASSERT_TRUE(s3);
  EXPECT_EQ(s3->endpoint, "http://b:2");
  EXPECT_EQ(s3->region, "r1");
}

TEST_F(S3Settings, WinOverTheVariablesAndTheKeyIsNeverMixed) {
  variables = {{"AWS_REGION", "r1"},
               {"AWS_ENDPOINT_URL", "http://a:1"},
               {"AWS_ACCESS_KEY_ID", "id"},
               {"AWS_SECRET_ACCESS_KEY", "secret"},
               {"AWS_SESSION_TOKEN", "token"}};
  std::ofstream(file) << "[default]\naws_access_key_id = F\naws_secret_access_key = G\n";
  ASSERT_TRUE(settings.set("s3.endpoint", std::string("https://mine.example")));
  ASSERT_TRUE(settings.set("s3.region", std::string("here")));
  ASSERT_TRUE(settings.set("s3.credentials_file", file.string()));
  const auto s3 = access();
  ASSERT_TRUE(s3 && s3->signature);
  EXPECT_EQ(s3->endpoint, "https://mine.example");
  EXPECT_EQ(s3->signature->region, "here");
  EXPECT_EQ(s3->signature->access_key_id, "F");
  EXPECT_FALSE(s3->signature->session_token);
}

TEST_F(S3Settings, RefuseHalfAKeyAndAFileThatIsNone) {
  variables = {{"AWS_ACCESS_KEY_ID", "id"}};
  auto s3 = access();
  ASSERT_FALSE(s3);
  EXPECT_EQ(s3.error().code, Code::bad_input);
  ASSERT_TRUE(settings.set("s3.credentials_file", file.string()));
  s3 = access();
  ASSERT_FALSE(s3);
  EXPECT_EQ(s3.error().code, Code::not_found);
  std::ofstream(file) << "[default]\nhidden\n";
  s3 = access();
  ASSERT_FALSE(s3);
  EXPECT_EQ(to_string(s3.error()).find("hidden"), std::string::npos);
}

}  // namespace
}  // namespace archy::app
