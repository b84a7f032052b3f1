// What a mint says about itself: NUT-01, 02, 06.
#include <nlohmann/json.hpp>

#include "testmint/mint.hpp"

namespace archy::testmint {

Json Mint::info(const Call& call) const {
  const Json method{{"method", "bolt11"},
                    {"unit", kUnit},
                    {"min_amount", options_.min_amount},
                    {"max_amount", options_.max_amount}};
  Json nuts;
  nuts["4"] = {{"methods", Json::array({method})}, {"disabled", !has(4)}};
  nuts["5"] = {{"methods", Json::array({method})}, {"disabled", !has(5)}};
  for (const int nut : {7, 8, 9, 10, 11, 12, 14, 20}) {
    const bool is_lock = nut == 10 || nut == 11 || nut == 14;
    if (has(is_lock ? 11 : nut)) nuts[std::to_string(nut)] = {{"supported", true}};
  }
  if (has(19)) {
    Json endpoints = Json::array();
    for (const char* path : {"/v1/mint/bolt11", "/v1/melt/bolt11", "/v1/swap"})
      endpoints.push_back({{"method", "POST"}, {"path", path}});
    nuts["19"] = {{"ttl", options_.cache_ttl_s ? Json(*options_.cache_ttl_s) : Json(nullptr)},
                  {"cached_endpoints", std::move(endpoints)}};
  }
  return {{"name", options_.name},
          {"version", "testmint/1"},
          {"description", "for tests: what lies here is worth nothing"},
          {"time", call.now_s()},
          {"nuts", std::move(nuts)}};
}

Json Mint::keys_of(const Keyset& keyset) const {
  const auto& known = keyset.signing.keyset();
  Json keys = Json::object();
  for (const auto& [amount, key] : known.keys()) keys[std::to_string(amount.value())] = key.hex();
  Json out{{"id", known.id().text()},
           {"unit", kUnit},
           {"active", keyset.row.active},
           {"input_fee_ppk", known.terms().input_fee_ppk}};
  if (known.terms().final_expiry) out["final_expiry"] = *known.terms().final_expiry;
  out["keys"] = std::move(keys);
  return out;
}

// All that are active, or the one that is named.
Answer<Json> Mint::keys(std::string_view id) const {
  Json list = Json::array();
  for (const Keyset& keyset : keysets_) {
    if (id.empty() ? keyset.row.active : keyset.signing.id().text() == id)
      list.push_back(keys_of(keyset));
  }
  if (list.empty()) return fail(Refusal(nut::kKeysetUnknown, "no such keyset"));
  return Json{{"keysets", std::move(list)}};
}

Json Mint::keysets(const Call& call) const {
  Json list = Json::array();
  for (const Keyset& keyset : keysets_) {
    const auto& known = keyset.signing.keyset();
    list.push_back({{"id", known.id().text()},
                    {"unit", kUnit},
                    {"active", keyset.row.active && !is_expired(keyset, call.now_s())},
                    {"input_fee_ppk", known.terms().input_fee_ppk},
                    {"final_expiry", known.terms().final_expiry ? Json(*known.terms().final_expiry)
                                                                : Json(nullptr)}});
  }
  return {{"keysets", std::move(list)}};
}

}  // namespace archy::testmint
