// The JSON type of this module, declared only: the whole of it is expensive and stays in .cpp
// files.
#pragma once

#include <nlohmann/json_fwd.hpp>

namespace archy::rpc {
using Json = nlohmann::ordered_json;
}
