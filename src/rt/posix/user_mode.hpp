// Which mode files get that a person asked for, in a process that makes everything else for itself
// alone.
#pragma once

#include <sys/types.h>

namespace archy::rt {

// From now on what the process makes is its own (umask 077), libraries' files too. The umask it was
// started with decides the mode of what is handed to the user. Thread: before there is a second
// one.
void make_private_files();

// 0666 less the umask the process was started with.
mode_t user_file_mode();

}  // namespace archy::rt
