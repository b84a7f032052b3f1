// A Fedimint federation as an issuer, through its client daemon fmcd over HTTP. The daemon has the
// notes, their backup and the federation's protocol; what is here is what was asked of it, so that
// nothing is asked twice and nothing that happened is missed. States and crashes: fmcd_round.hpp.
//
// Requires: one wallet to a daemon's federation (fmcd_match.hpp says why).
#pragma once

#include <set>

#include "fedimint/fmcd_round.hpp"
#include "rt/env.hpp"

namespace archy::fedimint {

using wallet::IssuerBalance;
using wallet::IssuerOperation;
using wallet::IssuerState;

struct FmcdPlace {
  std::string url;         // http or https, where fmcd listens
  rt::Path password_file;  // its http-password, on the first line
  std::string federation;  // id, 64 hex digits
};

// Lifetime: what it was opened with outlives it. One at a time for a federation.
class FmcdFederation final : public wallet::Issuer {
 public:
  // Asks nobody yet. Errors: bad_input (URL, id), those of read_fmcd_password.
  static Result<std::unique_ptr<FmcdFederation>> open(const rt::Env& env, http::Client& http,
                                                      WalletDb& db, const crypto::SealKey& key,
                                                      const FmcdPlace& place,
                                                      const FmcdTimes& times = {});

  std::string name() const override { return desk_.federation; }
  // Of those that are undecided, `spendable` is as the daemon counts them.
  rt::Task<IssuerBalance> balance(std::stop_token stop) override;
  rt::Task<IssuerOperation> receive_invoice(Msat amount, std::string key,
                                            std::stop_token stop) override;
  // Through the cheapest gateway. The cap is on what that gateway has announced: fmcd takes no cap,
  // and the federation's own fees are not told beforehand.
  rt::Task<IssuerOperation> pay_invoice(std::string invoice, Msat most_fee, std::string key,
                                        std::stop_token stop) override;
  // Errors also: try_later: another spend of the same amount is not decided yet.
  rt::Task<IssuerOperation> spend(Msat amount, std::string key, std::stop_token stop) override;
  // Errors also: denied: notes of another federation; try_later: as spend.
  rt::Task<IssuerOperation> reissue(Secret<std::string> notes, std::stop_token stop) override;
  rt::Task<IssuerOperation> status(IssuerHandle handle, std::stop_token stop) override;
  Result<Secret<std::string>> notes_of(IssuerHandle handle) override;
  rt::Task<> recover(std::stop_token stop) override;

 private:
  // A spend or reissue, from its anchor to its booking: two of one amount could not be told apart.
  using Amounts = std::set<std::pair<IssuerAction, Msat>>;
  class Turn;

  explicit FmcdFederation(FmcdDesk desk) : desk_(std::move(desk)) {}
  Result<std::optional<FederationOperation>> begun_before(std::string_view key,
                                                          const Sha256Digest& request);
  NewFederationOperation order(IssuerAction kind, std::string key, const Sha256Digest& request,
                               Msat amount, std::string_view path);
  rt::Task<IssuerOperation> begin(NewFederationOperation order, std::stop_token stop);
  // One round, unless somebody else has it in hand. `is_question`: what the daemon does not answer
  // is the caller's to know; otherwise the operation tells how it stands.
  rt::Task<IssuerOperation> go_on(IssuerHandle id, Resend resend, bool is_question,
                                  std::stop_token stop);

  FmcdDesk desk_;
  std::set<IssuerHandle> driven_;
  Amounts under_way_;
};

}  // namespace archy::fedimint
