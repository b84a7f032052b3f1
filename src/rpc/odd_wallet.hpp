// The wallet of the fuzzer's node: what it answers follows from a number. It holds one token and
// words that only their own methods may show.
#pragma once

#include <functional>

#include "rpc/wallet_api.hpp"

namespace archy::rpc {

class OddWallet final : public WalletApi {
 public:
  // In everything it knows of the operator's disk.
  static constexpr std::string_view kPrivatePath = "/odd/private";
  static constexpr std::string_view kWords = "odd words of the wallet";
  static constexpr std::string_view kToken = "cashuBoddtoken";

  // `refusal`: what the next call is refused with, if it is. `number`: any, its limits among them.
  OddWallet(std::function<std::optional<Error>()> refusal, std::function<std::uint64_t()> number)
      : refusal_(std::move(refusal)), number_(std::move(number)) {}

  Result<bool> create(std::optional<Secret<std::string>>) override { return or_refusal(odd()); }
  Result<bool> exists() override { return or_refusal(odd()); }
  Result<Secret<std::string>> words() override {
    return or_refusal(Secret<std::string>(std::string(kWords)));
  }
  Result<std::string> lock_key() override { return or_refusal(std::string(66, '2')); }

  rt::Task<wallet::MintRow> add_mint(std::string, std::stop_token) override {
    co_return or_refusal(row());
  }
  Result<> remove_mint(std::string) override { return done(); }
  Result<> set_home(std::string) override { return done(); }
  Result<> set_cap(std::string, std::optional<cashu::Amount>) override { return done(); }
  Result<std::vector<wallet::MintBalance>> balances() override {
    return or_refusal(std::vector<wallet::MintBalance>{
        {row(), amount(), amount(), amount(), amount()}, {row(), amount(), {}, {}, {}}});
  }
  rt::Task<wallet::MintSummary> examine(std::string url, std::stop_token) override {
    wallet::MintSummary out;
    out.url = url;
    out.reachable = odd();
    out.why = "\xff";
    out.info.restore = odd();
    if (odd()) out.input_fee_ppk = number_();
    co_return or_refusal(out);
  }

  rt::Task<wallet::OperationView> mint(cashu::Amount, Caller, std::stop_token) override {
    co_return or_refusal(view());
  }
  rt::Task<wallet::OperationView> melt(wallet::MeltTerms, Caller, wallet::Patience,
                                       std::stop_token) override {
    co_return or_refusal(view());
  }
  rt::Task<wallet::OperationView> send(wallet::SendTerms, std::optional<std::string>, Caller,
                                       wallet::Patience, std::stop_token) override {
    co_return or_refusal(view());
  }
  rt::Task<wallet::OperationView> receive(Secret<std::string>, bool, wallet::Patience,
                                          std::stop_token) override {
    co_return or_refusal(view());
  }
  rt::Task<wallet::OperationView> take_back(wallet::OperationId, wallet::Patience,
                                            std::stop_token) override {
    co_return or_refusal(view());
  }
  rt::Task<wallet::RestoreReport> restore(std::string, std::stop_token) override {
    co_return or_refusal(wallet::RestoreReport{.found = amount(), .proofs = number_()});
  }

  rt::Task<wallet::OperationView> swap_between_mints(Route, wallet::Patience,
                                                     std::stop_token) override {
    co_return or_refusal(view());
  }
  Result<wallet::OperationView> cancel(wallet::OperationId) override { return or_refusal(view()); }
  Result<wallet::CostedPlan> plan_payment(wallet::PaymentTerms) override {
    wallet::CostedPlan out;
    if (odd()) out.plan = wallet::Direct{"http://odd.test"};
    out.refusal = static_cast<wallet::Refusal>(number_() % 11);
    out.ways.push_back({"http://odd.test", other_end(), {amount(), amount(), 7, odd(), odd()}});
    out.ways.back().refusal = static_cast<wallet::Refusal>(number_() % 11);
    return or_refusal(out);
  }
  rt::Task<wallet::PaymentOutcome> build_payment_token(wallet::PaymentTerms,
                                                       std::optional<std::string>, wallet::Patience,
                                                       std::stop_token) override {
    wallet::PaymentOutcome out =
        wallet::NoPayment{static_cast<wallet::Refusal>(number_() % 11), "\xff is no UTF-8"};
    if (odd()) out = wallet::Payment{wallet::OperationId(1), "http://odd.test", amount(), amount()};
    co_return or_refusal(out);
  }
  Result<std::vector<wallet::Wallet::RouteView>> routes() override {
    wallet::Route route;
    route.successes = route.failures = number_();
    route.left_until_ms = odd() ? INT64_MAX : INT64_MIN;
    route.changed_ms = odd() ? INT64_MAX : INT64_MIN;
    route.last_note = "\xff";
    const auto bucket = static_cast<wallet::SizeBucket>(number_() % 65);
    return or_refusal(std::vector<wallet::Wallet::RouteView>{
        {"http://odd.test", other_end(), bucket, std::move(route)}});
  }

