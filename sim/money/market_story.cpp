// What happens on a market, by chance: fetches with and without money, prices that change, mints
// and networks that fail, sellers who cheat or are away, deaths and restarts; then calm, and the
// books.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "sim/money/market.hpp"

namespace archy::sim {
namespace {

using cashu::Amount;
using namespace std::chrono_literals;
using streaming::ServiceId;

constexpr wallet::Patience kLong{.all = 3600s, .answer = 5s};
// On the way, or at the mint; none that makes the mint lie for good.
constexpr std::string_view kFaults[] = {
    "drop_before", "drop_after",  "answer_before", "answer_after",  "truncate",     "duplicate",
    "one_fewer",   "hide_change", "restart",       "rotate_keyset", "delay_before", "delay_after",
    "pay_failed",  "pay_pending", "wrong_dleq",    "stale_state"};
constexpr std::string_view kRoutes[] = {"POST /v1/swap", "POST /v1/mint/bolt11",
                                        "POST /v1/melt/bolt11", "POST /v1/checkstate", "*"};

class MarketStory {
 public:
  MarketStory(std::uint64_t seed, Outcome& outcome, std::function<void(const std::string&)> tell)
      : market_(seed), random_(SeededRandom(seed).split("story")), outcome_(outcome) {
    market_.tell = std::move(tell);
  }

  void run() {
    open();
    for (std::uint64_t acts = random_.between(8, 25); acts > 0 && is_well(); --acts) {
      act();
      market_.pass(std::chrono::milliseconds(random_.between(0, 3000)));
      restart_some();
    }
    if (is_well()) calm();
    if (is_well())
      if (const std::string wrong = judge_market(market_); !wrong.empty()) outcome_.violated(wrong);
    outcome_.virtual_ms = std::chrono::duration_cast<std::chrono::milliseconds>(
                              market_.world.time.now().time_since_epoch())
                              .count();
    outcome_.steps = market_.world.time.steps();
    outcome_.events = market_.world.log.events();
    outcome_.log_hash = market_.world.log.hash();
  }

