#include "sim/money/shop.hpp"

#include "base/check.hpp"

namespace archy::sim {
namespace {

using namespace std::chrono_literals;
using streaming::Gate;
using streaming::GateAnswer;
using streaming::MeterVerdict;
using streaming::Want;

constexpr wallet::Patience kPatience{.all = 60s, .answer = 5s};

rt::Task<GateAnswer> asking(Gate& gate, Want want, std::optional<Secret<std::string>> token,
                            std::stop_token stop) {
  auto answer = co_await gate.ask(std::move(want), std::move(token), std::move(stop));
  co_return answer;
}

rt::Task<wallet::OperationView> shown(wallet::Wallet& wallet, rt::Task<wallet::Operation> call) {
  CO_TRY(operation, co_await std::move(call));
  co_return wallet.show(operation.id);
}

}  // namespace

// --- the purse -----------------------------------------------------------------------------------

Result<wallet::Wallet*> WorldPurse::may() {
  ++calls_;
  if (first_ > 0 && calls_ >= first_ && calls_ <= last_) return fail(code_, "a fault");
  wallet::Wallet* const wallet = wallet_();
  if (wallet == nullptr) return fail(Code::not_found, "there is no wallet");
  return wallet;
}

Result<wallet::WalletDb*> WorldPurse::database() {
  TRY(wallet, may());
  return &wallet->database();
}

Result<std::vector<std::string>> WorldPurse::accepted_mints() {
  TRY(wallet, may());
  return wallet->accepted_mints();
}

rt::Task<wallet::OperationView> WorldPurse::redeem(
    Secret<std::string> token, std::function<Result<>(wallet::OperationId)> on_begun,
    wallet::Patience patience, std::stop_token stop) {
  ++moves_;
  CO_TRY(wallet, may());
  co_return co_await shown(*wallet,
                           wallet->redeem(std::move(token), std::move(on_begun), patience, stop));
}

rt::Task<wallet::OperationView> WorldPurse::hand_out(std::string mint, cashu::Amount amount,
                                                     std::string key, wallet::Patience patience,
                                                     std::stop_token stop) {
  ++moves_;
  CO_TRY(wallet, may());
  co_return co_await shown(
      *wallet,
      wallet->send({.amount = amount}, {}, {std::move(mint), std::move(key)}, patience, stop));
}

rt::Task<wallet::PaymentOutcome> WorldPurse::pay(wallet::PaymentTerms terms, std::string key,
                                                 wallet::Patience patience, std::stop_token stop) {
  ++moves_;
  CO_TRY(wallet, may());
  auto outcome = co_await wallet->build_payment_token(std::move(terms), key, patience, stop);
  if (on_paid_ && outcome && std::holds_alternative<wallet::Payment>(*outcome)) on_paid_(key);
  co_return outcome;
}

Result<Secret<std::string>> WorldPurse::token_of(wallet::OperationId id) {
  TRY(wallet, may());
  return wallet->token_of(id);
}

rt::Task<wallet::OperationView> WorldPurse::take_back(wallet::OperationId sent,
                                                      wallet::Patience patience,
                                                      std::stop_token stop) {
  ++moves_;
  CO_TRY(wallet, may());
  co_return co_await shown(*wallet, wallet->take_back(sent, patience, stop));
}

Result<wallet::OperationView> WorldPurse::show(wallet::OperationId id) {
  TRY(wallet, may());
  return wallet->show(id);
}

// --- the shop ------------------------------------------------------------------------------------

Result<> Shop::open(std::uint64_t sat) {
  if (!world_.is_running()) TRY_OK(world_.start());
  for (const auto* name : {"mint-a", "mint-b"}) {
    TRY(known, world_.wallet().is_mint_trusted(world_.url(name)));
    if (!known) TRY_OK(world_.run(world_.wallet().add_mint(world_.url(name), {})));
  }
  TRY_OK(world_.wallet().set_home(world_.url("mint-a")));
  if (sat > 0) TRY_OK(world_.fund("mint-a", sat));
  gate_.emplace(world_.wallet_env(), purse_);
  TRY_OK(sell({}));
  return {};
}

void Shop::crash() { world_.kill(Death::killed); }

Result<> Shop::restart() {
  (void)gate_->close();  // a disk that was cut off writes nothing
  TRY_OK(world_.start());
  gate_.emplace(world_.wallet_env(), purse_);
  return {};
}

Result<streaming::Service> Shop::sell(streaming::Price price,
                                      std::optional<std::vector<std::string>> mints,
                                      streaming::ServiceId service) {
  if (price == streaming::Price{}) price.per_step = Amount(1);
  TRY(all, gate_->services());
  return gate_->configure({service, true, price, std::move(mints)},
                          all[static_cast<std::size_t>(service)].revision);
}

Want Shop::want(std::uint8_t peer, std::uint8_t hash, streaming::ContentClass klass,
                std::uint64_t size) {
  Want out;
  out.peer.bytes[0] = peer;
  out.hash.bytes[0] = hash;
  out.klass = klass;
  out.size = size;
  return out;
}

Secret<std::string> Shop::token(std::uint64_t sat, std::string_view mint) {
  const auto sent = world_.run(
      world_.wallet().send({.amount = Amount(sat)}, {}, {world_.url(mint), {}}, kPatience, {}));
  CHECK(sent.has_value());
  const auto token = world_.wallet().token_of(sent->id);
  CHECK(token.has_value());
  return *token;
}

GateAnswer Shop::ask(Want want, std::optional<Secret<std::string>> token) {
  const auto answer = world_.run(asking(*gate_, std::move(want), std::move(token), world_.stop()));
  return answer ? *answer : GateAnswer{};
}

std::shared_ptr<std::optional<Result<GateAnswer>>> Shop::start_ask(
    Want want, std::optional<Secret<std::string>> token) {
  return world_.start_call(asking(*gate_, std::move(want), std::move(token), world_.stop()));
}

std::uint64_t Shop::fetch(const Want& want, std::uint64_t bytes) {
  const auto begun = gate_->begin(want);
  if (begun.verdict != MeterVerdict::go_on) return 0;
  std::uint64_t sent = 0;
  while (sent < bytes) {
    const std::uint64_t next = std::min(kGroup, bytes - sent);
    if (gate_->take(begun.ticket, next).verdict != MeterVerdict::go_on) break;
    sent += next;
  }
  gate_->settle(begun.ticket);
  return sent;
}

Result<Gate::Closed> Shop::close_session(std::uint64_t id) {
  return world_.run(gate_->close_session(id, world_.stop()));
}

std::uint64_t Shop::credit_msat() {
  std::uint64_t out = 0;
  const auto sessions = gate_->sessions(false);
  CHECK(sessions.has_value());
  for (const auto& session : *sessions) out += session.credit.value();
  return out;
}

std::uint64_t Shop::used_msat() {
  std::uint64_t out = 0;
  const auto sessions = gate_->sessions(false);
  CHECK(sessions.has_value());
  for (const auto& session : *sessions) out += session.used.value();
  return out;
}

}  // namespace archy::sim
