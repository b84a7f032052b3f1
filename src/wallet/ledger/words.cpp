#include "wallet/ledger/words.hpp"

#include <charconv>

#include "base/test_hooks.hpp"
#include "rt/whole_file.hpp"

namespace archy::wallet {
namespace {

constexpr std::size_t kMostBytes = 4096;

Result<std::optional<std::string>> read_text(rt::Files& files, const rt::Path& path) {
  auto file = files.open(path, rt::Open::read);
  if (!file && file.error().code == Code::not_found) return std::optional<std::string>{};
  if (!file) return fail(file.error());
  std::string text(kMostBytes, '\0');
  TRY(size, (*file)->read_at(0, {reinterpret_cast<std::uint8_t*>(text.data()), text.size()}));
  text.resize(size);
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.pop_back();
  return std::optional(std::move(text));
}

std::uint64_t number_in(std::string_view text) {
  std::uint64_t out = 0;
  std::from_chars(text.data(), text.data() + text.size(), out);
  return out;
}

}  // namespace

Result<std::optional<Secret<std::string>>> read_words(rt::Files& files, const rt::Path& path) {
  TRY(text, read_text(files, path));
  if (!text) return std::optional<Secret<std::string>>{};
  if (auto seed = crypto::parse_words(*text); !seed)
    return fail(Code::corrupt, path.native() + ": " + seed.error().detail);
  return std::optional(Secret<std::string>(std::move(*text)));
}

Result<> write_words(rt::Files& files, const rt::Path& path, const Secret<std::string>& words) {
  TRY_OK(crypto::parse_words(words.reveal()));
  if (auto there = files.kind(path); there.has_value())
    return fail(Code::denied, "this wallet has words already");
  TRY_OK(files.make_directories(path.parent_path()));
  return rt::write_whole_file(files, path, as_bytes(words.reveal() + "\n"));
}

Result<bool> count_opening(rt::Files& files, const rt::Path& path, Books& books) {
  TRY(text, read_text(files, path));
  TRY(inside, books.mints.openings());
  const std::uint64_t outside = text ? number_in(*text) : 0;
  const bool older = inside < outside && !test_hooks::planted("wallet_old_copy_trusted");
  const std::uint64_t next = std::max(inside, outside) + 1;
  TRY(transaction, books.db.begin());
  if (older) TRY_OK(books.recoveries.begin(books.now_ms()));
  TRY_OK(books.mints.set_openings(next));
  TRY_OK(transaction.commit());
  // The database first: a crash between the two leaves it ahead, which is no sign of a copy.
  TRY_OK(rt::write_whole_file(files, path, as_bytes(std::to_string(next) + "\n")));
  return older;
}

Result<> check_it_is_there(rt::Files& files, const rt::Path& database, const rt::Path& openings) {
  TRY(text, read_text(files, openings));
  if (!text || number_in(*text) == 0) return {};
  auto file = files.open(database, rt::Open::read);
  if (!file && file.error().code == Code::not_found)
    return fail(Code::corrupt, "wallet.db is missing although it was used");
  if (!file) return fail(file.error());
  TRY(stamp, (*file)->stamp());
  if (stamp.size == 0) return fail(Code::corrupt, "wallet.db is empty although it was used");
  return {};
}

}  // namespace archy::wallet
