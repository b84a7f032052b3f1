// FileStore: arrival of complete blobs, by copy, in place, from memory, or as a finished temporary
// file.
#include <fmt/core.h>

#include "base/limits.hpp"
#include "crypto/blake3.hpp"
#include "store/file_store.hpp"
#include "store/outboard_file.hpp"
#include "store/temp_file.hpp"

namespace archy::store {
namespace {

Result<Bytes> read_whole(rt::File& file, std::uint64_t size) {
  Bytes bytes(size + 1);  // one more: a file that grew shows
  TRY(got, file.read_at(0, bytes));
  if (got != size) return fail(Code::bad_input, "the file changes while it is read");
  bytes.resize(size);
  return bytes;
}

Result<> still_the_same(rt::File& file, const rt::FileStamp& before, const rt::Path& path) {
  TRY(after, file.stamp());
  if (after == before) return {};
  return fail(Code::bad_input, path.native() + " changed while it was added");
}

}  // namespace

Result<Imported> FileStore::add_small(ByteView bytes) {
  Arrival arrival;
  arrival.what = {crypto::blake3(bytes), crypto::sha256(bytes), bytes.size()};
  arrival.location = Location::inlined;
  arrival.inline_bytes = bytes;
  TRY_OK(admit(arrival));
  return arrival.what;
}

Result<Imported> FileStore::add_bytes(ByteView bytes) {
  if (bytes.size() <= limits::kInlineBlobBytes) return add_small(bytes);
  TRY(data_path, new_temp_path("add"));
  TRY(outboard_path, new_temp_path("outboard"));
  TempFile data(files_, data_path);
  TempFile outboard(files_, outboard_path);
  TRY(data_file, files_.open(data.path(), rt::Open::create_new));
  TRY(outboard_file, files_.open(outboard.path(), rt::Open::create_new));
  TRY_OK(data_file->write_at(0, bytes));
  ContentPass pass(bytes.size(), write_pairs(*outboard_file), pass_options());
  for (std::size_t at = 0; at < bytes.size(); at += kPassBytes) {
    TRY_OK(pass.feed(bytes.subspan(at, std::min(kPassBytes, bytes.size() - at))));
  }
  Arrival arrival;
  TRY(what, pass.finish());
  arrival.what = what;
  TRY_OK(data_file->sync());
  TRY_OK(outboard_file->sync());
  arrival.temp_data = data.path();
  arrival.temp_outboard = outboard.path();
  TRY_OK(admit(arrival));
  return arrival.what;
}

Result<Imported> FileStore::add_file(const rt::Path& path, AddMode mode, const ProgressFn& progress,
                                     std::stop_token stop) {
  TRY(source, files_.open(path, rt::Open::read));
  TRY(stamp, source->stamp());
  if (stamp.size > limits::kBlobBytes)
    return fail(Code::bad_input, path.native() + " is too large");
  if (stamp.size <= limits::kInlineBlobBytes) {
    TRY(bytes, read_whole(*source, stamp.size));
    TRY_OK(still_the_same(*source, stamp, path));
    return add_small(bytes);
  }
  TRY(data_path, new_temp_path("add"));
  TRY(outboard_path, new_temp_path("outboard"));
  TempFile data(files_, data_path);
  TempFile outboard(files_, outboard_path);
  TRY(outboard_file, files_.open(outboard.path(), rt::Open::create_new));
  std::unique_ptr<rt::File> copy;
  PassOver how{.size = stamp.size, .copy_to = nullptr, .progress = &progress, .stop = stop};
  rt::File* from = source.get();
  if (mode == AddMode::copy) {
    auto shared = files_.reflink(path, data.path());
    if (!shared.has_value() && shared.error().code != Code::unsupported)
      return fail(shared.error());
    TRY(opened,
        files_.open(data.path(), shared.has_value() ? rt::Open::read_write : rt::Open::create_new));
    copy = std::move(opened);
    // Shared extents are read from our side: nobody changes those any more.
    shared.has_value() ? from = copy.get() : how.copy_to = copy.get();
  }
  ContentPass pass(stamp.size, write_pairs(*outboard_file), pass_options());
  TRY(what, pass_over(*from, pass, how));
  TRY_OK(still_the_same(*source, stamp, path));
  Arrival arrival;
  arrival.what = what;
  arrival.temp_outboard = outboard.path();
  TRY_OK(outboard_file->sync());
  if (copy) {
    TRY_OK(copy->sync());
    arrival.temp_data = data.path();
  } else {
    arrival.location = Location::external;
    std::error_code unresolved;
    const rt::Path whole = path.is_absolute() ? path : std::filesystem::absolute(path, unresolved);
    if (unresolved) return fail(Code::io, "no absolute path for " + path.native());
    arrival.external = ExternalFile{whole, stamp};
  }
  TRY_OK(admit(arrival));
  return arrival.what;
}

Result<Imported> FileStore::adopt_file(const rt::Path& temp, const Blake3Hash& expected,
                                       const ProgressFn& progress, std::stop_token stop) {
  TempFile data(files_, temp);
  TRY(file, files_.open(temp, rt::Open::read_write));
  TRY(stamp, file->stamp());
  if (stamp.size > limits::kBlobBytes)
    return fail(Code::bad_input, temp.native() + " is too large");
  if (stamp.size <= limits::kInlineBlobBytes) {
    TRY(bytes, read_whole(*file, stamp.size));
    if (crypto::blake3(bytes) != expected)
      return fail(Code::corrupt, "the bytes have another hash");
    return add_small(bytes);
  }
  TRY(outboard_path, new_temp_path("outboard"));
  TempFile outboard(files_, outboard_path);
  TRY(outboard_file, files_.open(outboard.path(), rt::Open::create_new));
  ContentPass pass(stamp.size, write_pairs(*outboard_file),
                   {.sha256 = false, .helper_thread = false});
  TRY(what, pass_over(*file, pass, {.size = stamp.size, .progress = &progress, .stop = stop}));
  if (what.hash != expected) return fail(Code::corrupt, "the bytes have another hash");
  TRY_OK(file->sync());
  TRY_OK(outboard_file->sync());
  Arrival arrival;
  arrival.what = what;
  arrival.temp_data = data.path();
  arrival.temp_outboard = outboard.path();
  TRY_OK(admit(arrival));
  return arrival.what;
}

Result<Imported> FileStore::list_sound_file(const Blake3Hash& hash, const rt::Path& path,
                                            const ProgressFn& progress, std::stop_token stop) {
  TRY(file, files_.open(path, rt::Open::read_write));
  TRY(stamp, file->stamp());
  TRY(outboard_path, new_temp_path("outboard"));
  TempFile outboard(files_, outboard_path);
  TRY(outboard_file, files_.open(outboard.path(), rt::Open::create_new));
  ContentPass pass(stamp.size, write_pairs(*outboard_file), pass_options());
  TRY(what, pass_over(*file, pass, {.size = stamp.size, .progress = &progress, .stop = stop}));
  if (what.hash != hash) return fail(Code::corrupt, path.native() + " does not hash to its name");
  TRY_OK(file->sync());
  TRY_OK(outboard_file->sync());
  Arrival arrival;
  arrival.what = what;
  arrival.temp_outboard = outboard.path();
  TRY_OK(admit(arrival));
  return what;
}

Result<> FileStore::admit(const Arrival& arrival) {
  const std::lock_guard lock(mutex_);
  const Blake3Hash& hash = arrival.what.hash;
  TRY(before, index_->find(hash));
  if (before.has_value() && before->complete) {
    bool sound = true;
    if (before->location == Location::external) {
      TRY(file, index_->external(before->id));
      sound = external_is_current(file);
    } else if (before->location == Location::owned) {
      auto file = files_.open(layout_.data(hash), rt::Open::read);
      auto now = file.has_value() ? (*file)->stamp() : Result<rt::FileStamp>(fail(file.error()));
      sound = now.has_value() && now->size == before->size;
    }
    // An own copy outlives the user's file: it replaces the reference.
    if (sound && !(before->location == Location::external && arrival.location == Location::owned)) {
      if (before->sha256.has_value() || !arrival.what.sha256.has_value()) return {};
      return note_sha256(*before, *arrival.what.sha256);
    }
  }
  if (!arrival.temp_outboard.empty()) {
    TRY_OK(layout_.make_shard(files_, hash));
    TRY_OK(files_.rename(arrival.temp_outboard, layout_.outboard(hash)));
    if (!arrival.temp_data.empty()) TRY_OK(files_.rename(arrival.temp_data, layout_.data(hash)));
    TRY_OK(files_.sync_directory(layout_.shard(hash)));
  }
  TRY_OK(change_rows(true, [&](Index& index) -> Result<> {
    BlobRow row;
    if (before.has_value()) row = *before;
    row.hash = hash;
    row.complete = true;
    row.location = arrival.location;
    row.size = arrival.what.size;
    row.size_state = SizeState::verified;
    if (arrival.what.sha256.has_value()) row.sha256 = arrival.what.sha256;
    if (row.id == 0) row.added_ms = clock_.unix_ms();
    if (row.id != 0) TRY_OK(index.clear_details(row.id));
    TRY(id, index.put(row));
    if (arrival.location == Location::inlined)
      TRY_OK(index.set_inline_data(id, arrival.inline_bytes));
    if (arrival.external.has_value()) TRY_OK(index.set_external(id, *arrival.external));
    TRY(root, index.is_sequence_root(hash));
    // Bytes that cannot be a sequence are still a blob: then it simply has no children.
    if (root && row.size % 32 == 0 && row.size / 32 <= limits::kSeqChildren) {
      TRY_OK(expand_sequence(index, hash));
    }
    return {};
  }));
  failed_.erase(hash);
  if (auto live = live_if_open(hash)) {
    const std::lock_guard live_lock(live->mutex);
    // A writer that is open sees this and leaves the blob alone from now on.
    live->complete = true;
    live->failed = false;
    live->size = arrival.what.size;
    live->size_verified = true;
    live->small = to_bytes(arrival.inline_bytes);
    ++live->generation;
  }
  // The user's file took the place of our own copy's row: its bytes are not needed any more.
  if (arrival.location == Location::external && before.has_value() &&
      before->location == Location::owned) {
    return remove_if_there(files_, layout_.data(hash));
  }
  return {};
}

}  // namespace archy::store
