// How s3:// origins are reached: where they are and with whose key.
#pragma once

#include <memory>
#include <string>

#include "base/result.hpp"
#include "http/s3_signature.hpp"

namespace archy::fetch {

struct S3Access {
  std::string endpoint;              // http(s)://host[:port]; empty: Amazon's of the region
  std::string region = "us-east-1";  // of the host without an endpoint, and of the signature
  // None: requests go out unsigned, as for public buckets.
  std::shared_ptr<const http::S3Signature> signature = nullptr;
};

// The [default] section of a file like ~/.aws/credentials: aws_access_key_id,
// aws_secret_access_key and, where given, aws_session_token; other keys are left alone. The region
// of the result is empty.
// Errors: bad_input with the line, never with anything of its content.
Result<http::S3Signature> parse_s3_credentials(std::string_view text);
// Errors: bad_input for an id, secret or token that is empty or not visible ASCII.
Result<http::S3Signature> make_s3_signature(std::string region, std::string access_key_id,
                                            std::string secret_access_key,
                                            std::string session_token);

}  // namespace archy::fetch
