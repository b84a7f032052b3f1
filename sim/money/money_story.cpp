#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "sim/money/look_back.hpp"
#include "sim/money/wallet_story.hpp"

namespace archy::sim {
namespace {

using cashu::Amount;
using namespace std::chrono_literals;

constexpr wallet::Patience kShort{.all = 3s, .answer = 2s};
constexpr wallet::Patience kLong{.all = 3600s, .answer = 5s};

// On the way, or at the mint; none that makes the mint lie for good.
constexpr std::string_view kFaults[] = {
    "drop_before", "drop_after",   "answer_before", "answer_after",  "truncate",
    "duplicate",   "wrong_dleq",   "missing_dleq",  "wrong_amount",  "one_fewer",
    "one_more",    "hide_change",  "stale_state",   "rotate_keyset", "restart",
    "delay_after", "delay_before", "pay_failed",    "pay_pending",   "expire_quote"};
constexpr std::string_view kRoutes[] = {"POST /v1/swap",
                                        "POST /v1/mint/bolt11",
                                        "POST /v1/melt/bolt11",
                                        "GET /v1/melt/*",
                                        "POST /v1/restore",
                                        "POST /v1/checkstate",
                                        "*"};

class Story {
 public:
  Story(std::uint64_t seed, Outcome& outcome, std::function<void(const std::string&)> tell)
      : tell_(std::move(tell)),
        random_(SeededRandom(seed).split("story")),
        world_(seed, mints(seed)),
        outcome_(outcome) {
    world_.set_client(&recorder_);
    for (const auto& [name, mint] : world_.mints().all()) names_.push_back(name);
    recorder_.on_sent([this](const std::string& url, const std::string&) {
      if (world_.was_killed() || !world_.is_running()) return;
      if (const std::string wrong = out_of_order(world_.wallet(), url); !wrong.empty())
        outcome_.violated(wrong);
    });
  }

  void tell() {
    if (!world_.start()) return outcome_.violated("no start");
    for (const std::string& name : names_)
      if (!world_.run(world_.wallet().add_mint(world_.url(name), {})))
        return outcome_.violated("a mint that cannot be added");
    (void)world_.wallet().set_home(world_.url("mint-a"));
    for (std::uint64_t deeds = random_.between(4, 10); deeds > 0; --deeds) deed();
    calm();
  }

