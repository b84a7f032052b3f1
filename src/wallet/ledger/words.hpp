// The wallet's words: where they lie on the disk, and whether the database beside them is the
// newest copy there ever was.
#pragma once

#include <optional>

#include "crypto/bip39.hpp"
#include "rt/files.hpp"
#include "wallet/ledger/books.hpp"

namespace archy::wallet {

// None when there are none yet. Errors: corrupt: what is there are no words.
Result<std::optional<Secret<std::string>>> read_words(rt::Files& files, const rt::Path& path);
// Errors: denied: there are words already, and words are never replaced; bad_input: no words.
Result<> write_words(rt::Files& files, const rt::Path& path, const Secret<std::string>& words);

// Counts the openings of the database, in it and in a file beside it. A database that has fewer of
// them was put back from a copy: its mints have to be asked from now on (recovery_book.hpp), and
// true is returned.
// Source: CLN's and our own rule that an old copy must not derive what a newer one has used.
Result<bool> count_opening(rt::Files& files, const rt::Path& path, Books& books);

// A database that was used before is not made anew in silence. Errors: corrupt: it is gone, or
// empty.
Result<> check_it_is_there(rt::Files& files, const rt::Path& database, const rt::Path& openings);

}  // namespace archy::wallet
