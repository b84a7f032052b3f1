// A mint of this wallet behind the interface of all issuers: over real HTTP, against a mint that
// signs what it is asked to.
#include "wallet/cashu_issuer.hpp"

#include <boost/asio/co_spawn.hpp>

#include "cashu/dhke.hpp"
#include "crypto/sha256.hpp"
#include "http/client_fixture.hpp"
#include "rt/real_env.hpp"
#include "wallet/ledger/book_fixture.hpp"
#include "wallet/toy_invoice.hpp"

namespace archy::wallet {
namespace {

using Json = nlohmann::ordered_json;

// Believes whoever asks; knows what was spent.
class SigningMint {
 public:
  std::string url() const { return http_.url(""); }
  void pay() {
    const std::lock_guard lock(mutex_);
    paid_ = true;
  }

 private:
  static Json quote_of(std::uint64_t amount, std::string_view state) {
    const auto now = static_cast<std::uint64_t>(std::time(nullptr));
    return {{"quote", "q" + std::to_string(amount)},
            {"request", test::toy_invoice(crypto::sha256(as_bytes("in")), amount * 1000, now)},
            {"amount", amount},
            {"unit", "sat"},
            {"state", state},
            {"expiry", now + 3600}};
  }
  Json sign(const Json& outputs) const {
    Json out = Json::array();
    for (const Json& each : outputs) {
      const cashu::Amount amount(each.at("amount").get<std::uint64_t>());
      const auto b = crypto::Point::parse_hex(each.at("B_").get<std::string>()).value();
      const auto signature = mint_.sign({amount, mint_.id, b}, amount);
      out.push_back(
          {{"amount", amount.value()},
           {"id", mint_.id.text()},
           {"C_", signature.c.hex()},
           {"dleq", {{"e", to_hex(signature.dleq->e)}, {"s", to_hex(signature.dleq->s)}}}});
    }
    return {{"signatures", out}};
  }
  void spend(const Json& inputs) {
    for (const Json& each : inputs)
      spent_.insert(cashu::hash_to_curve(as_bytes(each.at("secret").get<std::string>())).hex());
  }
  Json keys() const {
    Json list = Json::object();
    for (const auto& [amount, secret] : mint_.secrets)
      list[std::to_string(amount.value())] = crypto::Point::of(secret).hex();
    return {{"keysets",
             {{{"id", mint_.id.text()},
               {"unit", "sat"},
               {"active", true},
               {"input_fee_ppk", 0},
               {"keys", list}}}}};
  }
  Json answer_to(const std::string& target, const Json& body) {
    const Json bolt11 = {{"methods", {{{"method", "bolt11"}, {"unit", "sat"}}}}};
    if (target == "/v1/info")
      return {{"name", "toy"},
              {"nuts",
               {{"4", bolt11},
                {"5", bolt11},
                {"7", {{"supported", true}}},
                {"9", {{"supported", true}}},
                {"12", {{"supported", true}}},
                {"20", {{"supported", true}}}}}};
    if (target.starts_with("/v1/keys")) return keys();
    if (target == "/v1/mint/quote/bolt11") return quote_of(body.at("amount"), "UNPAID");
    if (target.starts_with("/v1/mint/quote/bolt11/q"))
      return quote_of(std::stoull(target.substr(23)), paid_ ? "PAID" : "UNPAID");
    if (target == "/v1/mint/bolt11" || target == "/v1/swap") {
      if (body.contains("inputs")) spend(body["inputs"]);
      return sign(body.at("outputs"));
    }
    const Json melt = {{"quote", "m1"}, {"amount", 20}, {"fee_reserve", 1}, {"unit", "sat"}};
    Json out = melt;
    if (target == "/v1/melt/quote/bolt11") {
      out["state"] = "UNPAID";
      return out;
    }
    if (target == "/v1/melt/bolt11" || target == "/v1/melt/quote/bolt11/m1") {
      if (body.contains("inputs")) spend(body["inputs"]);
      out["state"] = "PAID";
      out["payment_preimage"] = "00ff";
      return out;
    }
    Json states = Json::array();
    for (const Json& y : body.at("Ys"))
      states.push_back({{"Y", y}, {"state", spent_.contains(y) ? "SPENT" : "UNSPENT"}});
    return {{"states", states}};
  }

