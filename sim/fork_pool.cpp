#include "sim/fork_pool.hpp"

#include <fmt/core.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <map>
#include <string>
#include <string_view>

#include "base/check.hpp"

namespace archy::sim {
namespace {

struct Worker {
  std::uint64_t index = 0;
  std::size_t slot = 0;
};

// One outcome a worker, in memory that parent and children share, and a place for what it says on
// standard error.
class Slots {
 public:
  explicit Slots(std::size_t n) : n_(n) {
    void* memory = mmap(nullptr, n * sizeof(Outcome), PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    CHECK(memory != MAP_FAILED);
    at_ = static_cast<Outcome*>(memory);
    for (std::size_t i = 0; i < n; ++i) {
      free_.push_back(i);
      stderr_.push_back(memfd_create("stderr", MFD_CLOEXEC));
      CHECK(stderr_.back() >= 0);
    }
  }
  ~Slots() {
    munmap(at_, n_ * sizeof(Outcome));
    for (int fd : stderr_) close(fd);
  }
  Slots(const Slots&) = delete;
  std::size_t take() {
    const std::size_t slot = free_.back();
    free_.pop_back();
    at_[slot] = Outcome{};
    CHECK(ftruncate(stderr_[slot], 0) == 0);
    CHECK(lseek(stderr_[slot], 0, SEEK_SET) == 0);
    return slot;
  }
  int standard_error(std::size_t slot) const { return stderr_[slot]; }
  // The last line a worker wrote: a CHECK, or a sanitizer's summary.
  std::string last_words(std::size_t slot) const {
    char text[400];
    const off_t size = lseek(stderr_[slot], 0, SEEK_END);
    const off_t from =
        size > static_cast<off_t>(sizeof text) ? size - static_cast<off_t>(sizeof text) : 0;
    const ssize_t n = pread(stderr_[slot], text, sizeof text, from);
    std::string_view words(text, n > 0 ? static_cast<std::size_t>(n) : 0);
    while (words.ends_with('\n')) words.remove_suffix(1);
    const auto line = words.rfind('\n');
    return std::string(line == std::string_view::npos ? words : words.substr(line + 1));
  }
  void give(std::size_t slot) { free_.push_back(slot); }
  Outcome& operator[](std::size_t slot) { return at_[slot]; }

 private:
  std::size_t n_;
  Outcome* at_;
  std::vector<std::size_t> free_;
  std::vector<int> stderr_;
};

pid_t start(std::uint64_t index, Outcome& outcome, int standard_error, const PoolOptions& options,
            const std::function<void(std::uint64_t, Outcome&)>& job) {
  std::fflush(nullptr);
  const pid_t child = fork();
  CHECK(child >= 0);
  if (child != 0) return child;
  if (!options.show_stderr) dup2(standard_error, STDERR_FILENO);
  alarm(options.timeout_s);
  job(index, outcome);
  outcome.finished = true;
  std::fflush(nullptr);
  _exit(0);
}

}  // namespace

void run_forked(std::uint64_t count, const PoolOptions& options,
                const std::function<void(std::uint64_t, Outcome&)>& job,
                const std::function<bool(std::uint64_t, const Outcome&)>& done) {
  Slots slots(options.processes);
  std::map<pid_t, Worker> running;
  std::uint64_t next = 0;
  bool more = true;
  while ((more && next < count) || !running.empty()) {
    if (more && next < count && running.size() < options.processes) {
      const std::size_t slot = slots.take();
      const pid_t child = start(next, slots[slot], slots.standard_error(slot), options, job);
      running[child] = {next++, slot};
      continue;
    }
    int status = 0;
    const pid_t ended = waitpid(-1, &status, 0);
    const auto found = running.find(ended);
    if (found == running.end()) continue;
    const Worker worker = found->second;
    running.erase(found);
    Outcome& outcome = slots[worker.slot];
    if (!outcome.finished) {
      std::string said = slots.last_words(worker.slot);
      if (!said.empty()) said.insert(0, ": ");
      outcome.violated(WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM
                           ? fmt::format("took longer than {} s", options.timeout_s)
                       : WIFSIGNALED(status)
                           ? fmt::format("died of signal {}{}", WTERMSIG(status), said)
                           : fmt::format("exited with {}{}", WEXITSTATUS(status), said));
    }
    if (!done(worker.index, outcome)) more = false;
    slots.give(worker.slot);
  }
}

}  // namespace archy::sim
