#include "cashu/spending_condition.hpp"

#include "cashu/test_vectors.hpp"
#include "crypto/sha256.hpp"

namespace archy::cashu {
namespace {

using namespace test;
using Json = nlohmann::ordered_json;

constexpr std::uint64_t kNow = 1790000000;

Proof proof_of(const Json& json) {
  Proof out{Amount(json["amount"].get<std::uint64_t>()), keyset_id(json["id"]),
            ProofSecret(text(json["secret"])), point(json["C"])};
  if (json.contains("witness")) out.witness = text(json["witness"]);
  return out;
}

// Every published case: a proof alone, a swap or a melt.
TEST(SpendingCondition, IsJudgedAsPublished) {
  const auto cases = vectors("nut11_14")["cases"];
  EXPECT_EQ(cases.size(), 20u);
  std::size_t checked = 0;
  for (const auto& row : cases) {
    const auto& data = row["data"];
    if (row["kind"] == "proof_without_witness") {
      const auto condition = parse_condition(text(data["secret"]));
      ASSERT_TRUE(condition && *condition);
      EXPECT_EQ((*condition)->locktime, 21u);
      EXPECT_EQ((*condition)->n_sigs, 2u);
      EXPECT_EQ((*condition)->pubkeys.size(), 2u);
      EXPECT_EQ((*condition)->refund.size(), 2u);
      EXPECT_FALSE(check_request(std::array{proof_of(data)}, {}, {}, kNow));
      ++checked;
      continue;
    }
    std::vector<Proof> inputs;
    std::vector<BlindedMessage> outputs;
    if (row["kind"] == "proof") {
      inputs.push_back(proof_of(data));
    } else {
      for (const auto& each : data["inputs"]) inputs.push_back(proof_of(each));
      for (const auto& each : data["outputs"]) {
        outputs.push_back({Amount(each["amount"].get<std::uint64_t>()), keyset_id(each["id"]),
                           point(each["B_"])});
      }
    }
    const auto done = check_request(inputs, outputs, data.value("quote", ""), kNow);
    EXPECT_EQ(done.has_value(), row["valid"].get<bool>())
        << row << (done ? "" : done.error().detail);
    ++checked;
  }
  EXPECT_EQ(checked, cases.size());
}

struct Keys {
  crypto::Scalar a = crypto::Scalar::random();
  crypto::Scalar b = crypto::Scalar::random();
  crypto::Scalar c = crypto::Scalar::random();
};

SpendingCondition full(const Keys& keys) {
  SpendingCondition out;
  out.nonce = std::string(64, '7');
  out.key = crypto::Point::of(keys.a);
  out.pubkeys = {crypto::Point::of(keys.b)};
  out.n_sigs = 2;
  out.locktime = kNow;
  out.refund = {crypto::Point::of(keys.c)};
  out.sig_flag = SigFlag::all;
  return out;
}

TEST(SpendingCondition, IsReadAsItWasWritten) {
  SpendingCondition condition = full({});
  auto read = parse_condition(to_secret(condition).reveal());
  ASSERT_TRUE(read && *read);
  EXPECT_EQ(**read, condition);
  condition.kind = LockKind::htlc;
  condition.key.reset();
  condition.hash = Sha256Digest{{1, 2, 3}};
  condition.n_sigs = 1;
  read = parse_condition(to_secret(condition).reveal());
  ASSERT_TRUE(read && *read);
  EXPECT_EQ(**read, condition);
  EXPECT_TRUE(to_secret(full({})).reveal().starts_with(
      R"(["P2PK",{"nonce":"77777777777777777777777777777777)"));
}

TEST(SpendingCondition, OpensByItsKeysAndAfterItsTimeByTheRefundKeysAsWell) {
  const Keys keys;
  const auto condition = full(keys);
  const Sha256Digest digest{{9}};
  const auto opens = [&](std::initializer_list<const crypto::Scalar*> signing, std::uint64_t now) {
    Witness witness;
    for (const auto* key : signing) {
      witness.signatures.push_back(crypto::schnorr_sign(*key, digest));
    }
    return check_witness(condition, witness, digest, now).has_value();
  };
  EXPECT_TRUE(opens({&keys.a, &keys.b}, kNow - 1));
  EXPECT_TRUE(opens({&keys.b, &keys.a}, kNow + 1));
  EXPECT_FALSE(opens({&keys.a}, kNow + 1));
  EXPECT_FALSE(opens({&keys.a, &keys.a}, kNow));  // one key twice is one
  EXPECT_FALSE(opens({&keys.c}, kNow));
  EXPECT_TRUE(opens({&keys.c}, kNow + 1));
  EXPECT_FALSE(opens({}, kNow + 1));
  auto open_to_all = condition;
  open_to_all.refund.clear();
  EXPECT_TRUE(check_witness(open_to_all, {}, digest, kNow + 1));
  EXPECT_FALSE(check_witness(open_to_all, {}, digest, kNow));
}

TEST(SpendingCondition, OfAHashOpensByItsPreimageAndItsKeys) {
  const Keys keys;
  const Bytes preimage(32, 5);
  const Sha256Digest digest{{9}};
  SpendingCondition condition;
  condition.kind = LockKind::htlc;
  condition.nonce = std::string(64, '7');
  condition.hash = crypto::sha256(preimage);
  const auto opens = [&](const Witness& witness) {
    return check_witness(condition, witness, digest, kNow).has_value();
  };
  EXPECT_TRUE(opens({{}, to_hex(preimage)}));
  EXPECT_FALSE(opens({{}, to_hex(Bytes(32, 6))}));
  EXPECT_FALSE(opens({{}, to_hex(Bytes(31, 5))}));
  EXPECT_FALSE(opens({{}, ""}));
  EXPECT_FALSE(opens({}));
  condition.pubkeys = {crypto::Point::of(keys.a)};
  const auto signature = crypto::schnorr_sign(keys.a, digest);
  EXPECT_TRUE(opens({{signature}, to_hex(preimage)}));
  EXPECT_FALSE(opens({{}, to_hex(preimage)}));
  EXPECT_FALSE(opens({{signature}, to_hex(Bytes(32, 6))}));
  condition.locktime = kNow - 1;
  condition.refund = {crypto::Point::of(keys.b)};
  EXPECT_TRUE(opens({{crypto::schnorr_sign(keys.b, digest)}}));  // no preimage after its time
  EXPECT_TRUE(opens({{signature}, to_hex(preimage)}));           // and that path stays open
}

TEST(SpendingCondition, OfOneKeyInTwoFormsCountsOnce) {
  const Keys keys;
  SpendingCondition condition = full(keys);
  condition.pubkeys = {crypto::Point::of(keys.a).negated()};
  EXPECT_EQ(parse_condition(to_secret(condition).reveal()).error().detail,
            "spending condition: more signatures than keys");
}

TEST(SpendingCondition, IsOnlyWhatLooksLikeOne) {
  for (const std::string secret :
       {"", "407915bc212be61a77e3e6d2aeb4c727980bda51cd06a6afc29e2861768a7837", "[", "[]", "[1,{}]",
        R"(["P2PK"])", R"(["P2PK",1])", R"({"P2PK":{}})", R"(["P2PK",{},1])"}) {
    const auto condition = parse_condition(secret);
    ASSERT_TRUE(condition) << secret;
    EXPECT_FALSE(*condition) << secret;
  }
  EXPECT_EQ(parse_condition(R"(["NEW",{}])").error().code, Code::unsupported);
  const std::string head =
      R"(["P2PK",{"nonce":"00","data":"0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798","tags":[)";
  EXPECT_TRUE(parse_condition(head + "]}]"));
  EXPECT_TRUE(parse_condition(head + R"(["other","x"]]}])"));
  for (const std::string tags :
       {R"(["n_sigs","0"])", R"(["n_sigs","2"])", R"(["n_sigs","1"],["n_sigs","1"])",
        R"(["n_sigs",1])", R"(["n_sigs"])", R"(["locktime","-1"])", R"(["locktime","1e9"])",
        R"(["sigflag","SIG_NONE"])", R"(["pubkeys","02"])", R"([])", R"("x")"}) {
    const auto condition = parse_condition(head + tags + "]}]");
    ASSERT_FALSE(condition) << tags;
    EXPECT_EQ(condition.error().code, Code::bad_input);
  }
  EXPECT_FALSE(parse_condition(R"(["P2PK",{}])"));
  EXPECT_FALSE(parse_condition(R"(["HTLC",{"nonce":"00","data":"00"}])"));
}

TEST(Witness, IsReadAsItWasWritten) {
  Witness witness;
  witness.signatures.push_back(crypto::schnorr_sign(crypto::Scalar::random(), {}));
  witness.preimage = std::string(64, '1');
  EXPECT_EQ(*parse_witness(to_string(witness)), witness);
  EXPECT_EQ(*parse_witness("{}"), Witness{});
  for (const std::string text : {"", "[]", "1", R"({"signatures":1})", R"({"signatures":["00"]})",
                                 R"({"signatures":[1]})", R"({"preimage":1})"}) {
    EXPECT_FALSE(parse_witness(text)) << text;
  }
}

}  // namespace
}  // namespace archy::cashu