  Result<BackedUp> back_up(std::optional<rt::Path>) override {
    return or_refusal(BackedUp{{backup_path()}, facts()});
  }
  Result<wallet::BackupFacts> take_in_backup(rt::Path,
                                             std::optional<Secret<std::string>>) override {
    return or_refusal(facts());
  }
  Result<BackupState> backup_state() override {
    BackupState out;
    if (odd()) out.newest = wallet::FoundBackup{backup_path(), facts()};
    if (odd()) out.trouble = backup_path() + " is no UTF-8";
    return or_refusal(out);
  }
  Result<wallet::RepairReport> repair(std::optional<wallet::RepairWay> way) override {
    wallet::RepairReport out{way.value_or(wallet::RepairWay::rows), backup_path(), {}, number_()};
    if (odd()) out.backup = wallet::FoundBackup{backup_path(), facts()};
    return or_refusal(out);
  }
  Result<> check() override { return done(); }
  rt::Task<std::vector<RecoveryView>> recover(std::stop_token) override {
    co_return or_refusal(views());
  }
  Result<std::vector<RecoveryView>> recoveries() override { return or_refusal(views()); }
  Result<> set_aside(std::string) override { return done(); }

  rt::Task<wallet::OperationView> go_on(wallet::OperationId, wallet::Patience,
                                        std::stop_token) override {
    co_return or_refusal(view());
  }
  rt::Task<std::vector<WalletLine>> resume(wallet::Patience, std::stop_token) override {
    co_return or_refusal(lines());
  }
  Result<wallet::OperationView> show(wallet::OperationId) override { return or_refusal(view()); }
  Result<std::vector<WalletLine>> history(std::uint64_t,
                                          std::optional<wallet::OperationId>) override {
    return or_refusal(lines());
  }
  Result<Secret<std::string>> token_of(wallet::OperationId) override {
    return or_refusal(Secret<std::string>(std::string(kToken)));
  }
  Result<std::vector<WalletLine>> open_operations() override { return or_refusal(lines()); }
  Result<std::vector<wallet::Wallet::Ending>> ending_keysets() override {
    return or_refusal(
        std::vector<wallet::Wallet::Ending>{{"http://odd.test", "00", number_(), amount()}});
  }
  Result<std::vector<std::string>> audit() override {
    return or_refusal(std::vector<std::string>(odd() ? 1 : 0, "it does not add up"));
  }
  Result<bool> is_old_copy() override { return or_refusal(odd()); }

 private:
  static std::string backup_path() { return std::string(kPrivatePath) + "/\xff.backup"; }
  bool odd() { return number_() % 2 == 1; }
  cashu::Amount amount() { return cashu::Amount(number_()); }
  template <class T>
  Result<T> or_refusal(T value) {
    if (auto refused = refusal_()) return fail(std::move(*refused));
    return value;
  }
  Result<> done() {
    if (auto refused = refusal_()) return fail(std::move(*refused));
    return {};
  }

  wallet::MintRow row() {
    wallet::MintRow out{wallet::MintId(1), "http://odd.test", odd(), odd(), std::nullopt};
    if (odd()) out.cap = amount();
    return out;
  }
  wallet::Operation operation() {
    wallet::Operation out;
    out.id = wallet::OperationId(INT64_MAX);
    out.kind = static_cast<wallet::OperationKind>(number_() % 7);
    out.state = static_cast<wallet::OperationState>(number_() % 4);
    out.stage = static_cast<wallet::Stage>(number_() % 10);
    out.amount = amount();
    out.fee = amount();
    if (odd()) out.takes_back = wallet::OperationId(1);
    if (odd()) out.part_of = wallet::OperationId(INT64_MAX);
    if (odd()) out.memo = "\xc3 is no UTF-8";
    out.note = "odd";
    return out;
  }
  wallet::OperationView view() {
    wallet::OperationView out{operation(), "http://odd.test", other_end(), std::nullopt, {}};
    if (odd()) {
      // What is not to be shown is the token again: it would be found.
      out.quote = {Secret<std::string>(std::string(kToken)),
                   "lnbc1",
                   amount(),
                   amount(),
                   amount(),
                   number_(),
                   number_(),
                   "00"};
    }
    out.requests.push_back(
        {"/v1/swap", static_cast<wallet::RequestState>(number_() % 5), odd(), 3});
    return out;
  }
  wallet::BackupFacts facts() {
    wallet::BackupFacts out;
    out.made_ms = odd() ? INT64_MIN : INT64_MAX;
    out.bytes = number_();
    return out;
  }
  std::vector<RecoveryView> views() {
    RecoveryView out;
    out.recovery.state = static_cast<wallet::RecoveryState>(number_() % 4);
    out.recovery.found = amount();
    out.mint_url = "http://odd.test";
    out.unknown = amount();
    return {out};
  }
  std::vector<WalletLine> lines() { return {{operation(), "http://odd.test", other_end()}}; }
  std::string other_end() { return odd() ? "http://other.test" : ""; }

  std::function<std::optional<Error>()> refusal_;
  std::function<std::uint64_t()> number_;
};

}  // namespace archy::rpc
