// streaming.purchases: what was paid for content.
#include <nlohmann/json.hpp>

#include "rpc/buyer_api.hpp"
#include "rpc/method.hpp"
#include "rpc/params.hpp"
#include "rpc/purchase_json.hpp"

namespace archy::rpc {
namespace {

rt::Task<Json> purchases(Context& context, const Grant&, const Json& params) {
  std::optional<Blake3Hash> blob;
  if (has(params, "content")) blob = content(params, "content").hash;
  const std::int64_t limit = integer(params, "limit", 50);
  CO_TRY(found, context.node.buyer().purchases(blob, static_cast<std::uint64_t>(limit)));
  Json list = Json::array();
  for (const streaming::PurchaseView& purchase : found) list.push_back(purchase_json(purchase));
  Json out{{"purchases", std::move(list)}};
  add_sums(out, found);
  co_return out;
}

std::vector<ResultField> fields() {
  std::vector<ResultField> out = purchase_fields("purchases[].");
  for (ResultField& field : sum_fields()) out.push_back(std::move(field));
  return out;
}

}  // namespace

std::vector<Method> buying_methods() {
  return {{.name = "streaming.purchases",
           .scope = Scope::read,
           .help = "What was paid to peers for content, newest first.",
           .params = {{"content", Type::content, false, "a root; none: of all"},
                      {"limit", Type::integer, false, "default 50", 1, 1000}},
           .result = fields(),
           .errors = {Code::not_found},
           .handler = purchases}};
}

}  // namespace archy::rpc
