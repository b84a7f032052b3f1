// Endpoint, region and key of s3:// origins, from the settings and the standard AWS variables.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "fetch/s3_access.hpp"
#include "rt/files.hpp"
#include "settings/settings.hpp"

namespace archy::app {

using EnvironmentLookup = std::function<std::optional<std::string>(const char* name)>;
// This process's.
std::optional<std::string> environment_variable(const char* name);

// A setting that is not empty wins; then AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL, AWS_REGION,
// AWS_DEFAULT_REGION. The key comes whole from s3.credentials_file or whole from AWS_ACCESS_KEY_ID,
// AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN; none at all: unsigned.
// Errors: not_found, denied, io (the file), bad_input (its content, half a key).
Result<fetch::S3Access> s3_access(const settings::Settings& settings, rt::Files& files,
                                  const EnvironmentLookup& environment = environment_variable);

}  // namespace archy::app
