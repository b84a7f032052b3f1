// What must hold of a market at rest. The books of those who trade are held against each other,
// against the mints' and against what was counted beside them.
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "sim/money/market.hpp"

namespace archy::sim {
namespace {

using streaming::PurchaseState;

std::uint64_t sum(db::Connection& db, const char* sql, auto... args) {
  auto query = db.query(sql, args...);
  if (!query) return UINT64_MAX;
  const auto there = query->step();
  return there && *there ? static_cast<std::uint64_t>(query->integer(0)) : UINT64_MAX;
}

db::Connection& db_of(MarketNode& node) { return node.wallet().database().connection(); }

// --- every sat -----------------------------------------------------------------------------------

std::uint64_t held(MarketNode& node, const std::string& url) {
  std::uint64_t out = 0;
  const auto all = node.wallet().balances();
  if (!all) return UINT64_MAX;
  for (const auto& each : *all)
    if (url.empty() || each.mint.url == url)
      out += each.spendable.value() + each.reserved.value() + each.given.value() +
             each.quarantined.value();
  return out;
}

std::string conserved(Market& market) {
  for (MarketNode* node : market.everybody()) {
    const auto open = node->wallet().open_operations();
    if (!open) return open.error().detail;
    for (const auto& each : *open)
      return fmt::format("{}: operation {} ({}) is still {} at {}: {}", node->name(),
                         each.id.value(), to_string(each.kind), to_string(each.state),
                         to_string(each.stage), each.note);
    const auto audit = node->wallet().audit();
    if (!audit) return audit.error().detail;
    if (!audit->empty()) return node->name() + ": " + audit->front();
  }
  for (const std::string& name : market.mint_names) {
    const auto text = market.mints->find(name)->report(market.there.clock.unix_ms());
    if (!text) return text.error().detail;
    const auto report = nlohmann::json::parse(*text);
    if (!report.at("balanced").get<bool>())
      return name + " does not balance: " + report.at("remarks").dump();
    std::uint64_t here = 0;
    for (MarketNode* node : market.everybody()) here += held(*node, Market::url(name));
    const auto owed = report.at("outstanding").get<std::uint64_t>();
    if (owed != here) return fmt::format("{} owes {} sat, wallets hold {}", name, owed, here);
  }
  return "";
}

// --- sellers -------------------------------------------------------------------------------------

// What was paid for with one peer's one hash, at the cheapest terms that it was ever paid under.
struct Bought {
  std::uint64_t msat = 0;  // that were not given back
  streaming::Price cheapest;

