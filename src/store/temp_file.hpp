// A temporary file that removes itself at the end, unless it was renamed to where it belongs.
#pragma once

#include "base/log.hpp"
#include "store/layout.hpp"

namespace archy::store {

// Lifetime: `files` outlives it.
class TempFile {
 public:
  TempFile(rt::Files& files, rt::Path path) : files_(files), path_(std::move(path)) {}
  TempFile(const TempFile&) = delete;
  TempFile& operator=(const TempFile&) = delete;
  ~TempFile() {
    if (auto removed = remove_if_there(files_, path_); !removed.has_value()) {
      log::debug("store", "a temporary file stays: {}", to_string(removed.error()));
    }
  }
  const rt::Path& path() const { return path_; }

 private:
  rt::Files& files_;
  rt::Path path_;
};

}  // namespace archy::store
