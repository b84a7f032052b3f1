#include "cashu/token.hpp"

#include <algorithm>

#include "cashu/cbor_map.hpp"
#include "cashu/encoded.hpp"
#include "cashu/token_v3.hpp"
#include "wire/base64url.hpp"

namespace archy::cashu {
namespace {

constexpr std::string_view kV3 = "cashuA";
constexpr std::string_view kV4 = "cashuB";
constexpr std::string_view kRaw = "crawB";

Result<crypto::Point> read_point(CborReader& in) {
  TRY(bytes, in.bytes());
  return crypto::Point::parse(bytes);
}

Result<std::array<std::uint8_t, 32>> read_number(CborReader& in) {
  TRY(bytes, in.bytes());
  std::array<std::uint8_t, 32> out{};
  if (bytes.size() != out.size()) return fail(Code::bad_input, "a number that is not 32 bytes");
  std::ranges::copy(bytes, out.begin());
  return out;
}

Result<ProofDleq> read_dleq(CborReader& in) {
  std::optional<std::array<std::uint8_t, 32>> e;
  std::optional<std::array<std::uint8_t, 32>> s;
  std::optional<crypto::Scalar> r;
  TRY_OK(each_member(in, [&](std::string_view key) -> Result<> {
    if (key != "e" && key != "s" && key != "r") return in.skip();
    if (key == "r") {
      TRY(bytes, in.bytes());
      TRY(value, crypto::Scalar::parse(bytes));
      r = value;
      return {};
    }
    TRY(value, read_number(in));
    (key == "e" ? e : s) = value;
    return {};
  }));
  if (!e || !s || !r) return missing_member("e, s or r");
  return ProofDleq{{*e, *s}, *r};
}

Result<Proof> read_proof(CborReader& in, const KeysetId& keyset) {
  std::optional<std::uint64_t> amount;
  std::optional<std::string> secret;
  std::optional<crypto::Point> c;
  std::optional<ProofDleq> dleq;
  std::optional<std::string> witness;
  std::optional<crypto::Point> p2pk_e;
  TRY_OK(each_member(in, [&](std::string_view key) -> Result<> {
    if (key == "a") {
      TRY(value, in.number());
      amount = value;
    } else if (key == "s") {
      TRY(value, in.text());
      secret = std::string(value);
    } else if (key == "c") {
      TRY(value, read_point(in));
      c = value;
    } else if ((key == "d" || key == "w" || key == "pe") && in.take_nothing()) {
      return {};
    } else if (key == "d") {
      TRY(value, read_dleq(in));
      dleq = std::move(value);
    } else if (key == "w") {
      TRY(value, in.text());
      witness = std::string(value);
    } else if (key == "pe") {
      TRY(value, read_point(in));
      p2pk_e = value;
    } else {
      return in.skip();
    }
    return {};
  }));
  if (!amount) return missing_member("a");
  if (!secret) return missing_member("s");
  if (!c) return missing_member("c");
  return Proof{Amount(*amount),    keyset, ProofSecret(std::move(*secret)), *c, std::move(dleq),
               std::move(witness), p2pk_e};
}

// One entry of "t": the proofs of one keyset. The id may stand behind them, so they are read when
// it is known.
Result<> read_group(CborReader& in, std::vector<Proof>& out) {
  std::optional<KeysetId> keyset;
  std::optional<CborReader> proofs;
  TRY_OK(each_member(in, [&](std::string_view key) -> Result<> {
    if (key == "i") {
      TRY(bytes, in.bytes());
      TRY(id, KeysetId::from_bytes(bytes));
      keyset = std::move(id);
      return {};
    }
    if (key == "p") proofs = in;
    return in.skip();
  }));
  if (!keyset) return missing_member("i");
  if (!proofs) return missing_member("p");
  TRY(count, proofs->array());
  for (std::size_t i = 0; i < count; ++i) {
    if (out.size() == kTokenProofs) return fail(Code::bad_input, "more than 1000 proofs");
    TRY(proof, read_proof(*proofs, *keyset));
    out.push_back(std::move(proof));
  }
  return {};
}

Result<Token> read_v4(ByteView bytes) {
  CborReader in(bytes);
  std::optional<std::string> mint;
  std::optional<std::string> unit;
  bool has_proofs = false;
  Token out;
  TRY_OK(each_member(in, [&](std::string_view key) -> Result<> {
    if (key == "m") {
      TRY(text, in.text());
      TRY(url, mint_url(text));
      mint = std::move(url);
    } else if (key == "u") {
      TRY(text, in.text());
      unit = std::string(text);
    } else if (key == "d") {
      if (in.take_nothing()) return {};
      TRY(text, in.text());
      out.memo = std::string(text);
    } else if (key == "t") {
      has_proofs = true;
      TRY(groups, in.array());
      for (std::size_t i = 0; i < groups; ++i) TRY_OK(read_group(in, out.proofs));
    } else {
      return in.skip();
    }
    return {};
  }));
  if (!in.at_end()) return fail(Code::bad_input, "bytes after the end");
  if (!mint) return missing_member("m");
  if (!unit) return missing_member("u");
  if (!has_proofs) return missing_member("t");
  out.mint = std::move(*mint);
  out.unit = std::move(*unit);
  return out;
}

Result<Token> checked(Result<Token> token) {
  if (!token) return fail_in("token", token.error());
  if (token->proofs.empty()) return fail(Code::bad_input, "token: no proofs");
  if (token->unit.empty()) return fail(Code::bad_input, "token: no unit");
  if (const auto value = value_of(*token); !value) return fail_in("token", value.error());
  return token;
}

Result<Token> read_text(std::string_view text) {
  if (text.size() > kTokenBytes) return fail(Code::bad_input, "longer than 1 MiB");
  text = without_scheme(text);
  const bool v3 = text.starts_with(kV3);
  if (!v3 && !text.starts_with(kV4)) {
    if (text.starts_with("cashu") && text.size() > 5 && text[5] >= 'C' && text[5] <= 'Z') {
      return fail(Code::unsupported, "a later form of token");
    }
    return fail(Code::bad_input, "does not start with \"cashuA\" or \"cashuB\"");
  }
  TRY(bytes, from_any_base64(text.substr(kV3.size())));
  const Secret content(std::move(bytes));
  return v3 ? read_token_v3(as_text(content.reveal())) : read_v4(content.reveal());
}

void write_proof(CborWriter& out, const Proof& proof) {
  out.map(3 + (proof.dleq ? 1 : 0) + (proof.witness ? 1 : 0) + (proof.p2pk_e ? 1 : 0));
  out.text("a").number(proof.amount.value());
  out.text("s").text(proof.secret.reveal());
  out.text("c").bytes(proof.c.compressed());
  if (proof.dleq) {
    out.text("d").map(3);
    out.text("e").bytes(proof.dleq->dleq.e);
    out.text("s").bytes(proof.dleq->dleq.s);
    out.text("r").bytes(proof.dleq->r.reveal());
  }
  if (proof.witness) out.text("w").text(*proof.witness);
  if (proof.p2pk_e) out.text("pe").bytes(proof.p2pk_e->compressed());
}

Result<Secret<Bytes>> write_v4(const Token& token) {
  if (token.proofs.empty()) return fail(Code::bad_input, "token: no proofs");
  std::vector<KeysetId> keysets;
  for (const Proof& proof : token.proofs) {
    const auto id = proof.keyset.shortened();
    if (id.version() == KeysetId::Version::legacy) {
      return fail(Code::unsupported, "token: a legacy keyset, which V4 cannot name");
    }
    if (std::ranges::find(keysets, id) == keysets.end()) keysets.push_back(id);
  }
  CborWriter out;
  out.map(token.memo ? 4 : 3).text("t").array(keysets.size());
  for (const KeysetId& id : keysets) {
    const auto is_of = [&](const Proof& proof) { return proof.keyset.shortened() == id; };
    out.map(2).text("i").bytes(id.bytes());
    out.text("p").array(static_cast<std::size_t>(std::ranges::count_if(token.proofs, is_of)));
    for (const Proof& proof : token.proofs) {
      if (is_of(proof)) write_proof(out, proof);
    }
  }
  if (token.memo) out.text("d").text(*token.memo);
  out.text("m").text(token.mint).text("u").text(token.unit);
  return Secret(Bytes(out.written()));
}

}  // namespace

Result<Token> parse_token(std::string_view text) { return checked(read_text(text)); }

Result<Token> parse_raw_token(ByteView bytes) {
  if (bytes.size() > kTokenBytes) return fail(Code::bad_input, "token: longer than 1 MiB");
  if (!as_text(bytes).starts_with(kRaw)) {
    return fail(Code::bad_input, "token: does not start with \"crawB\"");
  }
  return checked(read_v4(bytes.subspan(kRaw.size())));
}

Result<Secret<std::string>> to_string(const Token& token) {
  TRY(bytes, write_v4(token));
  return Secret(std::string(kV4) + wire::to_base64url(bytes.reveal()));
}

Result<Secret<Bytes>> to_raw_token(const Token& token) {
  TRY(bytes, write_v4(token));
  Bytes out = to_bytes(as_bytes(kRaw));
  append(out, bytes.reveal());
  return Secret(std::move(out));
}

Result<Amount> value_of(const Token& token) {
  std::vector<Amount> amounts;
  amounts.reserve(token.proofs.size());
  for (const Proof& proof : token.proofs) amounts.push_back(proof.amount);
  return sum(amounts);
}

}  // namespace archy::cashu
