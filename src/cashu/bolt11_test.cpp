#include "cashu/bolt11.hpp"

#include <functional>

#include "cashu/test_vectors.hpp"
#include "crypto/sha256.hpp"
#include "wire/bech32.hpp"

namespace archy::cashu {
namespace {

using namespace test;

TEST(Invoice, IsReadAsPublished) {
  const auto json = vectors("bolt11");
  EXPECT_EQ(json["valid"].size(), 2u);
  for (const auto& row : json["valid"]) {
    const auto invoice = parse_invoice(text(row["invoice"]));
    ASSERT_TRUE(invoice) << invoice.error().detail;
    EXPECT_EQ(wire::parse_bech32(text(row["invoice"]))->prefix, text(row["hrp"]));
    EXPECT_EQ(invoice->chain, Chain::bitcoin);
    if (row["amount_msat"].is_null()) {
      EXPECT_FALSE(invoice->amount_msat);
    } else {
      EXPECT_EQ(invoice->amount_msat, row["amount_msat"].get<std::uint64_t>());
    }
    EXPECT_EQ(invoice->timestamp, row["timestamp"].get<std::uint64_t>());
    EXPECT_EQ(invoice->expiry_s, row["expiry_s"].get<std::uint64_t>());
    EXPECT_EQ(invoice->expires_at(), invoice->timestamp + invoice->expiry_s);
    EXPECT_EQ(to_hex(*invoice->payment_secret), text(row["payment_secret"]));
    EXPECT_EQ(invoice->payment_hash.hex(), text(row["payment_hash"]));
    EXPECT_EQ(invoice->description, text(row["description"]));
    EXPECT_EQ(invoice->tags, text(row["tags_in_order"]));
    EXPECT_EQ(invoice->payee.hex(), text(row["payee_pubkey_recovered"]));
    if (row.contains("min_final_cltv")) {
      EXPECT_EQ(invoice->min_final_cltv, row["min_final_cltv"].get<std::uint64_t>());
    }
  }
  for (const auto& row : json["invalid"]) {
    EXPECT_EQ(parse_invoice(text(row["invoice"])).error().code, Code::bad_input) << row["why"];
  }
}

// The published invoice with something changed and its checksum mended.
std::string changed(std::size_t row, const std::function<void(wire::Bech32&)>& change) {
  auto word = *wire::parse_bech32(text(vectors("bolt11")["valid"][row]["invoice"]));
  change(word);
  return to_string(word);
}

TEST(Invoice, NamesTheAmountInPartsOfABitcoin) {
  const std::pair<const char*, std::optional<std::uint64_t>> rows[] = {
      {"", std::nullopt},
      {"1", 100'000'000'000},
      {"25m", 2'500'000'000},
      {"3u", 300'000},
      {"210n", 21'000},
      {"10p", 1},
      {"9678785340p", 967'878'534}};
  for (const auto& [amount, msat] : rows) {
    const auto invoice = parse_invoice(
        changed(0, [&](wire::Bech32& w) { w.prefix = std::string("lnbc") + amount; }));
    ASSERT_TRUE(invoice) << amount;  // recovery gives some other key
    EXPECT_EQ(invoice->amount_msat, msat) << amount;
  }
  for (const std::string amount :
       {"0", "01m", "1p", "15p", "1x", "m", "-1m", "99999999999999999999", "999999999999999m"}) {
    const auto invoice =
        parse_invoice(changed(0, [&](wire::Bech32& w) { w.prefix = "lnbc" + amount; }));
    ASSERT_FALSE(invoice) << amount;
    EXPECT_EQ(invoice.error().code, Code::bad_input);
  }
}

TEST(Invoice, SaysWhichChainItIsOf) {
  const std::pair<const char*, Chain> rows[] = {{"lnbc", Chain::bitcoin},
                                                {"lntb", Chain::testnet},
                                                {"lntbs", Chain::signet},
                                                {"lnbcrt", Chain::regtest},
                                                {"lnbcrt25m", Chain::regtest}};
  for (const auto& [prefix, chain] : rows) {
    const auto invoice = parse_invoice(changed(0, [&](wire::Bech32& w) { w.prefix = prefix; }));
    ASSERT_TRUE(invoice) << prefix;
    EXPECT_EQ(invoice->chain, chain);
  }
  const auto other = parse_invoice(changed(0, [](wire::Bech32& w) { w.prefix = "lnxy"; }));
  EXPECT_EQ(other.error().code, Code::unsupported);
}

TEST(Invoice, HasItsPayeeFromItsSignature) {
  const auto good = text(vectors("bolt11")["valid"][0]["invoice"]);
  const auto payee = parse_invoice(good)->payee;
  // Another description: another key would have had to sign it.
  const auto other = parse_invoice(changed(0, [](wire::Bech32& w) { w.groups[150] ^= 1; }));
  EXPECT_TRUE(!other || other->payee != payee);
  const auto no_recovery =
      parse_invoice(changed(0, [](wire::Bech32& w) { w.groups.back() |= 31; }));
  EXPECT_FALSE(no_recovery);
  const auto uppercase = [&] {
    std::string out = good;
    for (char& c : out) c = static_cast<char>(std::toupper(c));
    return out;
  }();
  EXPECT_EQ(parse_invoice(uppercase)->payee, payee);
  EXPECT_EQ(parse_invoice("lightning:" + good)->payee, payee);
}

TEST(Invoice, RefusesEveryCut) {
  const auto whole = wire::parse_bech32(text(vectors("bolt11")["valid"][1]["invoice"]))->groups;
  for (std::size_t kept = 0; kept < 7 + 104 + 3; ++kept) {
    const auto invoice = parse_invoice(changed(1, [&](wire::Bech32& w) { w.groups.resize(kept); }));
    EXPECT_FALSE(invoice) << kept;
  }
  EXPECT_FALSE(parse_invoice(""));
  EXPECT_FALSE(parse_invoice(std::string(9000, 'l')));
}

}  // namespace
}  // namespace archy::cashu
