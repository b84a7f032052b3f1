// What requests to S3 are signed with (AWS Signature Version 4, header form). libcurl does the
// signing; this is only what it needs to know.
#pragma once

#include <optional>
#include <string>

#include "base/secret.hpp"

namespace archy::http {

// A value, shared by every request of one origin. Its secrets reach libcurl and nothing else.
struct S3Signature {
  std::string region;
  std::string access_key_id;
  Secret<std::string> secret_access_key;
  std::optional<Secret<std::string>> session_token = std::nullopt;
};

}  // namespace archy::http
