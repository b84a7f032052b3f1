#include "cashu/proof.hpp"

#include "cashu/dhke.hpp"

namespace archy::cashu {

bool same_proof(const Proof& a, const Proof& b) {
  const bool same_dleq = a.dleq.has_value() == b.dleq.has_value() &&
                         (!a.dleq || (a.dleq->dleq == b.dleq->dleq && a.dleq->r == b.dleq->r));
  return a.amount == b.amount && a.keyset == b.keyset && a.secret.reveal() == b.secret.reveal() &&
         a.c == b.c && same_dleq && a.witness == b.witness && a.p2pk_e == b.p2pk_e;
}

Result<PreparedOutput> prepare_output(Amount amount, const KeysetId& keyset,
                                      BlindingFactors factors) {
  const crypto::Point y = hash_to_curve(as_bytes(factors.secret.reveal()));
  TRY(blinded, blind(y, factors.r));
  return PreparedOutput{{amount, keyset, blinded}, std::move(factors), y};
}

}  // namespace archy::cashu
