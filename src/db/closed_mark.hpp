// A small file beside a database, `<name>.closed`, that says how the database looked when it was
// closed in order: size, modification time and inode. While they are the same nothing has written
// to it. It is taken away before anything does; a mark that a power cut brings back names a state
// that is no more, or still is. Only a hint: whatever goes wrong with it means "not known".
#pragma once

#include <optional>

#include "rt/files.hpp"

namespace archy::db {

// Requires: the database is closed and its log is moved into it.
void leave_closed_mark(rt::Files& files, const rt::Path& database);
// The size of the database where the mark is there and the database is as it says. The mark is gone
// afterwards. While a connection is open there is none, so its file is not touched: closing a
// second descriptor would give up the connection's lock.
std::optional<std::uint64_t> take_closed_mark(rt::Files& files, const rt::Path& database);

}  // namespace archy::db