  std::uint64_t bytes() const {
    if (msat == 0) return 0;
    return streaming::units_for(cheapest, streaming::Msat(msat));
  }
};

std::string session_holds(MarketNode& seller, std::int64_t id, std::uint64_t credit,
                          std::uint64_t used, Bought& bought) {
  db::Connection& db = db_of(seller);
  const auto paid = sum(
      db, "SELECT coalesce(sum(net_msat), 0) FROM payments WHERE session = ? AND state = 1", id);
  if (paid != credit)
    return fmt::format("{}: session {} has a credit of {} msat for payments of {}", seller.name(),
                       id, credit, paid);
  if (used > credit) return fmt::format("{}: session {} used more than it has", seller.name(), id);
  const std::string key = fmt::format("refund of session {} (*", id);
  const auto given =
      sum(db,
          "SELECT coalesce(sum(amount), 0) FROM operations WHERE kind = 3 AND state <> 2 AND "
          "idempotency_key GLOB ?",
          std::string_view(key));
  if (given * 1000 > credit - used)
    return fmt::format("{}: session {} gave {} sat back of {} msat", seller.name(), id, given,
                       credit - used);
  bought.msat += credit - given * 1000;
  auto terms = db.query("SELECT step_size, per_step FROM payments WHERE session = ?", id);
  for (;;) {
    const auto there = terms ? terms->step() : Result<bool>(false);
    if (!there || !*there) return "";
    streaming::Price each;
    each.step_size = static_cast<std::uint64_t>(terms->integer(0));
    each.per_step = cashu::Amount(static_cast<std::uint64_t>(terms->integer(1)));
    if (bought.cheapest.per_step == cashu::Amount(0) || each.per_step < bought.cheapest.per_step)
      bought.cheapest = each;
  }
}

std::string delivered_holds(MarketNode& seller,
                            std::map<std::pair<EndpointId, Blake3Hash>, Bought>& bought) {
  std::uint64_t unpaid = 0;
  for (const auto& [whose, left] : seller.watch.left) {
    const std::uint64_t may = bought[whose].bytes() + left.forgiven;
    if (left.paid > may)
      return fmt::format("{} sent {} bytes of paid content, {} of them are paid for", seller.name(),
                         left.paid, may);
    unpaid += left.bytes - std::min(left.bytes, may);
  }
  const auto grace = sum(db_of(seller), "SELECT coalesce(sum(units_grace), 0) FROM service_days");
  if (unpaid > grace)
    return fmt::format("{} sent {} bytes unpaid, and counted {} of grace", seller.name(), unpaid,
                       grace);
  return "";
}

std::string seller_holds(Market& market, MarketNode& seller) {
  db::Connection& db = db_of(seller);
  const auto credited = sum(db, "SELECT coalesce(sum(net_msat), 0) FROM payments WHERE state = 1");
  const auto received = sum(db,
                            "SELECT coalesce(sum(p.amount), 0) FROM proofs p JOIN operations o ON "
                            "o.id = p.came_by WHERE o.kind = 4");
  if (credited != received * 1000)
    return fmt::format("{} credited {} msat and received {} sat", seller.name(), credited,
                       received);
  if (sum(db, "SELECT count(*) FROM payments WHERE state = 0") != 0)
    return seller.name() + ": a payment is not decided";
  if (!market.ever_sold.contains(&seller) && received != 0)
    return seller.name() + " sells nothing, and was paid";
  if (seller.watch.gate_calls_for_public != 0) return "public content met the gate";
  if (auto written = seller.life().gate->write_used(); !written) return written.error().detail;
  std::map<std::pair<EndpointId, Blake3Hash>, Bought> bought;
  auto sessions = db.query("SELECT id, peer, hash, credit_msat, used_msat FROM sessions");
  for (;;) {
    const auto there = sessions ? sessions->step() : Result<bool>(fail(sessions.error()));
    if (!there) return there.error().detail;
    if (!*there) break;
    const std::pair whose{sessions->bytes32<EndpointId>(1).value_or(EndpointId{}),
                          sessions->bytes32<Blake3Hash>(2).value_or(Blake3Hash{})};
    const std::string wrong = session_holds(
        seller, sessions->integer(0), static_cast<std::uint64_t>(sessions->integer(3)),
        static_cast<std::uint64_t>(sessions->integer(4)), bought[whose]);
    if (!wrong.empty()) return wrong;
  }
  return delivered_holds(seller, bought);
}

// --- buyers --------------------------------------------------------------------------------------

// What left the wallet for one purchase, by the wallet's operations alone. A token that is still
// out has not.
struct Gone {
  std::uint64_t sure = 0, perhaps = 0;
};

Gone gone_for(db::Connection& db, std::int64_t id) {
  const std::string key = fmt::format("purchase {}", id);
  const std::string parts = key + " by *";
  const auto among = [&](const char* sql) {
    return sum(db, sql, std::string_view(key), std::string_view(parts));
  };
  Gone out;
  out.sure = among(
      "SELECT coalesce(sum(fee), 0) FROM operations WHERE idempotency_key = ?1 OR idempotency_key "
      "GLOB ?2");
  out.sure += among(
      "SELECT coalesce(sum(amount), 0) FROM operations WHERE kind = 3 AND stage = 7 AND "
      "(idempotency_key = ?1 OR idempotency_key GLOB ?2)");
  out.sure += among(
      "SELECT coalesce(sum(b.fee), 0) FROM operations b JOIN operations o ON o.id = b.takes_back "
      "WHERE o.idempotency_key = ?1 OR o.idempotency_key GLOB ?2");
  out.perhaps =
      out.sure +
      among(
          "SELECT coalesce(sum(amount), 0) FROM operations WHERE kind = 3 AND stage = 6 AND "
          "(idempotency_key = ?1 OR idempotency_key GLOB ?2)");
  return out;
}

std::string buyer_holds(Market& market, MarketNode& buyer) {
  if (!buyer.risked().empty()) return buyer.risked();
  if (buyer.idle_calls() != 0) return buyer.name() + ": a fetch without a policy met the wallet";
  const auto purchases = buyer.life().buyer->purchases({}, 10000);
  if (!purchases) return purchases.error().detail;
  const streaming::PaymentPolicy& policy = market.policy;
  std::map<Blake3Hash, std::uint64_t> on_blob;
  std::map<EndpointId, std::uint64_t> with_peer;
  std::map<std::int64_t, std::uint64_t> on_day;
  std::uint64_t all = 0;
  db::Connection& db = db_of(buyer);
  for (const auto& each : *purchases) {
    const auto id = each.id.value();
    if (each.state == PurchaseState::begun || each.state == PurchaseState::handed)
      return fmt::format("{}: purchase {} is still open", buyer.name(), id);
    const Gone gone = gone_for(db, id);
    all += gone.sure;
    on_blob[each.what.blob] += gone.perhaps;
    with_peer[each.what.seller] += gone.perhaps;
    on_day[each.at_ms / 86'400'000] += gone.perhaps;
    const auto price =
        sum(db, "SELECT price FROM purchases WHERE id = ?", static_cast<std::int64_t>(id));
    if (gone.perhaps > price + policy.most_fee.value())
      return fmt::format("{}: purchase {} of {} sat has cost {}", buyer.name(), id, price,
                         gone.perhaps);
    for (const auto& seller : market.sellers)
      if (seller->id() == each.what.seller && !market.ever_sold.contains(seller.get()))
        return buyer.name() + " bought of somebody who sells nothing";
  }
  const auto over = [&](const auto& sums, cashu::Amount cap, const char* what) -> std::string {
    for (const auto& [key, spent] : sums)
      if (spent > cap.value())
        return fmt::format("{} spent {} sat {}, above {}", buyer.name(), spent, what, cap.value());
    return "";
  };
  for (const std::string& wrong : {over(on_blob, policy.per_blob, "for one blob"),
                                   over(with_peer, policy.per_peer, "with one peer"),
                                   over(on_day, policy.per_day, "on one day")})
    if (!wrong.empty()) return wrong;
  const auto refunded = sum(db,
                            "SELECT coalesce(sum(p.amount), 0) FROM proofs p JOIN operations o ON "
                            "o.id = p.came_by WHERE o.kind = 4");
  const std::uint64_t had = market.funded[&buyer] + refunded;
  const std::uint64_t now = held(buyer, "");
  if (had != now + all)
    return fmt::format("{} had {} sat, has {}, and purchases took {}", buyer.name(), had, now, all);
  return "";
}

}  // namespace

std::string judge_market(Market& market) {
  if (std::string wrong = conserved(market); !wrong.empty()) return wrong;
  for (const auto& seller : market.sellers)
    if (std::string wrong = seller_holds(market, *seller); !wrong.empty()) return wrong;
  for (const auto& buyer : market.buyers)
    if (std::string wrong = buyer_holds(market, *buyer); !wrong.empty()) return wrong;
  return "";
}

}  // namespace archy::sim
