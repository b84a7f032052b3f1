// What a person may name as an origin: an http or https URL (a presigned one is just that), or
// s3://BUCKET/KEY.
#pragma once

#include <string_view>

#include "fetch/origin_stream.hpp"
#include "fetch/s3_access.hpp"

namespace archy::fetch {

// Errors: bad_input for what names no origin.
Result<> check_origin(std::string_view text);

struct OriginAddress {
  std::string url;
  OriginOptions options;
};
// Where it is and how it is asked. An s3:// origin is asked with the operator's key at the
// operator's endpoint, which may be on his own network, and follows no redirect.
// Errors: bad_input (the origin, or an endpoint or region of `s3` that is none).
Result<OriginAddress> locate_origin(std::string_view text, OriginOptions options,
                                    const S3Access& s3);

}  // namespace archy::fetch
