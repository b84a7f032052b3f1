// Importing with a person watching: the progress line of `add` and `send`.
#pragma once

#include <memory>

#include "app/import.hpp"
#include "cli/command.hpp"

namespace archy::cli {

// Thread: the importing one, then whoever clears it. Shows one file after another.
class ImportProgress {
 public:
  explicit ImportProgress(Progress::Style style) : style_(style) {}
  void show(const rt::Path& file, const store::Progress& now);
  void clear() { line_.reset(); }

 private:
  Progress::Style style_;
  rt::Path file_;
  std::unique_ptr<Progress> line_;
};

}  // namespace archy::cli