 private:
  static std::vector<testmint::MintOptions> mints(std::uint64_t seed) {
    SeededRandom random = SeededRandom(seed).split("mints");
    std::vector<testmint::MintOptions> out(random.between(2, 4));
    for (std::size_t i = 0; i < out.size(); ++i) {
      testmint::MintOptions* each = &out[i];
      each->name = std::string("mint-") + static_cast<char>('a' + i);
      each->keyset.version =
          random.chance(500'000) ? cashu::KeysetId::Version::v1 : cashu::KeysetId::Version::v2;
      each->keyset.input_fee_ppk = random.between(0, 2) * 100;
      each->sums = random.chance(500'000);
      each->outputs_first = random.chance(500'000);
      each->keysets_first = random.chance(300'000);
      if (random.chance(250'000)) each->melt_quote_ttl_s = 0;
      if (random.chance(200'000)) each->without.insert(8);
      if (random.chance(150'000)) {
        // Its only memory is NUT-19's, which then never forgets.
        each->without.insert(9);
        each->cache_ttl_s = std::nullopt;
      } else if (random.chance(300'000)) {
        each->without.insert(19);
      }
    }
    return out;
  }

  std::string pick_mint() {
    return random_.chance(600'000) ? "mint-a" : names_[random_.between(0, names_.size() - 1)];
  }
  std::string other_than(const std::string& name) {
    for (;;)
      if (std::string other = names_[random_.between(0, names_.size() - 1)]; other != name)
        return other;
  }

  void say(const std::string& line) {
    if (tell_) tell_(line);
  }
  void say_operations() {
    if (!tell_ || !world_.is_running()) return;
    auto all = world_.wallet().history(1000);
    if (!all) return;
    for (auto each = all->rbegin(); each != all->rend(); ++each) {
      auto view = world_.wallet().show(each->id);
      std::string requests;
      if (view)
        for (const auto& request : view->requests)
          requests += fmt::format(" [{} state {}{} {} outputs]", request.path,
                                  static_cast<int>(request.state),
                                  request.unanswered ? " unanswered" : "", request.outputs);
      say(fmt::format("  {} {} {} {} {} amount {} fee {} \"{}\"{}", each->id.value(),
                      view ? view->mint_url : "", to_string(each->kind), to_string(each->state),
                      to_string(each->stage), each->amount.value(), each->fee.value(), each->note,
                      requests));
    }
  }

  void trouble(const std::string& name) {
    for (std::uint64_t i = random_.between(0, 2); i > 0; --i) {
      const auto fault = kFaults[random_.between(0, std::size(kFaults) - 1)];
      // A mint that cannot be asked again would lie for good.
      const bool no_memory = world_.mint(name).options().without.contains(9);
      if (no_memory && (fault == "restart" || fault == "hide_change")) continue;
      auto route = kRoutes[random_.between(0, std::size(kRoutes) - 1)];
      nlohmann::json script = {{"fault", fault}, {"nth", random_.between(1, 2)}};
      // The others know their route themselves.
      if (fault.starts_with("drop") || fault.starts_with("answer") || fault.starts_with("delay") ||
          fault == "truncate" || fault == "duplicate" || fault == "restart" ||
          fault == "rotate_keyset")
        script["route"] = route;
      // The longest outlast the wallet's patience: they arrive when it has asked what became of
      // them.
      if (fault.starts_with("delay"))
        script["ms"] = random_.between(1, random_.chance(300'000) ? 600'000 : 20'000);
      if (fault.starts_with("pay_")) script["ms"] = random_.between(1, 120'000);
      say(fmt::format("  fault at {}: {}", name, script.dump()));
      if (auto added = world_.mint(name).faults().add(script.dump()); !added)
        outcome_.violated("a fault that is none: " + added.error().detail);
    }
    if (random_.chance(50'000)) lost_and_rotated(name);
    if (random_.chance(50'000)) late_payment(name);
    if (!random_.chance(350'000)) return;
    const std::uint64_t at = random_.between(1, 120);
    const Death death = random_.chance(500'000) ? Death::killed : Death::power_cut;
    say(fmt::format("  {} at disk call {}", death == Death::killed ? "killed" : "power cut", at));
    world_.kill_at_disk_call(at, death);
  }

  void script(const std::string& name, std::initializer_list<nlohmann::json> faults) {
    for (const nlohmann::json& each : faults) {
      say("  fault at " + name + ": " + each.dump());
      if (!world_.mint(name).faults().add(each.dump())) outcome_.violated("a fault that is none");
    }
  }

  // Executed, the answer lost, nothing to be heard of it, and the keyset retired before it is sent
  // again.
  void lost_and_rotated(const std::string& name) {
    const char* route = random_.chance(500'000) ? "POST /v1/swap" : "POST /v1/mint/bolt11";
    script(name, {{{"fault", "drop_after"}, {"route", route}},
                  {{"fault", "drop_before"}, {"route", "POST /v1/restore"}},
                  {{"fault", "rotate_keyset"}, {"route", route}, {"nth", 2}}});
  }

  // It arrives when the wallet has given up waiting and has heard that nothing was paid.
  void late_payment(const std::string& name) {
    script(name, {{{"fault", "delay_before"},
                   {"route", "POST /v1/melt/bolt11"},
                   {"ms", random_.between(100'000, 600'000)}}});
  }

  void deed() {
    const std::string name = pick_mint();
    trouble(name);
    auto& wallet = world_.wallet();
    const Amount amount(random_.between(1, 60));
    const wallet::Wallet::Caller caller{world_.url(name), {}};
    const std::uint64_t choice = random_.between(0, 12);
    constexpr std::string_view kNames[] = {
        "mint",         "mint",  "send",  "receive", "melt",           "take back",       "resume",
        "send by name", "cross", "cross", "payment", "resume at once", "a second program"};
    say(fmt::format("{} {} at {}, balance {}", kNames[choice], amount.value(), name,
                    world_.balance(name)));
    switch (choice) {
      case 0:
      case 1:
        fund(name);
        break;
      case 2: {
        auto sent = world_.run(wallet.send({.amount = amount}, {}, caller, kShort, world_.stop()));
        if (sent && sent->state == wallet::OperationState::done) asked_.tokens.push_back(sent->id);
        break;
      }
      case 3:
        if (!asked_.tokens.empty()) receive_one();
        break;
      case 4:
        melt(name, amount);
        break;
      case 5:
        if (!asked_.tokens.empty())
          (void)world_.run(wallet.take_back(
              asked_.tokens[random_.between(0, asked_.tokens.size() - 1)], kShort, world_.stop()));
        break;
      case 6:
        (void)world_.run(wallet.resume(kShort, world_.stop()));
        break;
      case 7:
        send_by_name(name, amount);
        break;
      case 8:
      case 9:
        cross(name, amount);
        break;
      case 10:
        payment(name, amount);
        break;
      case 11:
        (void)world_.run_both(wallet.resume(kShort, world_.stop()),
                              wallet.resume(kShort, world_.stop()));
        break;
      default:
        if (world_.start_another()) outcome_.violated("two programs write to one wallet");
        break;
    }
    world_.pass(std::chrono::milliseconds(random_.between(0, 5000)));
    if (world_.was_killed() || random_.chance(150'000)) restart();
  }

  void melt(const std::string& name, Amount amount) {
    const bool across = random_.chance(300'000);
    wallet::MeltTerms terms{world_.outside_invoice(amount.value()), {}};
    if (across) terms.invoice = invoice_of_other(name, amount).value_or(terms.invoice);
    if (random_.chance(500'000)) terms.most_fee = Amount(random_.between(0, 6));
    const auto cap = terms.most_fee;
    const auto melted = world_.run(
        world_.wallet().melt(std::move(terms), {world_.url(name), {}}, kShort, world_.stop()));
    if (melted && cap) asked_.caps[melted->id] = *cap;
  }

  void cross(const std::string& name, Amount amount) {
    const std::string other = other_than(name);
    trouble(other);
    say(fmt::format("  to {}, balance {}", other, world_.balance(other)));
    const wallet::CrossTerms terms{amount, Amount(random_.between(0, 12))};
    std::optional<std::string> key;
    if (random_.chance(300'000)) key = "cross " + std::to_string(named_++);
    const auto ask = [&] {
      return world_.run(world_.wallet().swap_between_mints(world_.url(name), world_.url(other),
                                                           terms, key, kShort, world_.stop()));
    };
    const auto swapped = ask();
    if (swapped) asked_.caps[swapped->id] = terms.most_fee;
    if (!key || !swapped || world_.was_killed()) return;
    const auto again = ask();
    if (again && again->id != swapped->id) outcome_.violated("two swaps of one name");
  }

  // As a buyer would, and its token is redeemed or not.
  void payment(const std::string& name, Amount amount) {
    std::vector<std::string> accepted{world_.url(name)};
    if (random_.chance(500'000)) accepted.push_back(world_.url(other_than(name)));
    if (random_.chance(200'000)) accepted.push_back("http://never-seen.test");
    const Amount most_fee(random_.between(0, 12));
    std::optional<std::string> key;
    if (random_.chance(500'000)) key = "payment " + std::to_string(named_++);
    const auto ask = [&] {
      return world_.run(world_.wallet().build_payment_token({accepted, amount, most_fee}, key,
                                                            kShort, world_.stop()));
    };
    auto outcome = ask();
    if (world_.was_killed() || random_.chance(150'000)) restart();
    if (outcome_.violations > 0) return;
    if (key) {
      const auto again = ask();
      const auto token_of = [](const Result<wallet::PaymentOutcome>& one) {
        const auto* payment = one ? std::get_if<wallet::Payment>(&*one) : nullptr;
        return payment ? std::optional(payment->token) : std::nullopt;
      };
      const auto first = token_of(outcome), second = token_of(again);
      if (first && second && *first != *second) outcome_.violated("two tokens of one name");
      if (!first && second) outcome = again;
    }
    const auto* paid = outcome ? std::get_if<wallet::Payment>(&*outcome) : nullptr;
    if (paid == nullptr || world_.was_killed()) return;
    asked_.tokens.push_back(paid->token);
    if (paid->fee > most_fee) outcome_.violated("a payment over its fee limit");
  }

  std::optional<std::string> invoice_of_other(const std::string& name, Amount amount) {
    const std::string other = other_than(name);
    auto quoted = world_.run(world_.wallet().mint(amount, {world_.url(other), {}}, world_.stop()));
    if (!quoted) return std::nullopt;
    auto view = world_.wallet().show(quoted->id);
    if (!view || !view->quote) return std::nullopt;
    return view->quote->invoice;
  }

  void fund(const std::string& name) {
    auto quoted = world_.run(world_.wallet().mint(Amount(random_.between(1, 200)),
                                                  {world_.url(name), {}}, world_.stop()));
    if (!quoted) return;
    auto view = world_.wallet().show(quoted->id);
    if (!view || !view->quote) return;
    if (random_.chance(900'000)) world_.pay_from_outside(view->quote->invoice);
    (void)world_.run(world_.wallet().go_on(quoted->id, kShort, world_.stop()));
  }

  // Asked for twice by one name, perhaps with a restart in between: it is one operation.
  void send_by_name(const std::string& name, Amount amount) {
    const wallet::Wallet::Caller caller{world_.url(name), "story " + std::to_string(named_++)};
    const auto ask = [&](Amount sum) {
      return world_.run(world_.wallet().send({.amount = sum}, {}, caller, kShort, world_.stop()));
    };
    const auto first = ask(amount);
    if (world_.was_killed() || random_.chance(150'000)) restart();
    if (outcome_.violations > 0 || !first) return;
    const auto again = ask(amount);
    if (again && again->id != first->id) outcome_.violated("two operations of one name");
    if (ask(amount.plus(Amount(1)).value_or(amount)))
      outcome_.violated("one name for two requests");
    if (!world_.was_killed() && again && again->state == wallet::OperationState::done)
      asked_.tokens.push_back(again->id);
  }

  void receive_one() {
    const auto id = asked_.tokens[random_.between(0, asked_.tokens.size() - 1)];
    auto token = world_.wallet().token_of(id);
    if (token) (void)world_.run(world_.wallet().receive(*token, false, kShort, world_.stop()));
  }

  void restart() {
    say("restart");
    if (copy_.empty() || random_.chance(300'000)) copy_ = world_.copy_database();
    if (auto started = world_.start(); !started)
      outcome_.violated("no start: " + started.error().detail);
  }

  // Nothing fails any more: everything comes to an end, and every sat is somewhere.
  void calm() {
    for (const std::string& name : names_) world_.mint(name).faults().clear();
    restart();
    if (outcome_.violations > 0) return;
    // Invoices that nobody pays end a day after their own end.
    for (int day = 0; day < 3; ++day) {
      auto resumed = world_.run(world_.wallet().resume(kLong, world_.stop()));
      if (!resumed) return outcome_.violated("no resume: " + resumed.error().detail);
      world_.pass(25h);
    }
    say_operations();
    auto open = world_.wallet().open_operations();
    if (!open) return outcome_.violated(open.error().detail);
    for (const wallet::Operation& operation : *open)
      outcome_.violated(fmt::format("operation {} ({}) is still {} at {}: {}", operation.id.value(),
                                    to_string(operation.kind), to_string(operation.state),
                                    to_string(operation.stage), operation.note));
    if (auto looked = world_.run(world_.wallet().look_after_handed(world_.stop())); !looked)
      outcome_.violated("handed: " + looked.error().detail);
    for (const std::string& name : names_)
      if (const std::string wrong = world_.imbalance(name); !wrong.empty())
        outcome_.violated(wrong);
    if (outcome_.violations == 0)
      if (const std::string wrong = look_back(world_, recorder_, asked_); !wrong.empty())
        outcome_.violated(wrong);
    if (outcome_.violations == 0) still_works();
    if (outcome_.violations == 0 && random_.chance(300'000)) put_old_copy_back();
    outcome_.virtual_ms = std::chrono::duration_cast<std::chrono::milliseconds>(
                              world_.time().now().time_since_epoch())
                              .count();
    outcome_.steps = world_.time().steps();
  }

  // Whatever has happened, new ecash can be had and spent.
  void still_works() {
    if (auto funded = world_.fund("mint-a", 70); !funded)
      return outcome_.violated("cannot be funded any more: " + funded.error().detail);
    auto sent = world_.run(world_.wallet().send({.amount = Amount(33)}, {},
                                                {world_.url("mint-a"), {}}, kLong, world_.stop()));
    if (!sent || sent->state != wallet::OperationState::done)
      return outcome_.violated("cannot send any more: " +
                               (sent ? sent->note : sent.error().detail));
    if (const std::string wrong = world_.imbalance("mint-a"); !wrong.empty())
      outcome_.violated(wrong);
  }

  // A database from before much of this, in place of the newest: nothing it has to derive was used
  // since, and with the mints' memory everything is had back.
  void put_old_copy_back() {
    for (const std::string& name : names_)
      if (world_.mint(name).options().without.contains(9)) return;
    say("an old copy is put back");
    world_.put_database_back(copy_);
    if (auto started = world_.start(); !started)
      return outcome_.violated("no start of an old copy: " + started.error().detail);
    if (!world_.wallet().is_old_copy()) return outcome_.violated("an old copy is not noticed");
    if (auto funded = world_.fund("mint-a", 90); !funded)
      return outcome_.violated("an old copy cannot be funded: " + funded.error().detail);
    for (int day = 0; day < 3; ++day) {
      (void)world_.run(world_.wallet().resume(kLong, world_.stop()));
      world_.pass(25h);
    }
    for (const std::string& name : names_) {
      auto report = world_.run(world_.wallet().restore(world_.url(name), world_.stop()));
      if (!report) return outcome_.violated("no restore: " + report.error().detail);
    }
    (void)world_.run(world_.wallet().look_after_handed(world_.stop()));
    say_operations();
    for (const std::string& name : names_)
      if (const std::string wrong = world_.imbalance(name); !wrong.empty())
        outcome_.violated("after an old copy: " + wrong);
  }

  std::function<void(const std::string&)> tell_;
  SeededRandom random_;
  WalletWorld world_;
  Recorder recorder_{world_.http()};
  Outcome& outcome_;
  std::map<std::string, Bytes> copy_;
  Asked asked_;
  std::vector<std::string> names_;
  std::uint64_t named_ = 0;
};

}  // namespace

void run_money_story(std::uint64_t seed, Outcome& outcome,
                     const std::function<void(const std::string&)>& tell) {
  Story(seed, outcome, tell).tell();
  outcome.finished = true;
}

}  // namespace archy::sim
