// s3://BUCKET/KEY as the AWS tools write it: the key is everything behind the bucket's slash, as it
// is. A percent sign, a question mark or a space in it is a character of the key.
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"

namespace archy::fetch {

struct S3Url {
  std::string bucket;
  std::string key;
  bool operator==(const S3Url&) const = default;
};

bool is_s3_url(std::string_view text);
// Errors: bad_input: a bucket that is none (3 to 63 of a-z 0-9 . -), an empty key or one over 1024
// bytes, control characters, what is not UTF-8, and "." or ".." as a part of the path: every HTTP
// client on the way may resolve those.
Result<S3Url> parse_s3_url(std::string_view text);
std::string to_string(const S3Url& url);

// The object's URL. At `endpoint` (http or https, no path) the bucket is the first part of the
// path; with none it is Amazon's host of the region. Nothing but a-z A-Z 0-9 - . _ ~ / is left
// unescaped in the key, which is what signatures are made over.
// Errors: bad_input (endpoint, region).
Result<std::string> object_url(const S3Url& url, std::string_view endpoint,
                               std::string_view region);

}  // namespace archy::fetch
