// A small file written so that a reader sees the old one or the new one, whole, whatever happens.
#pragma once

#include "rt/files.hpp"

namespace archy::rt {

// Temporary file beside it, sync, rename, sync of the folder. Mode 0600. Replaces what is there.
// Errors: as Files. After one `path` is what it was; a left-over "<path>.new" is replaced next
// time.
Result<> write_whole_file(Files& files, const Path& path, ByteView bytes);

}  // namespace archy::rt
