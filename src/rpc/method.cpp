#include "rpc/method.hpp"

#include <algorithm>
#include <iterator>

namespace archy::rpc {

const std::vector<Method>& methods() {
  static const std::vector<Method> all = [] {
    std::vector<Method> out;
    for (auto* group : {node_methods, blob_methods, fetch_methods, swarm_methods, wallet_methods,
                        money_methods, across_methods, backup_methods, streaming_methods,
                        selling_methods, buying_methods, settings_methods, token_methods}) {
      std::ranges::move(group(), std::back_inserter(out));
    }
    return out;
  }();
  return all;
}

const Method* find_method(std::string_view name) {
  const auto found = std::ranges::find(methods(), name, &Method::name);
  return found == methods().end() ? nullptr : &*found;
}

}  // namespace archy::rpc
