#include "app/s3_settings.hpp"

#include <cstdlib>
#include <initializer_list>

namespace archy::app {
namespace {

constexpr std::size_t kFileBytes = 64u << 10;

std::string first_of(const std::string& setting, const EnvironmentLookup& environment,
                     std::initializer_list<const char*> names) {
  if (!setting.empty()) return setting;
  for (const char* name : names) {
    if (auto value = environment(name); value && !value->empty()) return *value;
  }
  return {};
}

Result<http::S3Signature> read_key(rt::Files& files, const rt::Path& path) {
  TRY(file, files.open(path, rt::Open::read));
  Bytes bytes(kFileBytes);
  TRY(got, file->read_at(0, bytes));
  if (got == kFileBytes) return fail(Code::bad_input, "too long for a credentials file");
  return fetch::parse_s3_credentials(as_text(ByteView(bytes).first(got)));
}

}  // namespace

std::optional<std::string> environment_variable(const char* name) {
  const char* value = std::getenv(name);
  if (!value) return std::nullopt;
  return std::string(value);
}

Result<fetch::S3Access> s3_access(const settings::Settings& settings, rt::Files& files,
                                  const EnvironmentLookup& environment) {
  fetch::S3Access out;
  out.endpoint = first_of(settings.get(settings::kS3Endpoint), environment,
                          {"AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"});
  const auto region = first_of(settings.get(settings::kS3Region), environment,
                               {"AWS_REGION", "AWS_DEFAULT_REGION"});
  if (!region.empty()) out.region = region;
  const std::string& path = settings.get(settings::kS3CredentialsFile);
  if (!path.empty()) {
    auto key = read_key(files, path);
    if (!key) return fail_in("s3.credentials_file " + path, key.error());
    key->region = out.region;
    out.signature = std::make_shared<const http::S3Signature>(std::move(*key));
    return out;
  }
  const auto id = first_of({}, environment, {"AWS_ACCESS_KEY_ID"});
  const auto secret = first_of({}, environment, {"AWS_SECRET_ACCESS_KEY"});
  if (id.empty() && secret.empty()) return out;
  auto key = fetch::make_s3_signature(out.region, id, secret,
                                      first_of({}, environment, {"AWS_SESSION_TOKEN"}));
  if (!key) return fail_in("AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY", key.error());
  out.signature = std::make_shared<const http::S3Signature>(std::move(*key));
  return out;
}

}  // namespace archy::app
