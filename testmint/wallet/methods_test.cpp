// The methods wallet.* over the real dispatcher and the real wallet of a node; only the network is
// testmint's: what was asked of the mints is in their books.
#include <gtest/gtest.h>
#include <stdlib.h>

#include <boost/asio/co_spawn.hpp>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <set>

#include "app/local_node.hpp"
#include "rpc/answer.hpp"
#include "rpc/dispatch.hpp"
#include "rpc/message.hpp"
#include "rt/scope.hpp"
#include "testmint/direct_client.hpp"

namespace archy::testmint {
namespace {

using rpc::Json;

rt::Task<std::string> answer(rpc::Dispatcher& dispatcher, std::string text, rpc::Grant grant) {
  std::string out = co_await dispatcher.answer(text, std::move(grant));
  co_return out;
}

rt::Task<> close_node(app::LocalNode& node) {
  co_await node.close();
  co_return Result<>{};
}

rt::Task<> close_scope(rt::Scope& scope, rt::Clock& clock) {
  co_await scope.close(clock);
  co_return Result<>{};
}

class WalletMethods : public testing::Test {
 protected:
  WalletMethods() {
    std::string pattern = (std::filesystem::temp_directory_path() / "methods-XXXXXX").native();
    EXPECT_NE(::mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
    auto core = app::Core::open({folder_ / "node"});
    EXPECT_TRUE(core) << core.error().detail;
    core_ = std::move(*core);
    settings::ConfigPlaces places;
    places.data_dir = folder_ / "node";
    places.system = folder_ / "none";
    config_.emplace(*settings::ConfigFile::load(core_->env().files, places, {}));
    MintOptions a, b;
    a.name = "a";
    a.keyset.input_fee_ppk = 100;
    b.name = "b";
    a.auto_pay = b.auto_pay = true;
    auto mints = LinkedMints::open(core_->env().files, folder_, core_->env().random, {a, b});
    EXPECT_TRUE(mints) << mints.error().detail;
    mints_ = std::move(*mints);
    client_.emplace(core_->env().executor, core_->env().clock);
    client_->route_all(*mints_);
    events_.emplace(core_->env().executor);
    tokens_.emplace(core_->env().random);
    node_.emplace(*core_, *config_, *events_, app::LocalNodeOptions{.mints = &*client_});
    dispatcher_.emplace(rpc::Context{*node_, *events_, &*tokens_, core_->env().clock});
  }
  ~WalletMethods() override {
    EXPECT_TRUE(core_->run(close_node(*node_)));
    dispatcher_.reset();
    node_.reset();
    client_.reset();
    mints_.reset();
    std::filesystem::remove_all(folder_);
  }

  Result<Json> ask(const std::string& method, const Json& params,
                   rpc::Grant grant = rpc::Grant::own_user()) {
    TRY(text, core_->run(answer(*dispatcher_, rpc::call_text(method, rpc::to_text(params)),
                                std::move(grant))));
    return rpc::result_of(text);
  }
  Json must(const std::string& method, const Json& params) {
    auto out = ask(method, params);
    EXPECT_TRUE(out) << method << ": " << to_string(out.error());
    return out.value_or(Json::object());
  }
  Code refused(const std::string& method, const Json& params,
               rpc::Grant grant = rpc::Grant::own_user()) {
    auto out = ask(method, params, std::move(grant));
    EXPECT_FALSE(out) << method << " was not refused";
    return out ? Code::internal : out.error().code;
  }
  // A wallet with so much at mint a.
  void fund(std::uint64_t sats) {
    must("wallet.create", {{"show", false}});
    EXPECT_EQ(must("wallet.mint_add", {{"url", "http://a.test"}})["home"], true);
    const Json quoted = must("wallet.mint", {{"amount_sats", sats}});
    EXPECT_EQ(must("wallet.go_on", {{"operation", quoted["operation"]}})["state"], "done");
  }
  // Nobody but the wallet pays its invoices.
  void know_other_mint() {
    mints_->find("b")->options().auto_pay = false;
    must("wallet.mint_add", {{"url", "http://b.test"}});
  }
  std::uint64_t balance() { return must("wallet.balance", Json::object())["total_sats"]; }
  void fault(const char* json) { EXPECT_TRUE(mints_->find("a")->faults().add(json)); }

  rt::Path folder_;
  std::unique_ptr<app::Core> core_;
  std::optional<settings::ConfigFile> config_;
  std::unique_ptr<LinkedMints> mints_;
  std::optional<DirectClient> client_;
  std::optional<rpc::Events> events_;
  std::optional<rpc::Tokens> tokens_;
  std::optional<app::LocalNode> node_;
  std::optional<rpc::Dispatcher> dispatcher_;
};

TEST_F(WalletMethods, SwapsBetweenMintsAndTellsOfBothEnds) {
  fund(1000);
  know_other_mint();
  const Json asked{{"from", "http://a.test"},
                   {"to", "http://b.test"},
                   {"amount_sats", 500},
                   {"max_fee_sats", 20},
                   {"key", "one"}};
  const Json swapped = must("wallet.swap", asked);
  EXPECT_EQ(swapped["state"], "done") << swapped.dump();
  EXPECT_EQ(swapped["kind"], "cross_swap");
  EXPECT_EQ(swapped["mint"], "http://a.test");
  EXPECT_EQ(swapped["counterpart"], "http://b.test");
  EXPECT_EQ(must("wallet.swap", asked)["operation"], swapped["operation"]);
  EXPECT_EQ(balance() + swapped["fee_sats"].get<std::uint64_t>(), 1000u);
  std::size_t parts = 0;
  for (const Json& row : must("wallet.history", Json::object())["operations"])
    parts += row["part_of"] == swapped["operation"] ? 1 : 0;
  EXPECT_EQ(parts, 2u);
  const Json routes = must("wallet.routes", Json::object())["routes"];
  ASSERT_EQ(routes.size(), 1u);
  EXPECT_EQ(routes[0]["proven"], true);
  EXPECT_EQ(refused("wallet.cancel", {{"operation", 9999}}), Code::not_found);
  EXPECT_EQ(must("wallet.cancel", {{"operation", swapped["operation"]}})["state"], "done");
}

TEST_F(WalletMethods, PlansWithoutAskingAnybody) {
  fund(1000);
  know_other_mint();
  const auto plan = [&](const char* mint) {
    return must("wallet.plan", {{"amount_sats", 300}, {"accepted_mints", Json::array({mint})}});
  };
  EXPECT_EQ(plan("http://a.test/")["plan"], "direct");
  const Json swap = plan("http://b.test");
  EXPECT_EQ(swap["plan"], "swap");
  EXPECT_EQ(swap["ways"][0]["from"], "http://a.test");
  EXPECT_TRUE(swap["ways"][0]["refused"].is_null());
  const Json none = plan("http://theirs.test");
  EXPECT_EQ(none["plan"], "insufficient");
  EXPECT_EQ(none["reason"], "untrusted");
}

TEST_F(WalletMethods, PreparesAPaymentOrDeclinesItAndMovesNothing) {
  fund(1000);
  know_other_mint();
  const auto prepare = [&](Json more) {
    Json params{{"accepted_mints", Json::array({"http://b.test"})}, {"price_sats", 300}};
    params.update(more);
    return must("streaming.prepare-payment", params);
  };
  const auto reason = [&](const Json& more) {
    const Json said = prepare(more);
    EXPECT_EQ(said["status"], "declined");
    EXPECT_TRUE(said["token"].is_null());
    return said["reason"].get<std::string>();
  };
  EXPECT_EQ(reason(Json::object()), "price_over_budget") << "nothing is paid unless it is allowed";
  EXPECT_EQ(reason({{"budget_sats", 299}}), "price_over_budget");
  EXPECT_EQ(reason({{"budget_sats", 300}}), "fee_over_cap") << "nor any fee";
  EXPECT_EQ(reason({{"budget_sats", 300},
                    {"max_fee_sats", 20},
                    {"accepted_mints", Json::array({"http://theirs.test"})}}),
            "untrusted");
  EXPECT_EQ(reason({{"price_sats", 3000}, {"budget_sats", 3000}, {"max_fee_sats", 200}}),
            "no_balance");
  EXPECT_EQ(balance(), 1000u) << "nothing was moved";
  const Json ready = prepare({{"budget_sats", 300}, {"max_fee_sats", 20}, {"key", "film"}});
  ASSERT_EQ(ready["status"], "ready") << ready.dump();
  EXPECT_EQ(ready["mint"], "http://b.test");
  EXPECT_EQ(prepare({{"budget_sats", 300}, {"max_fee_sats", 20}, {"key", "film"}})["token"],
            ready["token"]);
  const std::uint64_t before = balance();
  client_->route("http://b.test", nullptr);
  EXPECT_EQ(reason({{"budget_sats", 300}, {"max_fee_sats", 20}}), "mint_away");
  EXPECT_EQ(reason({{"budget_sats", 300}, {"max_fee_sats", 20}}), "left_alone");
  client_->route("http://b.test", mints_->find("b"));
  EXPECT_EQ(balance(), before);
  EXPECT_EQ(must("wallet.receive", {{"token", ready["token"]}})["state"], "done");
}

TEST_F(WalletMethods, NothingIsThereBeforeAWalletIs) {
  for (const char* method : {"wallet.words", "wallet.balance", "wallet.mints", "wallet.history",
                             "wallet.resume", "wallet.lock_key"})
    EXPECT_EQ(refused(method, Json::object()), Code::not_found) << method;
  const Json made = must("wallet.create", Json::object());
  EXPECT_EQ(made["created"], true);
  EXPECT_EQ(must("wallet.words", Json::object())["words"], made["words"]);
  EXPECT_TRUE(must("wallet.create", Json::object())["words"].is_null());
}

TEST_F(WalletMethods, MoneyComesIsSentTakenBackAndPaid) {
  fund(256);
  const Json sent = must("wallet.send", {{"amount_sats", 30}, {"memo", "tea"}, {"key", "k"}});
  EXPECT_EQ(sent["state"], "done");
  EXPECT_EQ(must("wallet.token", {{"operation", sent["operation"]}})["token"], sent["token"]);
  EXPECT_EQ(must("wallet.send", {{"amount_sats", 30}, {"memo", "tea"}, {"key", "k"}})["operation"],
            sent["operation"]);
  EXPECT_EQ(refused("wallet.send", {{"amount_sats", 31}, {"key", "k"}}), Code::denied);
  const Json back = must("wallet.take_back", {{"operation", sent["operation"]}});
  EXPECT_EQ(back["kind"], "take_back");
  EXPECT_EQ(back["amount_sats"].get<std::uint64_t>() + back["fee_sats"].get<std::uint64_t>(), 30u);
  const auto invoice =
      mints_->lightning().invoice(kOutside, 50'000, "goods", 3600, core_->env().clock.unix_ms());
  ASSERT_TRUE(invoice);
  const std::uint64_t before = balance();
  const Json paid = must("wallet.melt", {{"invoice", invoice->text}});
  EXPECT_EQ(paid["amount_sats"], 50);
  EXPECT_EQ(before - balance(), 50u + paid["fee_sats"].get<std::uint64_t>());
  for (const Json& one : must("wallet.doctor", Json::object())["findings"])
    EXPECT_NE(one["health"], "failure") << one.dump();
}

TEST_F(WalletMethods, WhatIsNotKnownIsOpenAndGoneOnWith) {
  fund(256);
  fault(R"({"fault":"drop_after","route":"POST /v1/*","times":0})");
  const Json sent = must("wallet.send", {{"amount_sats", 30}, {"timeout_s", 0}});
  EXPECT_EQ(sent["state"], "open");
  EXPECT_TRUE(sent["token"].is_null());
  EXPECT_FALSE(sent["note"].get<std::string>().empty());
  EXPECT_EQ(refused("wallet.token", {{"operation", sent["operation"]}}), Code::not_found);
  mints_->find("a")->faults().clear();
  EXPECT_EQ(must("wallet.resume", Json::object())["operations"][0]["state"], "done");
  EXPECT_TRUE(must("wallet.token", {{"operation", sent["operation"]}})["token"].is_string());
}

// All calls at once on one loop, as a node gets them.
TEST_F(WalletMethods, TheSameKeyAtTheSameTimeIsOnePayment) {
  fund(256);
  client_->set_latency(std::chrono::milliseconds(20));
  const std::string text = rpc::call_text("wallet.send", R"({"amount_sats":30,"key":"once"})");
  std::vector<Json> results(3);
  rt::Scope scope(core_->env().executor);
  for (Json& result : results)
    scope.start([](rpc::Dispatcher& dispatcher, const std::string& call,
                   Json& out) -> boost::asio::awaitable<void> {
      const std::string said = co_await dispatcher.answer(call, rpc::Grant::own_user());
      out = rpc::parse_trusted(said);
    }(*dispatcher_, text, result));
  const Json words{{"words",
                    "legal winner thank year wave sausage worth useful legal winner thank "
                    "yellow"}};
  EXPECT_EQ(refused("wallet.create", words), Code::denied) << "the wallet has words that are used";
  while (scope.running() > 0) core_->poll();
  EXPECT_TRUE(core_->run(close_scope(scope, core_->env().clock)));
  std::set<std::int64_t> operations;
  for (const Json& result : results) {
    ASSERT_TRUE(result.contains("result")) << result.dump();
    operations.insert(result["result"]["operation"].get<std::int64_t>());
  }
  EXPECT_EQ(operations.size(), 1u);
  EXPECT_EQ(must("wallet.history", Json::object())["operations"].size(), 2u);
}

TEST_F(WalletMethods, ListingsShowNothingThatCanBeSpent) {
  fund(256);
  const Json sent = must("wallet.send", {{"amount_sats", 30}});
  const std::string token = sent["token"], words = must("wallet.words", Json::object())["words"];
  for (const auto& [method, params] : std::initializer_list<std::pair<const char*, Json>>{
           {"wallet.operation", {{"operation", sent["operation"]}}},
           {"wallet.history", Json::object()},
           {"wallet.balance", Json::object()},
           {"wallet.mints", Json::object()},
           {"wallet.doctor", Json::object()},
           {"wallet.resume", Json::object()}}) {
    const std::string text = must(method, params).dump();
    EXPECT_EQ(text.find("cashuB"), std::string::npos) << method;
    EXPECT_EQ(text.find(words), std::string::npos) << method;
  }
  auto cut = ask("wallet.receive", {{"token", token.substr(0, token.size() - 9)}});
  ASSERT_FALSE(cut);
  EXPECT_EQ(cut.error().detail.find(token.substr(0, 16)), std::string::npos);
}

TEST_F(WalletMethods, ATokenWithACapSpendsUpToItAndFailuresCostNothing) {
  fund(500);
  rpc::Caveats caveats;
  caveats.scope = rpc::Scope::spend;
  caveats.cap_sats = 100;
  const auto issued = tokens_->issue(caveats);
  const rpc::Grant grant = *tokens_->check(issued->token, 0);
  EXPECT_EQ(refused("wallet.words", Json::object(), grant), Code::denied);
  EXPECT_EQ(refused("wallet.send", {{"amount_sats", 101}}, grant), Code::denied);
  EXPECT_EQ(refused("wallet.send", {{"amount_sats", 60}, {"mint", "http://b.test"}}, grant),
            Code::not_found);
  EXPECT_EQ(tokens_->allowances().spent(issued->id), 0u);
  const auto sent = ask("wallet.send", {{"amount_sats", 60}, {"key", "a"}}, grant);
  ASSERT_TRUE(sent) << sent.error().detail;
  const std::uint64_t cost = 60 + (*sent)["fee_sats"].get<std::uint64_t>();
  EXPECT_EQ(tokens_->allowances().spent(issued->id), cost);
  EXPECT_TRUE(ask("wallet.send", {{"amount_sats", 60}, {"key", "a"}}, grant));
  EXPECT_EQ(tokens_->allowances().spent(issued->id), cost) << "counted once";
  EXPECT_EQ(refused("wallet.send", {{"amount_sats", 41}}, grant), Code::denied);
  // Open counts as the worst.
  fault(R"({"fault":"drop_after","route":"POST /v1/*","times":0})");
  const auto open =
      ask("wallet.send", {{"amount_sats", 13}, {"max_fee_sats", 5}, {"timeout_s", 0}}, grant);
  ASSERT_TRUE(open);
  EXPECT_EQ((*open)["state"], "open");
  EXPECT_EQ(tokens_->allowances().spent(issued->id), cost + 18);
}

}  // namespace
}  // namespace archy::testmint