  const cashu::test::ToyMint mint_;
  std::mutex mutex_;
  bool paid_ = false;
  std::set<std::string> spent_;
  http::TestServer http_{[this](const http::TestServer::Request& request,
                                http::TestServer::Connection& to) {
    const std::lock_guard lock(mutex_);
    to.write(http::ok(answer_to(request.target, Json::parse(request.body, nullptr, false)).dump()));
  }};
};

struct CashuIssuers : testing::Test {
  CashuIssuers() {
    std::string pattern = (std::filesystem::temp_directory_path() / "archy-issuer-XXXXXX").native();
    EXPECT_NE(::mkdtemp(pattern.data()), nullptr);
    folder = pattern;
    auto opened = Wallet::open(real.env, *http, crypto::Bip39Seed({7}),
                               {folder / "wallet.db", folder / "openings"});
    EXPECT_TRUE(opened);
    wallet = std::move(*opened);
    EXPECT_TRUE(run(wallet->add_mint(mint.url(), {})));
    issuer.emplace(*wallet, mint.url());
  }
  ~CashuIssuers() override {
    issuer.reset();
    wallet.reset();
    std::filesystem::remove_all(folder);
  }
  template <class T>
  Result<T> run(rt::Task<T> task) {
    std::optional<Result<T>> out;
    boost::asio::co_spawn(real.loop, std::move(task),
                          [&out](const std::exception_ptr& thrown, Result<T> value) {
                            if (thrown) std::rethrow_exception(thrown);
                            out.emplace(std::move(value));
                          });
    real.loop.restart();
    real.loop.run();
    return std::move(*out);
  }
  IssuerOperation must(rt::Task<IssuerOperation> task) {
    auto out = run(std::move(task));
    EXPECT_TRUE(out) << out.error().detail;
    return out.value_or(IssuerOperation{});
  }
  IssuerBalance balance() { return run(issuer->balance({})).value_or(IssuerBalance{}); }
  void fund() {
    const auto made = must(issuer->receive_invoice(Msat(64'000), "r", {}));
    mint.pay();
    EXPECT_EQ(must(issuer->status(made.handle, {})).state, IssuerState::done);
  }

  rt::RealEnv real;
  SigningMint mint;
  std::unique_ptr<http::Client> http = http::make_curl_client(real.loop.get_executor(), real.clock);
  rt::Path folder;
  std::unique_ptr<Wallet> wallet;
  std::optional<CashuIssuer> issuer;
};

TEST_F(CashuIssuers, ReceiveSpendAndReissueInMsat) {
  const auto made = must(issuer->receive_invoice(Msat(64'000), "r", {}));
  EXPECT_EQ(made.state, IssuerState::open);
  EXPECT_EQ(made.action, IssuerAction::receive);
  EXPECT_TRUE(made.invoice.starts_with("lnbc640000p"));
  EXPECT_EQ(must(issuer->status(made.handle, {})).state, IssuerState::open);
  mint.pay();
  EXPECT_EQ(must(issuer->status(made.handle, {})).state, IssuerState::done);
  EXPECT_EQ(must(issuer->receive_invoice(Msat(64'000), "r", {})).handle, made.handle);
  EXPECT_EQ(balance().spendable, Msat(64'000));

  const auto spent = must(issuer->spend(Msat(21'000), "s", {}));
  EXPECT_EQ(spent.state, IssuerState::handed);
  EXPECT_EQ(balance().given, Msat(21'000));
  const auto notes = issuer->notes_of(spent.handle);
  ASSERT_TRUE(notes) << notes.error().detail;
  const auto back = must(issuer->reissue(*notes, {}));
  EXPECT_EQ(back.state, IssuerState::done);
  EXPECT_EQ(back.action, IssuerAction::reissue);
  EXPECT_EQ(must(issuer->status(spent.handle, {})).state, IssuerState::done) << "redeemed";
  EXPECT_EQ(balance().spendable, Msat(64'000));
  EXPECT_TRUE(run(issuer->recover({})));
}

TEST_F(CashuIssuers, PayWithinTheCap) {
  fund();
  const auto now = static_cast<std::uint64_t>(std::time(nullptr));
  const auto invoice = test::toy_invoice(crypto::sha256(as_bytes("out")), 20'000, now);
  const auto refused = run(issuer->pay_invoice(invoice, Msat(999), "p", {}));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::denied) << "a cap is rounded down";
  const auto paid = must(issuer->pay_invoice(invoice, Msat(1999), "p", {}));
  EXPECT_EQ(paid.state, IssuerState::done) << paid.note;
  EXPECT_EQ(paid.fee, Msat(1000));
  EXPECT_EQ(paid.preimage, "00ff");
  EXPECT_EQ(balance().spendable, Msat(43'000));
}

TEST_F(CashuIssuers, HaveNoPartsOfASatAndKnowOnlyTheirOwnMint) {
  const auto code = [this](rt::Task<IssuerOperation> task) {
    const auto out = run(std::move(task));
    return out ? Code::internal : out.error().code;
  };
  EXPECT_EQ(code(issuer->receive_invoice(Msat(1001), "r", {})), Code::bad_input);
  EXPECT_EQ(code(issuer->spend(Msat(0), "s", {})), Code::bad_input);
  EXPECT_EQ(code(issuer->spend(Msat(5000), "s", {})), Code::payment_needed);
  EXPECT_EQ(code(issuer->status(IssuerHandle(9), {})), Code::not_found);
  fund();
  const auto spent = must(issuer->spend(Msat(1000), "s2", {}));
  CashuIssuer other(*wallet, "https://other.example");
  EXPECT_EQ(run(other.balance({})).error().code, Code::not_found);
  EXPECT_EQ(code(other.status(spent.handle, {})), Code::not_found);
  EXPECT_EQ(other.notes_of(spent.handle).error().code, Code::not_found);
  EXPECT_EQ(code(other.reissue(issuer->notes_of(spent.handle).value(), {})), Code::denied);
}

}  // namespace
}  // namespace archy::wallet
