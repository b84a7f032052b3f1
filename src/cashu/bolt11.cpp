#include "cashu/bolt11.hpp"

#include <algorithm>
#include <array>

#include "base/checked.hpp"
#include "base/utf8.hpp"
#include "cashu/json.hpp"
#include "crypto/schnorr.hpp"
#include "crypto/sha256.hpp"
#include "wire/bech32.hpp"

namespace archy::cashu {
namespace {

using Groups = std::span<const std::uint8_t>;

constexpr std::size_t kInvoiceBytes = 8192;
constexpr std::size_t kTimestampGroups = 7;
constexpr std::size_t kSignatureGroups = 104;
constexpr std::size_t kHashGroups = 52;  // 256 bits and 4 of padding
constexpr std::size_t kKeyGroups = 53;
constexpr std::string_view kLetters = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";

std::unexpected<Error> wrong(const char* what) {
  return fail(Code::bad_input, std::string("invoice: ") + what);
}

// Errors: bad_input when it does not fit.
Result<std::uint64_t> number_of(Groups groups) {
  std::uint64_t out = 0;
  for (const std::uint8_t group : groups) {
    if (out >> 59 != 0) return wrong("a number beyond 64 bits");
    out = out << 5 | group;
  }
  return out;
}

struct Named {
  std::string_view prefix;
  Chain chain;
};
// A prefix that begins another one comes after it.
constexpr std::array kChains = {Named{"lnbcrt", Chain::regtest}, Named{"lnbc", Chain::bitcoin},
                                Named{"lntbs", Chain::signet}, Named{"lntb", Chain::testnet}};

// "" is none; otherwise digits and a letter for the part of a bitcoin. In msat.
Result<std::optional<std::uint64_t>> amount_of(std::string_view text) {
  if (text.empty()) return std::nullopt;
  std::uint64_t per_unit = 100'000'000'000;  // of a whole bitcoin
  std::uint64_t divisor = 1;
  const char last = text.back();
  if (last < '0' || last > '9') {
    text.remove_suffix(1);
    if (last == 'm') {
      per_unit = 100'000'000;
    } else if (last == 'u') {
      per_unit = 100'000;
    } else if (last == 'n') {
      per_unit = 100;
    } else if (last == 'p') {
      per_unit = 1;
      divisor = 10;
    } else {
      return wrong("an amount of an unknown unit");
    }
  }
  const auto number = decimal(text);
  if (!number || *number == 0) return wrong("an amount that is no number");
  if (*number % divisor != 0) return wrong("an amount of less than a millisatoshi");
  const auto msat = checked_mul(*number / divisor, per_unit);
  if (!msat) return wrong("an amount beyond 64 bits");
  return *msat;
}

struct Fields {
  std::uint64_t expiry_s = 3600;
  std::optional<Sha256Digest> hash;
  std::optional<std::array<std::uint8_t, 32>> secret;
  std::optional<std::string> description;
  std::optional<std::uint64_t> min_final_cltv;
  std::optional<crypto::Point> payee;
  std::string tags;
};

// A field whose length is not the one it has is skipped, as BOLT-11 says; so is a second one.
Result<> read_field(char letter, Groups data, Fields& fields) {
  const auto bytes = wire::packed_groups(data);
  if (letter == 'p' && data.size() == kHashGroups && !fields.hash) {
    fields.hash = Sha256Digest::from(ByteView(bytes).first(32));
  } else if (letter == 's' && data.size() == kHashGroups && !fields.secret) {
    std::array<std::uint8_t, 32> secret{};
    std::copy_n(bytes.begin(), secret.size(), secret.begin());
    fields.secret = secret;
  } else if (letter == 'n' && data.size() == kKeyGroups && !fields.payee) {
    auto key = crypto::Point::parse(ByteView(bytes).first(33));
    if (!key) return wrong("a payee that is no key");
    fields.payee = *key;
  } else if (letter == 'd' && !fields.description) {
    if (!is_utf8(as_text(bytes))) return wrong("a description that is not UTF-8");
    fields.description = std::string(as_text(bytes));
  } else if (letter == 'x') {
    TRY(seconds, number_of(data));
    fields.expiry_s = seconds;
  } else if (letter == 'c') {
    TRY(blocks, number_of(data));
    fields.min_final_cltv = blocks;
  }
  return {};
}

Result<Fields> read_fields(Groups rest) {
  Fields fields;
  while (!rest.empty()) {
    if (rest.size() < 3) return wrong("a field cut short");
    const char letter = kLetters[rest[0]];
    const std::size_t length = static_cast<std::size_t>(rest[1]) << 5 | rest[2];
    rest = rest.subspan(3);
    if (length > rest.size()) return wrong("a field cut short");
    fields.tags += letter;
    TRY_OK(read_field(letter, rest.first(length), fields));
    rest = rest.subspan(length);
  }
  return fields;
}

// What the payee signed: the readable part, and the groups padded with zeros to bytes.
Sha256Digest signed_digest(std::string_view prefix, Groups signed_groups) {
  std::vector<std::uint8_t> padded(signed_groups.begin(), signed_groups.end());
  padded.insert(padded.end(), {0, 0});
  Bytes bytes = wire::packed_groups(padded);
  bytes.resize((signed_groups.size() * 5 + 7) / 8);
  crypto::Sha256 hasher;
  hasher.update(as_bytes(prefix));
  hasher.update(bytes);
  return hasher.finish();
}

Result<crypto::Point> payee_of(const std::optional<crypto::Point>& named,
                               const Sha256Digest& digest, Groups signature_groups) {
  const auto bytes = wire::packed_groups(signature_groups);
  crypto::EcdsaSignature signature;
  std::copy_n(bytes.begin(), signature.size(), signature.begin());
  if (named) {
    if (!crypto::ecdsa_verify(*named, digest, signature)) return wrong("the signature");
    return *named;
  }
  auto key = crypto::ecdsa_recover(digest, signature, bytes[64]);
  if (!key) return wrong("the signature");
  return key;
}

}  // namespace

std::uint64_t Invoice::expires_at() const {
  return checked_add(timestamp, expiry_s).value_or(~std::uint64_t{0});
}

Result<Invoice> parse_invoice(std::string_view text) {
  if (text.size() > kInvoiceBytes) return wrong("longer than 8192 characters");
  for (const std::string_view scheme : {"lightning:", "LIGHTNING:"}) {
    if (text.starts_with(scheme)) text.remove_prefix(scheme.size());
  }
  auto word = wire::parse_bech32(text);
  if (!word) return fail_in("invoice", word.error());
  const std::string_view prefix = word->prefix;
  const auto* const named =
      std::ranges::find_if(kChains, [&](const Named& n) { return prefix.starts_with(n.prefix); });
  if (named == kChains.end()) {
    if (prefix.starts_with("ln")) return fail(Code::unsupported, "invoice: of another chain");
    return wrong("does not start with \"ln\"");
  }
  TRY(amount, amount_of(prefix.substr(named->prefix.size())));
  const Groups groups = word->groups;
  if (groups.size() < kTimestampGroups + kSignatureGroups) return wrong("cut short");
  const Groups signed_groups = groups.first(groups.size() - kSignatureGroups);
  TRY(timestamp, number_of(signed_groups.first(kTimestampGroups)));

  TRY(fields, read_fields(signed_groups.subspan(kTimestampGroups)));
  if (!fields.hash) return wrong("no payment hash");
  TRY(payee,
      payee_of(fields.payee, signed_digest(prefix, signed_groups), groups.last(kSignatureGroups)));
  return Invoice{named->chain,
                 amount,
                 timestamp,
                 fields.expiry_s,
                 *fields.hash,
                 fields.secret,
                 std::move(fields.description),
                 fields.min_final_cltv,
                 std::move(fields.tags),
                 payee};
}

}  // namespace archy::cashu
