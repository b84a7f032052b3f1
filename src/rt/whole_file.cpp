#include "rt/whole_file.hpp"

namespace archy::rt {

Result<> write_whole_file(Files& files, const Path& path, ByteView bytes) {
  const Path temp = path.string() + ".new";
  (void)files.remove(temp);
  {
    TRY(file, files.open(temp, Open::create_new));
    TRY_OK(file->write_at(0, bytes));
    TRY_OK(file->sync());
  }
  TRY_OK(files.rename(temp, path));
  return files.sync_directory(path.parent_path());
}

}  // namespace archy::rt
