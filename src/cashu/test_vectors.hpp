// The vectors of vectors/cashu, for tests.
#pragma once

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "base/hex.hpp"
#include "cashu/keyset.hpp"
#include "cashu/proof.hpp"
#include "crypto/point.hpp"

// The build names the folder for tests; this is where it stands in the tree.
#ifndef ARCHY_VECTORS
#define ARCHY_VECTORS "vectors"
#endif

namespace archy::cashu::test {

inline nlohmann::ordered_json vectors(const std::string& name) {
  std::ifstream in(std::string(ARCHY_VECTORS) + "/cashu/" + name + ".json");
  EXPECT_TRUE(in.good()) << name;
  return nlohmann::ordered_json::parse(in);
}

inline std::string text(const nlohmann::ordered_json& json) { return json.get<std::string>(); }
inline crypto::Point point(const nlohmann::ordered_json& json) {
  return crypto::Point::parse_hex(text(json)).value();
}
inline crypto::Scalar scalar(const nlohmann::ordered_json& json) {
  return crypto::Scalar::parse_hex(text(json)).value();
}
inline std::array<std::uint8_t, 32> bytes32(const nlohmann::ordered_json& json) {
  std::array<std::uint8_t, 32> out{};
  EXPECT_TRUE(from_hex_into(text(json), out));
  return out;
}
inline KeysetId keyset_id(const nlohmann::ordered_json& json) {
  return KeysetId::parse(text(json)).value();
}

// A mint of our own: a key for each power of two up to 2^63, from a secret number.
struct ToyMint {
  std::map<Amount, crypto::Scalar> secrets;
  Keysets keysets;
  KeysetId id = KeysetId::parse("0000000000000000").value();

  explicit ToyMint(std::uint8_t number = 1, KeysetTerms terms = {"sat", 0, {}}) {
    KeyByAmount keys;
    for (unsigned bit = 0; bit < 64; ++bit) {
      std::array<std::uint8_t, 32> bytes{};
      bytes[30] = number;
      bytes[31] = static_cast<std::uint8_t>(bit);
      const auto key = crypto::Scalar::parse(bytes).value();
      const Amount amount(std::uint64_t{1} << bit);
      secrets.emplace(amount, key);
      keys.emplace(amount, crypto::Point::of(key));
    }
    id = keyset_id_v2(keys, terms);
    EXPECT_TRUE(keysets.add(Keyset::make(id, std::move(terms), std::move(keys)).value()));
  }
  BlindSignature sign(const BlindedMessage& message, Amount amount) const {
    const auto& key = secrets.at(amount);
    const auto c = message.b.times(key);
    return {amount, id, c, prove_dleq(key, message.b, c)};
  }
};

}  // namespace archy::cashu::test
