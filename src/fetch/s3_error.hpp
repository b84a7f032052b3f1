// Why S3 refuses: the code in the XML body of its answer, in words for the operator.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace archy::fetch {

struct S3Error {
  std::string code;     // "NoSuchKey": letters, digits and dots, at most 64
  std::string message;  // the server's words, printable ASCII, at most 200; may be empty
};

inline constexpr std::size_t kS3ErrorBytes = 8192;

// Shape: <Error><Code>..</Code><Message>..</Message>...</Error>, anywhere in the first
// kS3ErrorBytes. None: it is no such answer.
std::optional<S3Error> parse_s3_error(std::string_view xml);
// One line, what to do about it where that is known.
std::string describe(const S3Error& error);
// Where the code says more than the status does.
std::optional<Code> outcome_of(const S3Error& error);

}  // namespace archy::fetch
