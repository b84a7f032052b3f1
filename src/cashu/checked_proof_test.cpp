#include "cashu/checked_proof.hpp"

#include <concepts>

#include "cashu/dhke.hpp"
#include "cashu/test_vectors.hpp"

namespace archy::cashu {
namespace {

using namespace test;

static_assert(!std::constructible_from<CheckedProof, Proof>);
static_assert(!std::default_initializable<CheckedProof>);

PreparedOutput output(const ToyMint& mint, std::uint64_t amount, const std::string& secret) {
  return prepare_output(Amount(amount), mint.id, {ProofSecret(secret), crypto::Scalar::random()})
      .value();
}

struct Exchange {
  ToyMint mint;
  std::vector<PreparedOutput> outputs;
  std::vector<BlindSignature> signatures;

  Exchange() {
    for (const std::uint64_t amount : {1, 4, 8}) {
      outputs.push_back(output(mint, amount, "secret " + std::to_string(amount)));
      signatures.push_back(mint.sign(outputs.back().message, Amount(amount)));
    }
  }
  Result<std::vector<CheckedProof>> accept(DleqRule rule = DleqRule::required) const {
    return accept_signatures(outputs, signatures, mint.keysets, rule);
  }
};

TEST(AcceptSignatures, MakesProofsThatTheMintTakesBack) {
  const Exchange exchange;
  const auto proofs = exchange.accept();
  ASSERT_TRUE(proofs);
  ASSERT_EQ(proofs->size(), 3u);
  for (const auto& checked : *proofs) {
    const Proof& proof = checked.proof();
    EXPECT_TRUE(is_signed_by(exchange.mint.secrets.at(proof.amount),
                             as_bytes(proof.secret.reveal()), proof.c));
    EXPECT_EQ(checked.y(), hash_to_curve(as_bytes(proof.secret.reveal())));
    EXPECT_TRUE(check_proofs(std::array{proof}, exchange.mint.keysets, DleqRule::required));
  }
}

// Each signature is looked at: a fault in the last one is found behind good ones, and behind one
// that has no DLEQ.
TEST(AcceptSignatures, RefusesWhatWasNotAskedFor) {
  for (std::size_t at = 0; at < 3; ++at) {
    const auto refused = [&](auto spoil, DleqRule rule = DleqRule::required) {
      Exchange exchange;
      spoil(exchange);
      const auto proofs = exchange.accept(rule);
      return !proofs && proofs.error().code == Code::peer_fault;
    };
    EXPECT_TRUE(refused([&](Exchange& x) { x.signatures[at].dleq.reset(); }));
    EXPECT_FALSE(
        refused([&](Exchange& x) { x.signatures[at].dleq.reset(); }, DleqRule::if_present));
    EXPECT_TRUE(refused(
        [&](Exchange& x) {
          for (auto& each : x.signatures) each.dleq.reset();
          x.signatures[at].dleq = Dleq{};
        },
        DleqRule::if_present));
    EXPECT_TRUE(refused([&](Exchange& x) { x.signatures[at].dleq->s[31] ^= 1; }));
    EXPECT_TRUE(refused([&](Exchange& x) { x.signatures[at].amount = Amount(2); }));
    EXPECT_TRUE(refused(
        [&](Exchange& x) { x.signatures[at] = x.mint.sign(x.outputs[at].message, Amount(16)); }));
    EXPECT_TRUE(refused([&](Exchange& x) { x.signatures[at].keyset = ToyMint(2).id; }));
    EXPECT_TRUE(refused([&](Exchange& x) { x.signatures[at].c = x.signatures[at].c.negated(); }));
  }
  Exchange exchange;
  std::swap(exchange.signatures[0], exchange.signatures[1]);
  EXPECT_EQ(exchange.accept().error().code, Code::peer_fault);
  exchange = Exchange();
  exchange.signatures.pop_back();
  EXPECT_EQ(exchange.accept().error().detail, "2 signatures for 3 outputs");
  exchange.signatures = Exchange().signatures;
  exchange.signatures.push_back(exchange.signatures.back());
  EXPECT_EQ(exchange.accept().error().code, Code::peer_fault);
}

TEST(AcceptChange, BelongsToBlanksByPlaceAndKeepsWhatIsGood) {
  const ToyMint mint;
  std::vector<PreparedOutput> blanks;
  for (int i = 0; i < 4; ++i) blanks.push_back(output(mint, 0, "blank " + std::to_string(i)));
  std::vector<BlindSignature> signatures = {mint.sign(blanks[0].message, Amount(8)),
                                            mint.sign(blanks[1].message, Amount(1)),
                                            mint.sign(blanks[2].message, Amount(32))};
  signatures[1].amount = Amount(0);
  auto change = accept_change(blanks, signatures, mint.keysets, DleqRule::required);
  ASSERT_TRUE(change);
  ASSERT_EQ(change->proofs.size(), 2u);
  EXPECT_EQ(change->refused, 0u);
  EXPECT_EQ(change->proofs[1].proof().secret.reveal(), "blank 2");
  EXPECT_EQ(change->proofs[1].proof().amount, Amount(32));

  signatures[0].dleq->e[0] ^= 1;
  signatures[1].amount = Amount(3);
  change = accept_change(blanks, signatures, mint.keysets, DleqRule::required);
  ASSERT_TRUE(change);
  EXPECT_EQ(change->proofs.size(), 1u);
  EXPECT_EQ(change->refused, 2u);
  EXPECT_FALSE(accept_change({}, signatures, mint.keysets, DleqRule::required));
}

TEST(AcceptChange, IsSignedWithTheKeysetThatTheSignatureNames) {
  ToyMint old;
  const ToyMint rotated(2);
  ASSERT_TRUE(old.keysets.add(*rotated.keysets.find(rotated.id)));
  const std::array blanks = {output(old, 0, "blank")};
  const std::array signatures = {rotated.sign(blanks[0].message, Amount(2))};
  const auto change = accept_change(blanks, signatures, old.keysets, DleqRule::required);
  ASSERT_EQ(change->proofs.size(), 1u);
  EXPECT_EQ(change->proofs[0].proof().keyset, rotated.id);
}

TEST(CheckProofs, LooksAtEachAndExpandsShortIds) {
  const Exchange exchange;
  std::vector<Proof> proofs;
  for (const auto& checked : *exchange.accept()) {
    proofs.push_back(checked.proof());
    proofs.back().keyset = exchange.mint.id.shortened();
  }
  const auto check = [&](DleqRule rule) {
    return check_proofs(proofs, exchange.mint.keysets, rule);
  };
  ASSERT_TRUE(check(DleqRule::required));
  EXPECT_EQ((*check(DleqRule::required))[2].proof().keyset, exchange.mint.id);
  EXPECT_EQ((*check(DleqRule::required))[2].y(),
            hash_to_curve(as_bytes(proofs[2].secret.reveal())));

  const auto good = proofs;
  proofs[0].dleq.reset();
  EXPECT_EQ(check(DleqRule::required).error().detail, "a proof without DLEQ");
  EXPECT_TRUE(check(DleqRule::if_present));
  proofs[2].dleq->dleq.s[0] ^= 1;  // behind one without
  EXPECT_EQ(check(DleqRule::if_present).error().detail, "a proof whose DLEQ does not hold");
  proofs = good;
  proofs[1] = proofs[0];
  EXPECT_EQ(check(DleqRule::required).error().detail, "the same proof twice");
  proofs = good;
  proofs[1].amount = Amount(3);
  EXPECT_EQ(check(DleqRule::required).error().code, Code::bad_input);
  proofs[1].amount = Amount(8);  // a dearer key than the one that signed
  EXPECT_EQ(check(DleqRule::required).error().code, Code::bad_input);
  proofs = good;
  proofs[1].keyset = ToyMint(2).id;
  EXPECT_EQ(check(DleqRule::required).error().code, Code::not_found);
  proofs.clear();
  EXPECT_EQ(check(DleqRule::required).error().code, Code::bad_input);
}

TEST(CheckProofs, TakesThePublishedProof) {
  const auto json = vectors("nut12")["proof"];
  const auto& given = json["proof"];
  const Proof proof{Amount(1), keyset_id(given["id"]), ProofSecret(text(given["secret"])),
                    point(given["C"]),
                    ProofDleq{{bytes32(given["dleq"]["e"]), bytes32(given["dleq"]["s"])},
                              scalar(given["dleq"]["r"])}};
  // The key is that of a mint whose secret is 1: its whole keyset of one key.
  KeyByAmount keys;
  keys.emplace(Amount(1), point(json["A"]));
  Keysets keysets;
  const auto id = keyset_id_v1(keys);
  ASSERT_TRUE(keysets.add(Keyset::make(id, {"sat", 0, {}}, keys).value()));
  Proof renamed = proof;
  renamed.keyset = id;
  EXPECT_TRUE(check_proofs(std::array{renamed}, keysets, DleqRule::required));
  EXPECT_EQ(check_proofs(std::array{proof}, keysets, DleqRule::required).error().code,
            Code::not_found);
}

}  // namespace
}  // namespace archy::cashu
