#include "cashu/token.hpp"

#include "cashu/cbor.hpp"
#include "cashu/test_vectors.hpp"
#include "wire/base64url.hpp"

namespace archy::cashu {
namespace {

using namespace test;
using Json = nlohmann::ordered_json;

template <class T>
concept Printable = requires(std::ostream& out, const T& value) { out << value; };
static_assert(!Printable<Token> && !Printable<Proof> && !Printable<Secret<std::string>>);

Result<Token> v3(const Json& json) {
  return parse_token("cashuA" + wire::to_base64url(as_bytes(json.dump())));
}
Result<Token> v4(ByteView cbor) { return parse_token("cashuB" + wire::to_base64url(cbor)); }

void expect_equal(const Token& a, const Token& b) {
  EXPECT_EQ(a.mint, b.mint);
  EXPECT_EQ(a.unit, b.unit);
  EXPECT_EQ(a.memo, b.memo);
  ASSERT_EQ(a.proofs.size(), b.proofs.size());
  for (std::size_t i = 0; i < a.proofs.size(); ++i) {
    EXPECT_TRUE(same_proof(a.proofs[i], b.proofs[i])) << i;
  }
}

TEST(TokenV3, IsReadAsPublished) {
  const auto json = vectors("nut00")["token_v3"];
  const auto token = parse_token(text(json["serialized"]));
  ASSERT_TRUE(token) << token.error().detail;
  const auto& entry = json["json"]["token"][0];
  EXPECT_EQ(token->mint, text(entry["mint"]));
  EXPECT_EQ(token->unit, text(json["json"]["unit"]));
  EXPECT_EQ(token->memo, text(json["json"]["memo"]));
  ASSERT_EQ(token->proofs.size(), entry["proofs"].size());
  for (std::size_t i = 0; i < token->proofs.size(); ++i) {
    const auto& proof = entry["proofs"][i];
    EXPECT_EQ(token->proofs[i].amount.value(), proof["amount"].get<std::uint64_t>());
    EXPECT_EQ(token->proofs[i].keyset, keyset_id(proof["id"]));
    EXPECT_EQ(token->proofs[i].secret.reveal(), text(proof["secret"]));
    EXPECT_EQ(token->proofs[i].c, point(proof["C"]));
  }
  EXPECT_EQ(value_of(*token)->value(), 10u);
  for (const auto& bad : json["must_reject"]) {
    EXPECT_EQ(parse_token(text(bad)).error().code, Code::bad_input);
  }
  ASSERT_EQ(json["padded_and_unpadded_both_valid"].size(), 2u);
  for (const auto& good : json["padded_and_unpadded_both_valid"]) {
    const auto other = parse_token(text(good));
    ASSERT_TRUE(other);
    EXPECT_EQ(other->memo, "Thank you very much.");
    EXPECT_EQ(other->proofs.size(), 2u);
  }
}

TEST(TokenV4, IsReadAndWrittenAsPublished) {
  const auto rows = vectors("nut00")["token_v4"];
  EXPECT_EQ(rows.size(), 2u);
  for (const auto& row : rows) {
    const auto serialized = text(row["serialized"]);
    const auto token = parse_token(serialized);
    ASSERT_TRUE(token) << token.error().detail;
    EXPECT_EQ(token->mint, text(row["json"]["m"]));
    EXPECT_EQ(token->unit, text(row["json"]["u"]));
    EXPECT_EQ(token->memo.value_or(""), row["json"].value("d", ""));
    std::size_t at = 0;
    for (const auto& group : row["json"]["t"]) {
      for (const auto& proof : group["p"]) {
        ASSERT_LT(at, token->proofs.size());
        EXPECT_EQ(token->proofs[at].keyset, keyset_id(group["i"]));
        EXPECT_EQ(token->proofs[at].amount.value(), proof["a"].get<std::uint64_t>());
        EXPECT_EQ(token->proofs[at].secret.reveal(), text(proof["s"]));
        EXPECT_EQ(token->proofs[at].c, point(proof["c"]));
        ++at;
      }
    }
    EXPECT_EQ(at, token->proofs.size());
    EXPECT_EQ(to_string(*token)->reveal(), serialized.substr(0, serialized.find('=')));
    if (!row.contains("raw_binary_hex")) continue;
    const auto raw = *from_hex(text(row["raw_binary_hex"]));
    const auto same = parse_raw_token(raw);
    ASSERT_TRUE(same);
    expect_equal(*same, *token);
    EXPECT_EQ(to_raw_token(*token)->reveal(), raw);
  }
}

Token full_token() {
  const ToyMint mint;
  const auto g = crypto::Point::of(crypto::Scalar::random());
  Token token{"https://mint.example/path", "msat", "a memo \xc3\xa9", {}};
  Proof proof{Amount(std::uint64_t{1} << 63), mint.id.shortened(), ProofSecret("[\"P2PK\",{}]"), g};
  proof.dleq = ProofDleq{{{1, 2}, {3, 4}}, crypto::Scalar::random()};
  proof.witness = R"({"signatures":[]})";
  proof.p2pk_e = g.negated();
  token.proofs.push_back(proof);
  token.proofs.push_back({Amount(1), mint.id.shortened(), ProofSecret("x"), g});
  token.proofs.push_back({Amount(2), *KeysetId::parse("009a1f293253e41e"), ProofSecret("y"), g});
  return token;
}

TEST(TokenV4, CarriesEverythingAProofCanHave) {
  const auto token = full_token();
  const auto again = parse_token(to_string(token)->reveal());
  ASSERT_TRUE(again) << again.error().detail;
  expect_equal(*again, token);
  Token grouped = token;
  std::swap(grouped.proofs[1], grouped.proofs[2]);
  expect_equal(*parse_token(to_string(grouped)->reveal()), token);
  Token full_ids = token;
  full_ids.proofs[1].keyset = ToyMint().id;
  expect_equal(*parse_token(to_string(full_ids)->reveal()), token);
}

TEST(Token, IsFoundBehindASchemeAndInEitherAlphabet) {
  const auto token = full_token();
  const auto word = to_string(token)->reveal();
  std::string standard = word.substr(6);
  for (char& c : standard) c = c == '-' ? '+' : c == '_' ? '/' : c;
  while (standard.size() % 4 != 0) standard += '=';
  for (const std::string& text :
       {"cashu:" + word, "cashu://" + word, " \n" + word + "\n", "cashuB" + standard}) {
    const auto read = parse_token(text);
    ASSERT_TRUE(read) << text;
    expect_equal(*read, token);
  }
}

TEST(TokenV4, RefusesEveryCutAndEveryTail) {
  const auto raw = to_raw_token(full_token())->reveal();
  for (std::size_t cut = 0; cut < raw.size(); ++cut) {
    EXPECT_FALSE(parse_raw_token(ByteView(raw).first(cut))) << cut;
  }
  Bytes longer = raw;
  longer.push_back(0);
  EXPECT_EQ(parse_raw_token(longer).error().detail, "token: bytes after the end");
}

TEST(TokenV4, TakesKeysInAnyOrderAndLeavesUnknownOnesOut) {
  const auto c = crypto::Point::of(crypto::Scalar::random()).compressed();
  CborWriter out;
  out.map(5).text("u").text("sat").text("zz").array(1).number(1).text("m").text("http://m/");
  out.text("d").boolean(true);
  EXPECT_FALSE(v4(out.written()));
  CborWriter good;
  good.map(4).text("u").text("sat").text("zz").array(1).number(1).text("m").text("http://m.x/");
  good.text("t").array(1).map(2).text("p").array(1).map(4);
  good.text("c").bytes(c).text("new").boolean(false).text("s").text("secret").text("a").number(3);
  good.text("i").bytes(*from_hex("009a1f293253e41e"));
  const auto token = v4(good.written());
  ASSERT_TRUE(token) << token.error().detail;
  EXPECT_EQ(token->mint, "http://m.x");
  EXPECT_EQ(token->proofs.at(0).amount, Amount(3));
}

TEST(TokenV3, SaysInOneLineWhatIsWrong) {
  const auto good = vectors("nut00")["token_v3"]["json"];
  ASSERT_TRUE(v3(good));
  const auto message = [&](auto change) {
    Json json = good;
    change(json);
    const auto token = v3(json);
    return token ? std::string("taken") : to_string(token.error());
  };
  const auto proof = [](Json& json) -> Json& { return json["token"][0]["proofs"][0]; };
  EXPECT_EQ(message([&](Json& j) { proof(j)["amount"] = 1.0; }),
            "token: amount: not a whole number of 64 bits");
  EXPECT_EQ(message([&](Json& j) { proof(j)["amount"] = -1; }),
            "token: amount: not a whole number of 64 bits");
  EXPECT_EQ(message([&](Json& j) { proof(j)["amount"] = ~std::uint64_t{0}; }),
            "token: a sum beyond 64 bits");
  EXPECT_EQ(message([&](Json& j) { proof(j)["amount"] = (std::uint64_t{1} << 53) + 1; }), "taken");
  EXPECT_EQ(message([&](Json& j) { proof(j).erase("secret"); }), "token: secret: missing");
  EXPECT_EQ(message([&](Json& j) { proof(j)["C"] = "02" + std::string(64, 'f'); }),
            "token: not a point of the curve");
  EXPECT_EQ(message([&](Json& j) { proof(j)["id"] = "02" + std::string(64, 'a'); }),
            "token: a keyset of version 3 (BLS12-381), which is not supported");
  EXPECT_EQ(message([&](Json& j) { proof(j)["id"] = "I2yN+iRYfkzT"; }), "taken");
  EXPECT_EQ(message([&](Json& j) { j["token"][0]["mint"] = "file:///etc"; }),
            "token: mint: URL: only http and https");
  EXPECT_EQ(message([&](Json& j) { j["token"][0]["proofs"] = Json::array(); }), "token: no proofs");
  EXPECT_EQ(message([&](Json& j) { j["token"] = Json::array(); }), "token: token: no list");
  EXPECT_EQ(message([&](Json& j) { j.erase("unit"); }), "taken");
  EXPECT_EQ(message([&](Json& j) {
              j["token"].push_back(j["token"][0]);
              j["token"][1]["mint"] = "https://other.example";
            }),
            "token: ecash of more than one mint");
  EXPECT_EQ(to_string(parse_token("cashuCabc").error()), "token: a later form of token");
  EXPECT_EQ(parse_token("cashuCabc").error().code, Code::unsupported);
  EXPECT_EQ(to_string(parse_token("cashuA!").error()), "token: base64 of an impossible length");
  EXPECT_FALSE(parse_token("cashuA" + wire::to_base64url(as_bytes(R"({"token":[],"token":[]})"))));
  EXPECT_FALSE(parse_token(std::string(kTokenBytes + 1, 'a')));
}

TEST(TokenV3, HasAtMostAThousandProofs) {
  Json json = vectors("nut00")["token_v3"]["json"];
  const Json proof = json["token"][0]["proofs"][0];
  json["token"][0]["proofs"] = Json::array();
  for (std::size_t i = 0; i < kTokenProofs; ++i) json["token"][0]["proofs"].push_back(proof);
  EXPECT_TRUE(v3(json));
  json["token"][0]["proofs"].push_back(proof);
  EXPECT_EQ(to_string(v3(json).error()), "token: more than 1000 proofs");
}

TEST(Token, OfALegacyKeysetIsNotWritten) {
  Token token = full_token();
  token.proofs[1].keyset = *KeysetId::parse("I2yN+iRYfkzT");
  EXPECT_EQ(to_string(token).error().code, Code::unsupported);
  token.proofs.clear();
  EXPECT_EQ(to_string(token).error().code, Code::bad_input);
}

}  // namespace
}  // namespace archy::cashu
