#include "crypto/bip39.hpp"

#include <openssl/evp.h>
#include <sodium.h>

#include <algorithm>
#include <vector>

#include "base/check.hpp"
#include "crypto/bip39_words.hpp"
#include "crypto/sha256.hpp"

namespace archy::crypto {
namespace {

constexpr std::size_t kBitsOfAWord = 11;
constexpr int kRounds = 2048;

bool is_word_count(std::size_t count) { return count >= 12 && count <= 24 && count % 3 == 0; }

Result<Secret<std::string>> in_normal_form(std::string_view words) {
  std::string out;
  // Room for all of it: growing would leave copies behind.
  out.reserve(std::min<std::size_t>(words.size(), 256));
  for (const char c : words) {
    const bool space = c == ' ' || (c >= '\t' && c <= '\r');
    if (space && (out.empty() || out.back() == ' ')) continue;
    if (out.size() == 255) return fail(Code::bad_input, "more than 24 words");
    out += space ? ' ' : c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  if (out.ends_with(' ')) out.pop_back();
  return Secret(std::move(out));
}

// The place of each word in the list.
Result<Secret<std::vector<std::uint16_t>>> indices_of(std::string_view sentence) {
  std::vector<std::uint16_t> out;
  out.reserve(24);
  while (!sentence.empty()) {
    const auto word = sentence.substr(0, sentence.find(' '));
    sentence.remove_prefix(std::min(word.size() + 1, sentence.size()));
    if (out.size() == 24) return fail(Code::bad_input, "more than 24 words");
    const auto* const found = std::ranges::lower_bound(kBip39Words, word);
    if (found == kBip39Words.end() || *found != word) {
      return fail(Code::bad_input,
                  "word " + std::to_string(out.size() + 1) + " is not in the list of BIP-39");
    }
    out.push_back(static_cast<std::uint16_t>(found - kBip39Words.begin()));
  }
  return Secret(std::move(out));
}

bool bit(ByteView bytes, std::size_t index) {
  return (bytes[index / 8] >> (7 - index % 8) & 1) != 0;
}

// The last bits of the words are the first of the entropy's SHA-256, one for each 32.
bool has_right_checksum(const std::vector<std::uint16_t>& indices) {
  Bytes bits((indices.size() * kBitsOfAWord + 7) / 8);
  for (std::size_t i = 0; i < indices.size() * kBitsOfAWord; ++i) {
    const unsigned at = kBitsOfAWord - 1 - i % kBitsOfAWord;
    if ((indices[i / kBitsOfAWord] >> at & 1) != 0) {
      bits[i / 8] = static_cast<std::uint8_t>(bits[i / 8] | 0x80 >> i % 8);
    }
  }
  const std::size_t checksum_bits = indices.size() / 3;
  const std::size_t entropy_bits = indices.size() * kBitsOfAWord - checksum_bits;
  const Secret all(std::move(bits));
  const Sha256Digest digest = sha256(ByteView(all.reveal()).first(entropy_bits / 8));
  for (std::size_t i = 0; i < checksum_bits; ++i) {
    if (bit(all.reveal(), entropy_bits + i) != bit(digest.view(), i)) return false;
  }
  return true;
}

}  // namespace

Secret<std::string> random_words() {
  CHECK(sodium_init() >= 0);
  std::array<std::uint8_t, 16> entropy;
  randombytes_buf(entropy.data(), entropy.size());
  auto out = words_of(entropy);
  sodium_memzero(entropy.data(), entropy.size());
  return out;
}

Secret<std::string> words_of(ByteView entropy) {
  CHECK(entropy.size() >= 16 && entropy.size() <= 32 && entropy.size() % 4 == 0);
  Bytes bits;
  bits.reserve(33);
  append(bits, entropy);
  bits.push_back(sha256(entropy).bytes[0]);
  const Secret all(std::move(bits));
  std::string out;
  out.reserve(256);
  const std::size_t count = entropy.size() * 3 / 4;
  for (std::size_t word = 0; word < count; ++word) {
    std::size_t index = 0;
    for (std::size_t i = 0; i < kBitsOfAWord; ++i) {
      index = index << 1 | (bit(all.reveal(), word * kBitsOfAWord + i) ? 1 : 0);
    }
    if (word != 0) out += ' ';
    out += kBip39Words[index];
  }
  return Secret(std::move(out));
}

Result<Bip39Seed> parse_words(std::string_view words, std::string_view passphrase) {
  TRY(sentence, in_normal_form(words));
  TRY(indices, indices_of(sentence.reveal()));
  if (!is_word_count(indices.reveal().size())) {
    return fail(Code::bad_input, "12, 15, 18, 21 or 24 words");
  }
  if (!has_right_checksum(indices.reveal())) {
    return fail(Code::bad_input, "the words do not fit together: one is wrong or out of place");
  }
  if (std::ranges::any_of(passphrase, [](char c) { return static_cast<signed char>(c) < 0; })) {
    return fail(Code::unsupported, "a passphrase beyond ASCII");
  }
  std::string salt;
  salt.reserve(8 + passphrase.size());
  salt.append("mnemonic").append(passphrase);
  const Secret salted(std::move(salt));
  const auto& text = sentence.reveal();
  const ByteView salt_bytes = as_bytes(salted.reveal());
  std::array<std::uint8_t, 64> seed;
  CHECK(PKCS5_PBKDF2_HMAC(text.data(), static_cast<int>(text.size()), salt_bytes.data(),
                          static_cast<int>(salt_bytes.size()), kRounds, EVP_sha512(),
                          static_cast<int>(seed.size()), seed.data()) == 1);
  Bip39Seed out(seed);
  sodium_memzero(seed.data(), seed.size());
  return out;
}

}  // namespace archy::crypto
