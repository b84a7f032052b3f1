// FileStore: a whole blob read from end to end, to write it out under a name of the user's (what
// appears there has hashed to the blob's name), or for its SHA-256.
#include <fmt/core.h>

#include "store/file_store.hpp"
#include "store/temp_file.hpp"

namespace archy::store {
namespace {

// Reads through a BlobReader into the pass and, where there is one, the file.
Result<Imported> pass_over_reader(BlobReader& reader, ContentPass& pass, rt::File* copy_to,
                                  const ProgressFn& progress, const std::stop_token& stop) {
  const std::uint64_t size = reader.size();
  for (std::uint64_t offset = 0; offset < size;) {
    if (stop.stop_requested()) return fail(Code::cancelled, "stopped");
    const auto length =
        static_cast<std::size_t>(std::min<std::uint64_t>(kPassBytes, size - offset));
    TRY(bytes, reader.data(offset, length));
    if (copy_to != nullptr) TRY_OK(copy_to->write_at(offset, bytes));
    TRY_OK(pass.feed(bytes));
    offset += length;
    if (progress) progress({offset, size});
  }
  return pass.finish();
}

}  // namespace

Result<> FileStore::note_sha256(const BlobRow& row, const Sha256Digest& sha256) {
  BlobRow known = row;
  known.sha256 = sha256;
  return change_rows(true, [&known](Index& index) -> Result<> {
    TRY_OK(index.put(known));
    return {};
  });
}

Result<Sha256Digest> FileStore::sha256(const Blake3Hash& hash, const ProgressFn& progress,
                                       std::stop_token stop) {
  std::unique_ptr<FileReader> source;
  {
    const std::lock_guard lock(mutex_);
    TRY(row, index_->find(hash));
    if (!row.has_value() || !row->complete) return fail(Code::not_found, "no such complete blob");
    if (row->sha256.has_value()) return *row->sha256;
    TRY(made, make_reader(*row));
    source = std::move(made);
  }
  // Both in one pass: the digest of damaged bytes is not the blob's. Beside the helper thread bytes
  // must stay until the end, which a reader's do not.
  ContentPass pass(source->size(), {}, {.sha256 = true, .helper_thread = false});
  TRY(what, pass_over_reader(*source, pass, nullptr, progress, stop));
  if (what.hash != hash) return fail(Code::corrupt, "the stored bytes are damaged");
  const std::lock_guard lock(mutex_);
  TRY(row, index_->find(hash));
  // Removed meanwhile, or replaced by a partial: true all the same, only not kept.
  if (row.has_value() && row->complete) TRY_OK(note_sha256(*row, *what.sha256));
  return *what.sha256;
}

Result<> FileStore::export_blob(const Blake3Hash& hash, const rt::Path& to, ExportMode mode,
                                const ProgressFn& progress, std::stop_token stop) {
  if (!to.has_filename()) return fail(Code::bad_input, "no file name to export to");
  if (auto there = files_.kind(to); there.has_value()) {
    return fail(Code::denied, to.native() + " exists already");
  }
  if (mode == ExportMode::hand_over) {
    TRY(done, hand_over(hash, to));
    if (done) return {};
  }
  std::unique_ptr<FileReader> source;
  rt::Path source_path;
  {
    const std::lock_guard lock(mutex_);
    TRY(row, index_->find(hash));
    if (!row.has_value() || !row->complete) return fail(Code::not_found, "no such complete blob");
    TRY(made, make_reader(*row));
    source = std::move(made);
    if (row->location == Location::owned) source_path = layout_.data(hash);
  }
  TRY(fresh, new_temp_path("export"));
  const rt::Path folder = to.has_parent_path() ? to.parent_path() : rt::Path(".");
  TempFile temp(files_, folder / ("." + fresh.filename().native()));

  bool shared = false;
  if (mode != ExportMode::copy && !source_path.empty()) {
    auto linked = files_.reflink(source_path, temp.path());
    if (!linked.has_value() && linked.error().code != Code::unsupported) return linked;
    shared = linked.has_value();
  }
  TRY(file, files_.open(temp.path(), shared ? rt::Open::read_write : rt::Open::create_new));
  ContentPass pass(source->size(), {}, {.sha256 = false, .helper_thread = false});
  Imported what;
  if (shared) {
    TRY(passed,
        pass_over(*file, pass, {.size = source->size(), .progress = &progress, .stop = stop}));
    what = passed;
  } else {
    TRY(passed, pass_over_reader(*source, pass, file.get(), progress, stop));
    what = passed;
  }
  if (what.hash != hash)
    return fail(Code::corrupt, "the stored bytes are damaged: nothing was exported");
  // A file system without modes refuses.
  if (auto given = file->give_user_mode(); !given && given.error().code != Code::denied) {
    return given;
  }
  TRY_OK(file->sync());
  TRY_OK(files_.rename_new(temp.path(), to));
  auto durable = files_.sync_directory(folder);
  // An error means that nothing was exported.
  if (!durable.has_value()) TRY_OK(remove_if_there(files_, to));
  return durable;
}

}  // namespace archy::store
