#include "wallet/known_mint.hpp"

#include <algorithm>

#include "cashu/mint_answers.hpp"

namespace archy::wallet {
namespace {

// Ecash of a keyset that ends sooner is not asked for any more. Units: seconds.
constexpr std::uint64_t kLeastLife = std::uint64_t{7} * 24 * 3600;
// No clock is believed to be further off. Units: seconds.
constexpr std::int64_t kMostAhead = std::int64_t{24} * 3600;

}  // namespace

KnownMint::KnownMint(http::Client& http, Books& books, MintRow row)
    : books_(books), row_(std::move(row)), client_(http, books.journal, books.clock, row_.url) {}

Result<std::unique_ptr<KnownMint>> KnownMint::load(http::Client& http, Books& books, MintRow row) {
  std::unique_ptr<KnownMint> out(new KnownMint(http, books, std::move(row)));
  TRY_OK(out->read_book());
  return out;
}

Result<> KnownMint::read_book() {
  TRY(info, books_.mints.info(row_.id));
  // What cannot be read is as good as none: the mint says it again when it is met.
  if (auto parsed = cashu::parse_info(info.value_or("")); parsed) info_ = std::move(*parsed);
  TRY(rows, books_.mints.keysets(row_.id));
  cashu::Keysets all;
  for (const KeysetRow& row : rows) TRY_OK(all.add(row.keyset));
  rows_ = std::move(rows);
  keysets_ = std::move(all);
  return {};
}

rt::Task<> KnownMint::refresh(std::stop_token stop) {
  CO_TRY(info_text, co_await client_.get("/v1/info", stop));
  CO_TRY(said, cashu::parse_info(info_text));
  if (said.unix_s && *said.unix_s <= INT64_MAX)
    ahead_s_ = std::clamp(static_cast<std::int64_t>(*said.unix_s) - books_.now_ms() / 1000,
                          -kMostAhead, kMostAhead);
  CO_TRY(list_text, co_await client_.get("/v1/keysets", stop));
  CO_TRY(listed, cashu::parse_keysets_answer(list_text));
  std::vector<cashu::Keyset> fresh;
  for (const cashu::KeysetEntry& entry : listed) {
    if (entry.terms.unit != kUnit || keysets_.find(entry.id) != nullptr) continue;
    CO_TRY(text, co_await client_.get("/v1/keys/" + entry.id.text(), stop));
    CO_TRY(keys, cashu::parse_keys_answer(text));
    // The list names the fee; what an id says of its terms is checked against it.
    for (const cashu::Keyset& keyset : keys) {
      if (keyset.id() != entry.id) continue;
      CO_TRY(whole, cashu::Keyset::make(entry.id, entry.terms, keyset.keys()));
      fresh.push_back(std::move(whole));
    }
  }
  CO_TRY(transaction, books_.db.begin());
  CO_TRY_OK(books_.mints.put_info(row_.id, info_text));
  for (const cashu::Keyset& keyset : fresh)
    CO_TRY_OK(books_.mints.put_keyset(row_.id, keyset, false));
  for (const KeysetRow& row : rows_) {
    const auto entry = std::ranges::find(listed, row.keyset.id(), &cashu::KeysetEntry::id);
    // One that is not listed any more signs nothing.
    CO_TRY_OK(books_.mints.put_keyset(row_.id, row.keyset, entry != listed.end() && entry->active));
  }
  for (const cashu::Keyset& keyset : fresh) {
    const auto entry = std::ranges::find(listed, keyset.id(), &cashu::KeysetEntry::id);
    CO_TRY_OK(books_.mints.put_keyset(row_.id, keyset, entry->active));
  }
  CO_TRY_OK(transaction.commit());
  CO_TRY_OK(read_book());
  met_ = true;
  co_return Result<>{};
}

rt::Task<> KnownMint::meet(std::stop_token stop) {
  if (!met_) CO_TRY_OK(co_await refresh(stop));
  co_return Result<>{};
}

std::uint64_t KnownMint::now_s() const {
  return static_cast<std::uint64_t>(std::max<std::int64_t>(books_.now_ms() / 1000 + ahead_s_, 0));
}

Result<const cashu::Keyset*> KnownMint::for_outputs() const {
  const auto now_s = static_cast<std::uint64_t>(books_.now_ms() / 1000);
  const cashu::Keyset* best = nullptr;
  for (const KeysetRow& row : rows_) {
    const auto& terms = row.keyset.terms();
    if (!row.active || terms.unit != kUnit) continue;
    if (terms.final_expiry && *terms.final_expiry < now_s + kLeastLife) continue;
    if (best == nullptr || terms.input_fee_ppk < best->terms().input_fee_ppk) best = &row.keyset;
  }
  if (best == nullptr)
    return fail(Code::unsupported, row_.url + " has no active keyset of " + std::string(kUnit));
  return best;
}

Result<cashu::Amount> KnownMint::input_fee(std::span<const cashu::Proof> inputs) const {
  std::vector<std::uint64_t> ppk;
  for (const cashu::Proof& proof : inputs) {
    TRY(id, keysets_.expand(proof.keyset));
    const cashu::Keyset* keyset = keysets_.find(id);
    if (keyset == nullptr) return fail(Code::not_found, "an unknown keyset");
    ppk.push_back(keyset->terms().input_fee_ppk);
  }
  return cashu::input_fee(ppk);
}

}  // namespace archy::wallet
