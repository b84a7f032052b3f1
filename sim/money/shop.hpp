// A seller's gate over the wallet of a simulated world, and peers who ask it. The peers' tokens
// come out of the same wallet, which is as good a payer as any.
#pragma once

#include <optional>

#include "sim/money/wallet_world.hpp"
#include "streaming/gate.hpp"

namespace archy::sim {

// A wallet of a simulated world as gate and buyer see it. Calls can be made to fail.
class WorldPurse final : public streaming::Purse {
 public:
  explicit WorldPurse(WalletWorld& world)
      : wallet_([&world] { return world.is_running() ? &world.wallet() : nullptr; }) {}
  // `wallet`: null where there is none just now.
  explicit WorldPurse(std::function<wallet::Wallet*()> wallet) : wallet_(std::move(wallet)) {}

  // The n-th call from now on fails (1: the next one), and `more` after it; 0: none does.
  void fail_at(std::uint64_t nth, std::uint64_t more = 0, Code code = Code::io) {
    calls_ = 0;
    first_ = nth;
    last_ = nth + more;
    code_ = code;
  }
  std::uint64_t calls() const { return calls_; }
  // Calls that move money, ever.
  std::uint64_t moves() const { return moves_; }
  // Hears of every payment that was built, by its key.
  void on_paid(std::function<void(const std::string&)> hear) { on_paid_ = std::move(hear); }

  Result<wallet::WalletDb*> database() override;
  Result<std::vector<std::string>> accepted_mints() override;
  rt::Task<wallet::OperationView> redeem(Secret<std::string> token,
                                         std::function<Result<>(wallet::OperationId)> on_begun,
                                         wallet::Patience patience, std::stop_token stop) override;
  rt::Task<wallet::OperationView> hand_out(std::string mint, cashu::Amount amount, std::string key,
                                           wallet::Patience patience,
                                           std::stop_token stop) override;
  rt::Task<wallet::PaymentOutcome> pay(wallet::PaymentTerms terms, std::string key,
                                       wallet::Patience patience, std::stop_token stop) override;
  Result<Secret<std::string>> token_of(wallet::OperationId id) override;
  rt::Task<wallet::OperationView> take_back(wallet::OperationId sent, wallet::Patience patience,
                                            std::stop_token stop) override;
  Result<wallet::OperationView> show(wallet::OperationId id) override;

 private:
  // The wallet, unless the call is to fail.
  Result<wallet::Wallet*> may();

  std::function<wallet::Wallet*()> wallet_;
  std::function<void(const std::string&)> on_paid_;
  std::uint64_t calls_ = 0, moves_ = 0, first_ = 0, last_ = 0;
  Code code_ = Code::io;
};

inline constexpr std::uint64_t kMiB = 1u << 20;
inline constexpr std::uint64_t kGroup = 16384;

// Sells content-download at a sat a MiB unless it is told otherwise.
class Shop {
 public:
  using Amount = cashu::Amount;

  // The world's wallet runs, and has `sat` at mint-a, its home; mint-b is trusted, too.
  explicit Shop(WalletWorld& world) : world_(world), purse_(world) {}
  Result<> open(std::uint64_t sat);
  // The program ends here in order, or was killed, and starts again.
  Result<> restart();
  // Ends without writing anything.
  void crash();

  Result<streaming::Service> sell(
      streaming::Price price, std::optional<std::vector<std::string>> mints = {},
      streaming::ServiceId service = streaming::ServiceId::content_download);
  static streaming::Want want(std::uint8_t peer = 1, std::uint8_t hash = 1,
                              streaming::ContentClass klass = streaming::ContentClass::paid,
                              std::uint64_t size = 10 * kMiB);
  // Worth so much to whoever has it.
  Secret<std::string> token(std::uint64_t sat, std::string_view mint = "mint-a");
  streaming::GateAnswer ask(streaming::Want want, std::optional<Secret<std::string>> token = {});
  std::shared_ptr<std::optional<Result<streaming::GateAnswer>>> start_ask(
      streaming::Want want, std::optional<Secret<std::string>> token);
  // One request for so much, which is given up when it has to wait. How much it was sent.
  std::uint64_t fetch(const streaming::Want& want, std::uint64_t bytes);
  Result<streaming::Gate::Closed> close_session(std::uint64_t id);
  // All credit there ever was, and what of it was used.
  std::uint64_t credit_msat();
  std::uint64_t used_msat();

  streaming::Gate& gate() { return *gate_; }
  WorldPurse& purse() { return purse_; }
  WalletWorld& world() { return world_; }

 private:
  WalletWorld& world_;
  WorldPurse purse_;
  std::optional<streaming::Gate> gate_;
};

}  // namespace archy::sim
