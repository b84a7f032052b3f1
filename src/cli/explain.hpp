// The sources of a fetch as lines for people: `get --explain` and `explain`.
#pragma once

#include "cli/output.hpp"
#include "rpc/json.hpp"

namespace archy::cli {

// `explained`: the result of fetch.explain.
void print_sources(const Output& out, const rpc::Json& explained);

}  // namespace archy::cli
