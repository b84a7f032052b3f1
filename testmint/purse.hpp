// A wallet that keeps nothing on a disk and asks nobody twice, for tests of mints: it says exactly
// the requests that a test wants said. Never a model of how a wallet should be written.
#pragma once

#include <nlohmann/json.hpp>

#include "cashu/mint_requests.hpp"
#include "testmint/mint.hpp"

namespace archy::testmint {

class Purse {
 public:
  using Amounts = std::vector<std::uint64_t>;
  using Prepared = std::vector<cashu::PreparedOutput>;
  using Proofs = std::vector<cashu::Proof>;

  // `now_ms` is the test's own, read at every request. Lifetime: all outlive the purse.
  Purse(Mint& mint, Lightning& lightning, const std::int64_t& now_ms)
      : mint_(mint), lightning_(lightning), now_ms_(now_ms) {}

  // Any request; faults of the mint's script apply but for those on the way.
  Reply ask(const std::string& method, const std::string& path, const std::string& body = {});
  // The JSON of an answer that has to be a 200 one, or {"code": ...} of a refusal.
  Json get(const std::string& path);
  Json post(const std::string& path, const std::string& body);

  // Outputs on the active keyset with fresh secrets.
  Prepared prepare(const Amounts& amounts) const;
  Prepared prepare_locked(const Amounts& amounts, const std::string& secret) const;
  Prepared blanks(std::size_t count) const { return prepare(Amounts(count, 0)); }
  static std::vector<cashu::BlindedMessage> messages(const Prepared& outputs);
  // The ecash of signatures[i] on outputs[i], with the DLEQ checked. Requires: keys of the mint.
  Proofs unblind(const Prepared& outputs, const Json& signatures) const;

  // Paid from outside and minted, in the powers of two that make up the amount.
  Proofs fund(std::uint64_t amount);
  Json mint_quote(std::uint64_t amount, const crypto::Scalar* owner = nullptr);
  void pay(const Json& quote);
  std::string mint_request(const Json& quote, const Prepared& outputs,
                           const crypto::Scalar* owner) const;
  Json melt_quote(const std::string& invoice);
  // UNSPENT, PENDING or SPENT of each.
  std::vector<std::string> states(const Proofs& proofs);

 private:
  Mint& mint_;
  Lightning& lightning_;
  const std::int64_t& now_ms_;
};

std::string swap_text(std::span<const cashu::Proof> inputs, const Purse::Prepared& outputs);
std::string melt_text(const Json& quote, std::span<const cashu::Proof> inputs,
                      const Purse::Prepared& blanks, bool prefer_async = false);
std::uint64_t sum_of(std::span<const cashu::Proof> proofs);

}  // namespace archy::testmint
