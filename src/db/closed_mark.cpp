#include "db/closed_mark.hpp"

#include <fmt/core.h>

namespace archy::db {
namespace {

rt::Path mark_of(const rt::Path& database) { return database.native() + ".closed"; }

Result<rt::FileStamp> stamp_of(rt::Files& files, const rt::Path& database) {
  TRY(file, files.open(database, rt::Open::read));
  return file->stamp();
}

std::string text_of(const rt::FileStamp& stamp) {
  return fmt::format("{} {} {}\n", stamp.size, stamp.mtime_ns, stamp.inode);
}

Result<> write_mark(rt::Files& files, const rt::Path& database) {
  TRY(stamp, stamp_of(files, database));
  TRY(mark, files.open(mark_of(database), rt::Open::create));
  TRY_OK(mark->resize(0));
  return mark->write_at(0, as_bytes(text_of(stamp)));
}

Result<std::string> read_mark(rt::Files& files, const rt::Path& database) {
  TRY(mark, files.open(mark_of(database), rt::Open::read));
  Bytes bytes(128);
  TRY(got, mark->read_at(0, bytes));
  return std::string(as_text(ByteView(bytes).first(got)));
}

}  // namespace

void leave_closed_mark(rt::Files& files, const rt::Path& database) {
  if (!write_mark(files, database)) (void)files.remove(mark_of(database));
}

std::optional<std::uint64_t> take_closed_mark(rt::Files& files, const rt::Path& database) {
  const auto mark = read_mark(files, database);
  if (!mark) return std::nullopt;
  const auto stamp = stamp_of(files, database);
  const auto removed = files.remove(mark_of(database));
  if (!stamp || !removed || *mark != text_of(*stamp)) return std::nullopt;
  return stamp->size;
}

}  // namespace archy::db