 private:
  bool is_well() const { return outcome_.violations == 0; }
  std::uint64_t below(std::uint64_t count) { return random_.between(0, count - 1); }
  MarketNode& any(const std::vector<std::unique_ptr<MarketNode>>& of) {
    return *of[below(of.size())];
  }
  const std::string& any_mint() { return market_.mint_names[below(market_.mint_names.size())]; }
  Death any_death() { return random_.chance(500'000) ? Death::killed : Death::power_cut; }

  // --- the beginning ---------------------------------------------------------------------------

  void open() {
    for (MarketNode* node : market_.everybody()) {
      for (const std::string& mint : market_.mint_names)
        if (!market_.call(node->wallet().add_mint(Market::url(mint), {})))
          return outcome_.violated("a mint that cannot be added");
      (void)node->wallet().set_home(Market::url(any_mint()));
    }
    for (const auto& buyer : market_.buyers) {
      if (random_.chance(150'000)) continue;  // an empty wallet
      for (std::uint64_t i = random_.between(1, 2); i > 0; --i)
        if (auto got = market_.fund(*buyer, any_mint(), random_.between(5, 600)); !got)
          return outcome_.violated("no ecash: " + got.error().detail);
    }
    for (const auto& seller : market_.sellers)
      if (random_.chance(850'000)) set_price(*seller, true);
    const streaming::PaymentPolicy& policy = market_.policy;
    market_.say(fmt::format(
        "{} buyers, {} sellers, {} mints, {} blobs; per blob {}, fee {}, peer {}, day {}",
        market_.buyers.size(), market_.sellers.size(), market_.mint_names.size(),
        market_.blobs.size(), policy.per_blob.value(), policy.most_fee.value(),
        policy.per_peer.value(), policy.per_day.value()));
  }

  void set_price(MarketNode& seller, bool enabled) {
    if (!seller.is_up()) return;
    streaming::Gate& gate = *seller.life().gate;
    const auto all = gate.services();
    if (!all) return;
    streaming::Service service = all->front();
    service.id = ServiceId::content_download;
    service.enabled = enabled;
    service.price = {.step_size = 64u << 10,
                     .per_step = Amount(random_.between(1, 3)),
                     .min_steps = random_.between(1, random_.chance(300'000) ? 12 : 4)};
    service.accepted_mints.reset();
    if (random_.chance(400'000)) service.accepted_mints = {Market::url(any_mint())};
    const auto done = gate.configure(service, all->front().revision);
    market_.say(fmt::format("{} {} at {} sat, {} steps at least{}", seller.name(),
                            enabled ? "sells" : "sells nothing", service.price.per_step.value(),
                            service.price.min_steps, done ? "" : " (not written)"));
    if (enabled) market_.ever_sold.insert(&seller);
    for (const auto& buyer : market_.buyers) {
      streaming::Price& dearest = buyer->dearest[seller.id()];
      dearest.step_size = service.price.step_size;
      dearest.per_step = std::max(dearest.per_step, service.price.per_step);
      dearest.min_steps = std::max(dearest.min_steps, service.price.min_steps);
    }
  }

  // --- the middle ------------------------------------------------------------------------------

  void act() {
    switch (below(20)) {
      case 0:
      case 1:
      case 2:
      case 3:
      case 4:
      case 5:
        return fetch_some();
      case 6:
        return set_price(any(market_.sellers), random_.chance(700'000));
      case 7:
      case 8:
        return trouble_at_a_mint();
      case 9:
      case 10:
        return trouble_on_the_way();
      case 11:
      case 12:
        return death();
      case 13:
        return somebody_is_away();
      case 14:
      case 15:
        return close_a_session();
      case 16:
        return show_an_old_token();
      case 17:
        return trouble_of_a_purse();
      case 18:
        return grab();
      default:
        return change_of_mind();
    }
  }

  // One blob, or all at once: they share the caps of a buyer.
  void fetch_some() {
    MarketNode& buyer = any(market_.buyers);
    if (random_.chance(600'000)) return fetch(buyer, market_.blobs[below(market_.blobs.size())]);
    for (const MarketBlob& blob : market_.blobs) fetch(buyer, blob);
  }

  void fetch(MarketNode& buyer, const MarketBlob& blob) {
    if (!buyer.is_up() || blob.is_sequence || buyer.fetching().contains(blob.hash)) return;
    MarketFetchPlan plan{.hash = blob.hash, .sellers = {}, .policy = {}, .origin = {}};
    for (const MarketNode* seller : blob.sellers)
      if (random_.chance(800'000)) plan.sellers.push_back(seller);
    if (random_.chance(800'000)) plan.policy = market_.policy;
    if (random_.chance(600'000)) plan.origin = blob.origin;
    if (plan.sellers.empty() && !plan.origin) return;
    market_.say(fmt::format("{} fetches {} ({} bytes) from {} sellers{}{}", buyer.name(),
                            blob.hash.hex().substr(0, 8), blob.size, plan.sellers.size(),
                            plan.policy ? ", paying" : "", plan.origin ? ", and the origin" : ""));
    market_.fetches.emplace_back(&buyer, buyer.fetch(std::move(plan)));
  }

  void trouble_at_a_mint() {
    const std::string& name = any_mint();
    const auto fault = kFaults[below(std::size(kFaults))];
    nlohmann::json script = {{"fault", fault}, {"nth", random_.between(1, 3)}};
    if (fault.starts_with("drop") || fault.starts_with("answer") || fault.starts_with("delay") ||
        fault == "truncate" || fault == "duplicate" || fault == "restart" ||
        fault == "rotate_keyset")
      script["route"] = kRoutes[below(std::size(kRoutes))];
    if (fault.starts_with("drop") || fault.starts_with("answer"))
      script["times"] = random_.between(1, 6);
    if (fault.starts_with("delay") || fault.starts_with("pay_"))
      script["ms"] = random_.between(1, random_.chance(300'000) ? 120'000 : 15'000);
    market_.say(fmt::format("{}: {}", name, script.dump()));
    if (auto added = market_.mints->find(name)->faults().add(script.dump()); !added)
      outcome_.violated("a fault that is none: " + added.error().detail);
  }

  void trouble_on_the_way() {
    VirtualNetwork& network = market_.world.network;
    if (random_.chance(300'000)) {
      market_.say("the network is calm");
      return network.calm();
    }
    const auto& one = any(market_.buyers).machine.host->ip();
    const auto& other = any(market_.sellers).machine.host->ip();
    Link link;
    link.delay = std::chrono::milliseconds(random_.between(1, 80));
    link.loss_ppm = random_.between(0, 100'000);
    link.duplicate_ppm = random_.between(0, 20'000);
    link.reorder_ppm = random_.between(0, 50'000);
    link.reorder_by = 20ms;
    if (random_.chance(500'000)) link.bytes_per_s = random_.between(64, 1024) << 10;
    network.set_link(one, other, link);
    network.set_link(other, one, link);
    const bool cut = random_.chance(300'000);
    if (cut) random_.chance(500'000) ? network.cut(one, other) : network.cut(other, one);
    market_.say(fmt::format("a way is bad: {} ppm lost{}", link.loss_ppm, cut ? ", cut" : ""));
  }

  void death() {
    const auto all = market_.everybody();
    MarketNode& node = *all[below(all.size())];
    if (!node.is_up()) return;
    const Death death = any_death();
    const std::uint64_t call = random_.chance(200'000) ? 0 : random_.between(1, 150);
    market_.say(fmt::format("{} is {} at disk call {}", node.name(),
                            death == Death::killed ? "killed" : "cut off", call));
    call == 0 ? node.die(death) : node.die_at_disk_call(call, death);
  }

  void somebody_is_away() {
    MarketNode& node = any(market_.sellers);
    if (!node.is_up()) return;
    market_.say(node.name() + " goes away");
    market_.run(node.end());
  }

  void close_a_session() {
    MarketNode& seller = any(market_.sellers);
    if (!seller.is_up()) return;
    auto sessions = seller.life().gate->sessions(false);
    if (!sessions || sessions->empty()) return;
    const streaming::SessionView session = (*sessions)[below(sessions->size())];
    auto closed = market_.call(seller.life().gate->close_session(session.id, seller.stop()));
    market_.say(fmt::format("{} closes session {}: {}", seller.name(), session.id,
                            !closed         ? to_string(closed.error())
                            : closed->token ? "a token"
                                            : "nothing is left"));
    if (!closed || !closed->token) return;
    for (const auto& buyer : market_.buyers)
      if (buyer->id() == session.peer)
        market_.refunds.push_back({buyer.get(), *closed->token, false});
    if (random_.chance(700'000)) take_in(market_.refunds.back(), {.all = 20s, .answer = 5s});
  }

  void take_in(Refunded& refund, wallet::Patience patience) {
    if (refund.taken || !refund.to->is_up()) return;
    auto took =
        market_.call(refund.to->wallet().receive(refund.token, false, patience, refund.to->stop()));
    market_.say(fmt::format("{} takes a refund in: {}", refund.to->name(),
                            took ? std::string(to_string(took->state)) : to_string(took.error())));
    refund.taken = took && took->state == wallet::OperationState::done;
  }

  // A token that was handed out before, to the same seller or another one, by its owner or not.
  void show_an_old_token() {
    MarketNode& owner = any(market_.buyers);
    MarketNode& shower = random_.chance(600'000) ? owner : any(market_.buyers);
    if (!owner.is_up() || !shower.is_up()) return;
    const auto bought = owner.life().buyer->purchases({}, 50);
    if (!bought || bought->empty()) return;
    const auto& purchase = (*bought)[below(bought->size())];
    if (purchase.state != streaming::PurchaseState::taken) return;
    MarketNode* seller = &any(market_.sellers);
    if (random_.chance(700'000))
      for (const auto& each : market_.sellers)
        if (each->id() == purchase.what.seller) seller = each.get();
    const auto history = owner.wallet().history(500);
    if (!history) return;
    for (const auto& operation : *history) {
      if (operation.idempotency_key != "purchase " + std::to_string(purchase.id.value())) continue;
      const auto token = owner.wallet().token_of(operation.id);
      if (!token) continue;
      market_.say(fmt::format("{} shows {} a token of {} again", shower.name(), seller->name(),
                              owner.name()));
      return shower.show_token(*seller, purchase.what.blob, *token);
    }
  }

  void trouble_of_a_purse() {
    const auto all = market_.everybody();
    MarketNode& node = *all[below(all.size())];
    if (!node.is_up()) return;
    const std::uint64_t nth = random_.between(1, 10), more = random_.between(0, 30);
    node.life().purse->fail_at(nth, more, random_.chance(500'000) ? Code::io : Code::try_later);
    market_.say(fmt::format("the wallet of {} fails from call {} on, {} times", node.name(), nth,
                            more + 1));
  }

  void grab() {
    MarketNode& buyer = any(market_.buyers);
    if (!buyer.is_up()) return;
    for (const MarketBlob& blob : market_.blobs) {
      if (!blob.is_sequence) continue;
      MarketNode& seller = *blob.sellers.front();
      if (seller.is_up() && random_.chance(500'000))
        seller.life().purse->fail_at(random_.between(1, 6), random_.between(0, 2));
      market_.say(
          fmt::format("{} grabs a sequence of {}", buyer.name(), blob.sellers.front()->name()));
      buyer.grab(*blob.sellers.front(), blob.hash);
    }
  }

  void change_of_mind() {
    SellerWatch& watch = any(market_.sellers).watch;
    constexpr Cheat kWays[] = {Cheat::none, Cheat::none, Cheat::sends_nothing,
                               Cheat::denies_payment};
    watch.cheat = kWays[below(std::size(kWays))];
    market_.say(fmt::format("a seller cheats: {}", static_cast<int>(watch.cheat)));
  }

  void boot(MarketNode& node) {
    if (node.is_up()) return;
    market_.run(node.end());
    market_.say(node.name() + " starts again");
    if (auto booted = node.boot(); !booted)
      outcome_.violated(node.name() + " does not start: " + to_string(booted.error()));
  }

  void restart_some() {
    for (MarketNode* node : market_.everybody())
      if (!node->is_up() && random_.chance(500'000)) boot(*node);
  }

  // --- the end ---------------------------------------------------------------------------------

  void calm() {
    market_.say("calm");
    for (const std::string& name : market_.mint_names) market_.mints->find(name)->faults().clear();
    market_.world.network.calm();
    market_.world.origin.calm();
    for (MarketNode* node : market_.everybody()) {
      node->watch.cheat = Cheat::none;
      node->machine.files.disarm_power_cut();
      if (node->has_program()) node->life().purse->fail_at(0);
      boot(*node);
    }
    if (!is_well()) return;
    market_.wait([&] { return nobody_fetches(); }, 1h);
    if (!nobody_fetches()) return outcome_.violated("a fetch that never ends");
    fetch_what_is_missing();
    // Invoices that nobody pays end a day after their own end.
    for (int day = 0; day < 3 && is_well(); ++day) {
      settle();
      market_.pass(25h);
    }
    settle();
  }

  bool nobody_fetches() const {
    for (const auto& buyer : market_.buyers)
      if (!buyer->fetching().empty()) return false;
    return true;
  }

  // Whatever sellers have done, what has an origin is had.
  void fetch_what_is_missing() {
    for (const auto& buyer : market_.buyers)
      for (const MarketBlob& blob : market_.blobs) {
        if (!blob.origin) continue;
        MarketFetchPlan plan{.hash = blob.hash, .sellers = {}, .policy = {}, .origin = blob.origin};
        plan.sellers.assign(blob.sellers.begin(), blob.sellers.end());
        if (random_.chance(500'000)) plan.policy = market_.policy;
        const auto fetch = buyer->fetch(std::move(plan));
        market_.wait([&] { return fetch->done; }, 1h);
        const auto info = buyer->store().info(blob.hash);
        if (!fetch->done || fetch->error || !info || !*info || !(*info)->complete)
          return outcome_.violated(fmt::format(
              "{} has an origin, and {} does not get it: {}", blob.hash.hex().substr(0, 8),
              buyer->name(), fetch->error ? to_string(*fetch->error) : "it never ends"));
      }
  }

  void settle() {
    for (MarketNode* node : market_.everybody()) {
      auto resumed = market_.call(node->wallet().resume(kLong, node->stop()));
      if (!resumed) outcome_.violated("no resume: " + resumed.error().detail);
      if (node->life().buyer)
        if (auto recovered = market_.call(node->life().buyer->recover(node->stop())); !recovered)
          outcome_.violated("no recovery: " + recovered.error().detail);
    }
    for (Refunded& refund : market_.refunds) take_in(refund, kLong);
    for (MarketNode* node : market_.everybody())
      if (auto looked = market_.call(node->wallet().look_after_handed(node->stop())); !looked)
        outcome_.violated("tokens that are out: " + looked.error().detail);
  }

  Market market_;
  SeededRandom random_;
  Outcome& outcome_;
};

}  // namespace

void run_market(std::uint64_t seed, Outcome& outcome,
                const std::function<void(const std::string&)>& tell) {
  MarketStory(seed, outcome, tell).run();
  outcome.finished = true;
}

}  // namespace archy::sim
