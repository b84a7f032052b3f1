// The table of methods. Everything about the API is made from it: the dispatcher, rpc.discover,
// doc/rpc.md, and the matrix of attacks.
#pragma once

#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "rpc/events.hpp"
#include "rpc/json.hpp"
#include "rpc/node_api.hpp"
#include "rpc/params.hpp"
#include "rpc/token.hpp"
#include "rt/clock.hpp"

namespace archy::rpc {

// What a handler works with. Lifetime: outlives the call.
struct Context {
  NodeApi& node;
  Events& events;
  Tokens* tokens = nullptr;  // none where no token is ever shown (in-process)
  rt::Clock& clock;
  // Requested when nobody waits for the answer any more: passes that take long end then.
  std::stop_token stop = {};
};

struct ResultField {
  std::string name;  // "blobs[].blake3": of the elements of a list
  std::string_view help;
};

struct Method {
  std::string_view name;
  Scope scope = Scope::read;
  bool changes = false;  // something, on disk or in the node
  std::string_view help;
  std::vector<Param> params = {};
  std::vector<ResultField> result = {};
  std::vector<Code> errors = {};  // beyond bad_input for parameters
  // Requires: params passed check_params(). The grant was found to reach this method.
  rt::Task<Json> (*handler)(Context& context, const Grant& grant, const Json& params) = nullptr;
};

// In the order they are shown. Thread: any, after the first call.
const std::vector<Method>& methods();
// Null: no such method.
const Method* find_method(std::string_view name);

// The groups the table is put together from.
std::vector<Method> node_methods();
std::vector<Method> blob_methods();
std::vector<Method> fetch_methods();
std::vector<Method> swarm_methods();
std::vector<Method> wallet_methods();
std::vector<Method> backup_methods();
std::vector<Method> money_methods();
std::vector<Method> across_methods();
std::vector<Method> streaming_methods();
std::vector<Method> selling_methods();
std::vector<Method> buying_methods();
std::vector<Method> settings_methods();
std::vector<Method> token_methods();

}  // namespace archy::rpc
