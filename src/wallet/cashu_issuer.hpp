// A Cashu mint as an issuer: the wallet's operations at one mint, in msat. A thin layer; what
// survives a crash is the wallet's doing. Whole sats alone: a part of one is bad_input.
#pragma once

#include "wallet/issuer.hpp"
#include "wallet/wallet.hpp"

namespace archy::wallet {

// Lifetime: the wallet outlives it.
class CashuIssuer final : public Issuer {
 public:
  // `url`: of a mint in the wallet's book.
  CashuIssuer(Wallet& wallet, std::string url, Patience patience = {})
      : wallet_(wallet), url_(std::move(url)), patience_(patience) {}

  std::string name() const override { return url_; }
  // Errors: not_found: the wallet does not know the mint.
  rt::Task<IssuerBalance> balance(std::stop_token stop) override;
  rt::Task<IssuerOperation> receive_invoice(Msat amount, std::string key,
                                            std::stop_token stop) override;
  rt::Task<IssuerOperation> pay_invoice(std::string invoice, Msat most_fee, std::string key,
                                        std::stop_token stop) override;
  // The notes are a token. It has no time limit.
  rt::Task<IssuerOperation> spend(Msat amount, std::string key, std::stop_token stop) override;
  // Errors also: denied: a token of another mint.
  rt::Task<IssuerOperation> reissue(Secret<std::string> notes, std::stop_token stop) override;
  rt::Task<IssuerOperation> status(IssuerHandle handle, std::stop_token stop) override;
  Result<Secret<std::string>> notes_of(IssuerHandle handle) override;
  // Of all mints of the wallet: it goes on with them together.
  rt::Task<> recover(std::stop_token stop) override;

 private:
  Wallet::Caller caller(std::string key) const { return {url_, std::move(key)}; }
  // Errors: not_found: no such operation, or another mint's.
  Result<IssuerOperation> view_of(OperationId id);

  Wallet& wallet_;
  const std::string url_;
  const Patience patience_;
};

}  // namespace archy::wallet
