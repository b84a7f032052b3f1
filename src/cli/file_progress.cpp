#include "cli/file_progress.hpp"

#include <fmt/core.h>

#include "base/utf8.hpp"

namespace archy::cli {

void FileProgress::show(const rt::Path& file, const store::Progress& now) {
  if (!line_ || file != file_) {
    file_ = file;
    const std::string name = escape_for_terminal(file.filename().string());
    line_.reset();
    line_ = std::make_unique<Progress>(style_, fmt::format("{} {}:", doing_, name));
  }
  line_->update(now.done, now.total);
}

}  // namespace archy::cli
