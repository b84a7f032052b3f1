// What a fetch has cost, as lines for people: `get` and `explain`.
#pragma once

#include "cli/output.hpp"
#include "rpc/json.hpp"

namespace archy::cli {

// `explained`: the result of fetch.explain. One line a seller, and the sum; nothing where nothing
// was bought.
void print_receipt(const Output& out, const rpc::Json& explained);

}  // namespace archy::cli
