// The caller's side of a call, for programs of ours: its text, and what came of it.
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"
#include "rpc/json.hpp"

namespace archy::rpc {

// Shape: one JSON-RPC request with id 1. Requires: `params` is a JSON object.
std::string call_text(std::string_view method, std::string_view params);
// The result out of an answer to it.
// Errors: what the other side answered, as the code its name says; peer_fault when it is no answer.
Result<Json> result_of(std::string_view answer);
// The code that is called so; bad_input for a name that is none of ours.
Code code_named(std::string_view name);

}  // namespace archy::rpc
