// A mint's answers about keys, keyset ids, and sums of amounts. Oracle: a keyset that was read has
// the id of its keys; an id is written as it was read, and a short one stands for the one keyset
// that begins so; no two keysets that are held share their secrets; parts of a split add up again.
#include <algorithm>

#include "base/check.hpp"
#include "cashu/amount.hpp"
#include "cashu/keyset.hpp"
#include "cashu/keyset_id.hpp"

namespace archy::cashu {
namespace {

void ids(std::string_view text) {
  const auto id = KeysetId::parse(text);
  if (!id) return;
  CHECK(id->text() == text);
  if (id->version() == KeysetId::Version::legacy) return;
  CHECK(share_derived_secrets(*id, *id));
  CHECK(KeysetId::from_bytes(id->bytes()).value() == *id);
  CHECK(expand(id->shortened(), std::span(&*id, 1)).has_value() || id->is_short());
}

void keysets(std::string_view answer) {
  const auto read = parse_keys_answer(answer);
  if (!read) {
    CHECK(read.error().code == Code::peer_fault);
    return;
  }
  Keysets held;
  for (const auto& keyset : *read) {
    CHECK(Keyset::make(keyset.id(), keyset.terms(), keyset.keys()).has_value());
    for (const auto& [amount, key] : keyset.keys()) CHECK(*keyset.key_for(amount) == key);
    if (held.add(keyset)) {
      CHECK(held.find(keyset.id())->keys() == keyset.keys());
      const auto full = held.expand(keyset.id().shortened());
      CHECK(full ? *full == keyset.id() : full.error().code == Code::bad_input);
    } else {
      CHECK(held.find(keyset.id()) == nullptr);
      CHECK(std::ranges::any_of(*read, [&](const Keyset& other) {
        return other.id() != keyset.id() && share_derived_secrets(other.id(), keyset.id());
      }));
    }
  }
}

void sums(ByteView in) {
  std::vector<Amount> amounts;
  std::vector<std::uint64_t> numbers;
  unsigned __int128 exact = 0;
  for (std::size_t at = 0; at + 8 <= in.size(); at += 8) {
    numbers.push_back(load_u64_le(in.data() + at));
    amounts.emplace_back(numbers.back());
    exact += numbers.back();
    const auto parts = split(amounts.back());
    CHECK(sum(parts).value() == amounts.back());
  }
  const auto total = sum(amounts);
  CHECK(total.has_value() == (exact >> 64 == 0));
  if (total) {
    CHECK(total->value() == exact);
    CHECK(input_fee(numbers)->value() == (exact + 999) / 1000);
  }
  if (amounts.size() >= 4) {
    const auto bill = melt_bill(amounts[0], amounts[1], amounts[2], amounts[3]);
    if (bill) {
      // Conservation: what can come back and what cannot are the inputs.
      const unsigned __int128 cost = static_cast<unsigned __int128>(numbers[1]) + numbers[3];
      CHECK(cost + bill->most_change.value() == numbers[0]);
      CHECK(split(bill->most_change).size() <= bill->blank_outputs);
    }
  }
}

}  // namespace
}  // namespace archy::cashu

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace archy;
  const ByteView in(data, size);
  cashu::ids(as_text(in));
  cashu::sums(in);
  (void)cashu::KeysetId::from_bytes(in);
  cashu::keysets(as_text(in));
  if (const auto keys = cashu::parse_keys(as_text(in))) CHECK(!keys->empty());
  return 0;
}
