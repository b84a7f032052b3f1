// Mistakes of selling and buying that a market has to notice, each within some hundreds of seeds.
#pragma once

namespace archy::sim {

struct MarketPlant {
  const char* name;
  const char* rule;
};
inline constexpr MarketPlant kMarketPlants[] = {
    {"gate_grants_before_redeem", "granted when the mint has signed"},
    {"gate_error_is_allow", "an error never improves a verdict"},
    {"gate_credits_twice", "one token, one credit"},
    {"gate_refunds_twice", "one session, one refund"},
    {"meter_after_send", "credit is taken before bytes leave"},
    {"class_from_request", "a class is the seller's own knowledge"},
    {"buyer_cap_after_pay", "caps are looked at before anything is paid"},
};

}  // namespace archy::sim
