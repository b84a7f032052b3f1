// FileStore: a blob's own file becomes the user's by rename, not by copy; the store then refers to
// it as to a file that was added in place.
//
// Order: intent row -> rename -> fsync of both folders -> row says external, intent goes. Between
// the first and the last the row still says owned; whoever finds an intent looks where the file is
// (settle_handover). The stamp in an intent is from before the rename, which changes ctime and
// nothing else of it.
#include "base/log.hpp"
#include "store/file_store.hpp"

namespace archy::store {
namespace {

bool is_same_file(const rt::FileStamp& a, const rt::FileStamp& b) {
  return a.device == b.device && a.inode == b.inode && a.size == b.size && a.mtime_ns == b.mtime_ns;
}

// What stands at `path` if it is that file; none when it is another one or nothing.
Result<std::optional<rt::FileStamp>> find_same_file(rt::Files& files, const rt::Path& path,
                                                    const rt::FileStamp& stamp) {
  std::optional<rt::FileStamp> none;
  // A link to the file is not the file.
  if (auto kind = files.kind(path); !kind.has_value() || *kind != rt::FileKind::regular) {
    if (kind.has_value() || kind.error().code == Code::not_found) return none;
    return fail(kind.error());
  }
  auto file = files.open(path, rt::Open::read);
  if (!file.has_value()) {
    const Code code = file.error().code;
    if (code == Code::not_found || code == Code::bad_input) return none;
    return fail(file.error());
  }
  TRY(now, (*file)->stamp());
  return is_same_file(now, stamp) ? std::optional(now) : none;
}

// A folder that is gone has nothing to lose.
Result<> sync_if_there(rt::Files& files, const rt::Path& folder) {
  auto done = files.sync_directory(folder);
  if (!done.has_value() && done.error().code != Code::not_found) return done;
  return {};
}

}  // namespace

Result<> FileStore::note_handed_over(const BlobRow& row, const ExternalFile& file) {
  return change_rows(false, [&](Index& index) -> Result<> {
    BlobRow external = row;
    external.location = Location::external;
    TRY_OK(index.clear_details(row.id));
    TRY_OK(index.put(external));
    return index.set_external(row.id, file);
  });
}

Result<> FileStore::settle_handover(const BlobRow& row, const ExternalFile& intent) {
  const rt::Path own = layout_.data(row.hash);
  TRY(at_home, find_same_file(files_, own, intent.stamp));
  TRY(handed, find_same_file(files_, intent.path, intent.stamp));
  // A rename that was done as link and unlink, and cut between the two.
  if (at_home.has_value() && handed.has_value()) {
    TRY_OK(files_.remove(own));
    TRY(now, find_same_file(files_, intent.path, intent.stamp));  // one name less: another ctime
    handed = now;
  }
  // What we see may be in the cache only; nothing is forgotten before the folders are durable.
  TRY_OK(sync_if_there(files_, layout_.shard(row.hash)));
  TRY_OK(sync_if_there(files_, intent.path.parent_path()));
  if (handed.has_value()) return note_handed_over(row, {intent.path, *handed});
  if (files_.kind(own).has_value()) {
    return change_rows(false, [&row](Index& index) { return index.clear_handover(row.id); });
  }
  log::warn("store", "{} was handed over to {}, which was moved or changed since: no longer held",
            row.hash.hex(), intent.path.native());
  return drop_blob(row);
}

Result<> FileStore::settle_handovers() {
  const std::lock_guard lock(mutex_);
  TRY(intents, index_->handovers());
  for (const auto& [row, intent] : intents) {
    auto settled = settle_handover(row, intent);
    if (settled.has_value()) continue;
    // One file that cannot be looked at now keeps nobody from the others.
    log::warn("store", "where {} is could not be settled: {}", row.hash.hex(),
              to_string(settled.error()));
  }
  return {};
}

Result<bool> FileStore::hand_over(const Blake3Hash& hash, const rt::Path& to) {
  const std::lock_guard lock(mutex_);
  TRY(row, index_->find(hash));
  if (!row.has_value() || !row->complete || row->location != Location::owned) return false;
  if (failed_.contains(hash)) return fail(Code::io, "the blob's file failed to reach the disk");
  // What the user told the store to keep does not depend on a file outside.
  TRY(kept, index_->is_kept(hash));
  if (kept) return false;
  std::error_code unresolved;
  const rt::Path path = to.is_absolute() ? to : std::filesystem::absolute(to, unresolved);
  if (unresolved) return false;
  const rt::Path own = layout_.data(hash);
  auto file = files_.open(own, rt::Open::read);
  if (!file.has_value() || !(*file)->give_user_mode().has_value()) return false;
  TRY(stamp, (*file)->stamp());
  if (stamp.size != row->size) return false;

  const ExternalFile intent{path, stamp};
  TRY_OK(change_rows(false, [&](Index& index) { return index.set_handover(row->id, intent); }));
  if (!files_.rename_new(own, path).has_value()) {
    // Another file system, a path that exists, a folder that is not there: the copy says which.
    TRY_OK(settle_handover(*row, intent));
    TRY(now, index_->find(hash));
    return now.has_value() && now->location == Location::external;
  }
  auto durable = files_.sync_directory(path.parent_path());
  if (durable.has_value()) durable = files_.sync_directory(layout_.shard(hash));
  if (!durable.has_value()) {
    // An error means that nothing was handed over. Which of the two names the disk has is known
    // after the next start, by the intent.
    failed_.insert(hash);
    if (auto back = files_.rename_new(path, own); !back.has_value()) {
      log::error("store", "{} stays: {}", path.native(), to_string(back.error()));
    }
    return fail(durable.error());
  }
  TRY(now, (*file)->stamp());
  auto noted = note_handed_over(*row, {path, is_same_file(now, stamp) ? now : stamp});
  if (!noted.has_value()) {
    failed_.insert(hash);
    return fail(noted.error().code, path.native() +
                                        " is whole, but the store could not note it and will at "
                                        "its next start: " +
                                        to_string(noted.error()));
  }
  return true;
}

}  // namespace archy::store
