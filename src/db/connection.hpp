// One SQLite file, opened the one way we trust: WAL, synchronous FULL, exclusive lock (so no shared
// memory file), foreign keys, strict about the file's own content. Every setting is read back, a
// difference is refused.
//
// Thread: one at a time (the owner serialises). Lifetime: outlives its queries and transactions.
// Invariants: (1) a file that is not ours, is damaged, or is newer than the program is left byte
// for byte as it was; (2) after a failed fsync the connection refuses every further write (the
// file's state is unknown until reopened).
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/result.hpp"
#include "db/migration.hpp"
#include "db/query.hpp"
#include "rt/files.hpp"

struct sqlite3;
struct sqlite3_stmt;

namespace archy::db {

struct Options {
  std::string vfs;  // name of a registered SQLite VFS; empty: the default one
  // Before the first use. Its cost grows with the file, so one above kAlwaysCheckedBytes is left
  // out where the file is as close() left it.
  bool quick_check = true;
};

inline constexpr std::uint64_t kAlwaysCheckedBytes = 16u << 20;

class Connection {
 public:
  // Makes the file where it is missing. `what` names the file in messages ("store.db").
  // Errors: corrupt (not a database, damaged, somebody else's), unsupported (newer schema), locked
  // (another process has it), denied, no_space, io. Lifetime: `files` outlives the connection.
  static Result<std::unique_ptr<Connection>> open(rt::Files& files, const rt::Path& path,
                                                  const Schema& schema, const Options& options);
  // A database of this schema in memory, empty or as image() gave it (of this or an older version;
  // its rows are brought to the newest one). Errors: corrupt, unsupported.
  static Result<std::unique_ptr<Connection>> open_image(rt::Files& files, const Schema& schema,
                                                        ByteView image = {});
  // Reads what can still be read of a file that open() calls damaged, and changes nothing of it.
  // Errors: corrupt: not even its table of contents can be read; locked, not_found, io.
  static Result<std::unique_ptr<Connection>> open_damaged(rt::Files& files, const rt::Path& path,
                                                          const Schema& schema,
                                                          const Options& options);
  // close() where it was not called; its answer is logged then.
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // Moves the WAL into the file and closes. Requires: no query alive. Errors: io, no_space: nothing
  // is lost, the WAL stays and is used at the next opening.
  Result<> close();

  // From here on closing moves nothing: what is in the WAL stays there. For a file that turned out
  // to be damaged.
  void leave_as_it_is() { accepted_ = false; }

  // A statement with its parameters bound, in order. `sql` is a literal: statements are cached by
  // its text.
  template <class... Args>
  Result<Query> query(std::string_view sql, const Args&... args) {
    TRY(made, prepare(sql));
    int index = 0;
    (made.bind(++index, args), ...);
    return made;
  }
  // Runs a statement that gives no rows (rows are ignored).
  template <class... Args>
  Result<> run(std::string_view sql, const Args&... args) {
    TRY(made, query(sql, args...));
    return made.finish();
  }
  // Rows changed by the last statement that ran.
  std::int64_t changes() const;
  std::int64_t last_insert_id() const;
  bool in_transaction() const;
  // The whole file checked. Errors: corrupt.
  Result<> check_integrity(bool quick);
  // The rows that `select` gives are put into the table of the same columns in `to`, those that it
  // does not take are left out where `lenient`. How many there are now, and whether the last of
  // them could be read.
  struct Copied {
    std::uint64_t rows = 0;
    std::uint64_t refused = 0;
    bool to_the_end = true;
  };
  enum class Copying : unsigned char { exact, lenient };
  Result<Copied> copy_rows(const std::string& select, const std::string& table, Connection& to,
                           Copying how);
  // Every byte of the database as it is now, within a transaction as that has made it. Requires:
  // opened by open_image(), without an image.
  Result<Bytes> image();
  // Rows that were ever changed through this connection: while it stays the same nothing has.
  std::int64_t total_changes() const;

 private:
  friend class Query;
  friend class Transaction;
  Connection(std::string name, rt::Files& files, rt::Path path)
      : name_(std::move(name)), files_(files), path_(std::move(path)) {}
  Result<> open_handle(const rt::Path& path, const Options& options);
  Result<> apply_settings(bool fresh);
  // Sets a pragma and reads it back. Errors: unsupported when it did not take.
  Result<> pragma(const char* name, const char* value, std::string_view expected);
  Result<std::string> pragma_value(const std::string& sql);
  Result<Query> prepare(std::string_view sql);
  void give_back(sqlite3_stmt* statement);
  Result<> failed(std::string_view what, int code);

  std::string name_;
  rt::Files& files_;
  rt::Path path_;
  sqlite3* handle_ = nullptr;
  bool accepted_ = false;  // sound, ours, and of a version we know: may be written
  bool broken_ = false;    // an fsync failed
  int depth_ = 0;          // open transactions, nested ones counted
  std::unordered_map<std::string_view, sqlite3_stmt*> cache_;  // those not in use now
};

}  // namespace archy::db
