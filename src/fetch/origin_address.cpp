#include "fetch/origin_address.hpp"

#include "fetch/s3_url.hpp"
#include "http/url.hpp"

namespace archy::fetch {

Result<> check_origin(std::string_view text) {
  if (is_s3_url(text)) {
    TRY_OK(parse_s3_url(text));
    return {};
  }
  TRY_OK(http::parse_url(text));
  return {};
}

Result<OriginAddress> locate_origin(std::string_view text, OriginOptions options,
                                    const S3Access& s3) {
  if (!is_s3_url(text)) {
    TRY_OK(check_origin(text));
    return OriginAddress{std::string(text), std::move(options)};
  }
  TRY(parsed, parse_s3_url(text));
  TRY(url, object_url(parsed, s3.endpoint, s3.region));
  options.shown_as = to_string(parsed);
  options.signature = s3.signature;
  options.max_redirects = 0;
  options.allow_private = options.allow_private || !s3.endpoint.empty();
  return OriginAddress{std::move(url), std::move(options)};
}

}  // namespace archy::fetch
