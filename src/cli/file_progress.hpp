// Going through files with a person watching: the progress line of `add`, `send`, `get` and
// `export`.
#pragma once

#include <memory>

#include "cli/progress.hpp"
#include "rt/files.hpp"
#include "store/blob_store.hpp"

namespace archy::cli {

// Thread: the working one, then whoever clears it. Shows one file after another.
class FileProgress {
 public:
  // `doing`: "adding", "writing".
  FileProgress(Progress::Style style, std::string_view doing) : style_(style), doing_(doing) {}
  void show(const rt::Path& file, const store::Progress& now);
  void clear() { line_.reset(); }

 private:
  Progress::Style style_;
  std::string doing_;
  rt::Path file_;
  std::unique_ptr<Progress> line_;
};

}  // namespace archy::cli
