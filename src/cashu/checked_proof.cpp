#include "cashu/checked_proof.hpp"

#include <set>

#include "cashu/dhke.hpp"

namespace archy::cashu {

class ProofChecker {
 public:
  ProofChecker(const Keysets& keysets, DleqRule rule) : keysets_(keysets), rule_(rule) {}

  // A signature on one of our outputs. Whether the amount is the one asked for is the caller's.
  Result<CheckedProof> accept(const PreparedOutput& output, const BlindSignature& signature) const {
    const Keyset* keyset = keysets_.find(signature.keyset);
    if (keyset == nullptr) return fail(Code::not_found, "signed with a keyset that is not known");
    const crypto::Point* key = keyset->key_for(signature.amount);
    if (key == nullptr)
      return fail(Code::peer_fault, "signed an amount that its keyset has no key for");
    std::optional<ProofDleq> dleq;
    if (signature.dleq) {
      if (!dleq_holds(*signature.dleq, *key, output.message.b, signature.c)) {
        return fail(Code::peer_fault, "a signature whose DLEQ does not hold");
      }
      dleq = ProofDleq{*signature.dleq, output.factors.r};
    } else if (rule_ == DleqRule::required) {
      return fail(Code::peer_fault, "a signature without the DLEQ that the mint announces");
    }
    auto c = unblind(signature.c, output.factors.r, *key);
    if (!c) return fail(Code::peer_fault, c.error().detail);
    return CheckedProof(
        Proof{signature.amount, signature.keyset, output.factors.secret, *c, std::move(dleq)},
        output.y);
  }

  Result<CheckedProof> check(const Proof& given) const {
    TRY(id, keysets_.expand(given.keyset));
    const Keyset* keyset = keysets_.find(id);
    if (keyset == nullptr) return fail(Code::not_found, "a proof of a keyset that is not known");
    const crypto::Point* key = keyset->key_for(given.amount);
    if (given.amount > kAllThereIs) return fail(Code::bad_input, "an amount beyond all there is");
    if (key == nullptr) return fail(Code::bad_input, "an amount that its keyset has no key for");
    const crypto::Point y = hash_to_curve(as_bytes(given.secret.reveal()));
    if (given.dleq) {
      if (!dleq_holds_for_proof(given.dleq->dleq, given.dleq->r, *key, y, given.c)) {
        return fail(Code::bad_input, "a proof whose DLEQ does not hold");
      }
    } else if (rule_ == DleqRule::required) {
      return fail(Code::bad_input, "a proof without DLEQ");
    }
    Proof proof = given;
    proof.keyset = id;
    return CheckedProof(std::move(proof), y);
  }

 private:
  const Keysets& keysets_;
  DleqRule rule_;
};

Result<std::vector<CheckedProof>> accept_signatures(std::span<const PreparedOutput> outputs,
                                                    std::span<const BlindSignature> signatures,
                                                    const Keysets& keysets, DleqRule rule) {
  if (signatures.size() != outputs.size()) {
    return fail(Code::peer_fault, std::to_string(signatures.size()) + " signatures for " +
                                      std::to_string(outputs.size()) + " outputs");
  }
  const ProofChecker checker(keysets, rule);
  std::vector<CheckedProof> out;
  out.reserve(outputs.size());
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    if (signatures[i].amount != outputs[i].message.amount ||
        signatures[i].keyset != outputs[i].message.keyset) {
      return fail(Code::peer_fault, "signed another amount or keyset than asked for");
    }
    TRY(proof, checker.accept(outputs[i], signatures[i]));
    out.push_back(std::move(proof));
  }
  return out;
}

Result<Change> accept_change(std::span<const PreparedOutput> blanks,
                             std::span<const BlindSignature> signatures, const Keysets& keysets,
                             DleqRule rule) {
  if (signatures.size() > blanks.size()) {
    return fail(Code::peer_fault, "more change than blank outputs");
  }
  const ProofChecker checker(keysets, rule);
  Change out;
  for (std::size_t i = 0; i < signatures.size(); ++i) {
    if (signatures[i].amount == Amount(0)) continue;
    auto proof = checker.accept(blanks[i], signatures[i]);
    if (proof) {
      out.proofs.push_back(std::move(*proof));
    } else {
      ++out.refused;
    }
  }
  return out;
}

Result<std::vector<CheckedProof>> check_proofs(std::span<const Proof> proofs,
                                               const Keysets& keysets, DleqRule rule) {
  if (proofs.empty()) return fail(Code::bad_input, "no proofs");
  const ProofChecker checker(keysets, rule);
  std::set<std::string_view> secrets;
  std::vector<CheckedProof> out;
  out.reserve(proofs.size());
  for (const Proof& proof : proofs) {
    if (!secrets.insert(proof.secret.reveal()).second) {
      return fail(Code::bad_input, "the same proof twice");
    }
    TRY(checked, checker.check(proof));
    out.push_back(std::move(checked));
  }
  return out;
}

}  // namespace archy::cashu
