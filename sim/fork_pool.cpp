#include "sim/fork_pool.hpp"

#include <fmt/core.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <map>

#include "base/check.hpp"

namespace archy::sim {
namespace {

struct Worker {
  std::uint64_t index = 0;
  std::size_t slot = 0;
};

// One outcome a worker, in memory that parent and children share.
class Slots {
 public:
  explicit Slots(std::size_t n) : n_(n) {
    void* memory = mmap(nullptr, n * sizeof(Outcome), PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    CHECK(memory != MAP_FAILED);
    at_ = static_cast<Outcome*>(memory);
    for (std::size_t i = 0; i < n; ++i) free_.push_back(i);
  }
  ~Slots() { munmap(at_, n_ * sizeof(Outcome)); }
  Slots(const Slots&) = delete;
  std::size_t take() {
    const std::size_t slot = free_.back();
    free_.pop_back();
    at_[slot] = Outcome{};
    return slot;
  }
  void give(std::size_t slot) { free_.push_back(slot); }
  Outcome& operator[](std::size_t slot) { return at_[slot]; }

 private:
  std::size_t n_;
  Outcome* at_;
  std::vector<std::size_t> free_;
};

pid_t start(std::uint64_t index, Outcome& outcome, const PoolOptions& options,
            const std::function<void(std::uint64_t, Outcome&)>& job) {
  std::fflush(nullptr);
  const pid_t child = fork();
  CHECK(child >= 0);
  if (child != 0) return child;
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
      const pid_t child = start(next, slots[slot], options, job);
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
      outcome.violated(WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM
                           ? fmt::format("took longer than {} s", options.timeout_s)
                       : WIFSIGNALED(status) ? fmt::format("died of signal {}", WTERMSIG(status))
                                             : fmt::format("exited with {}", WEXITSTATUS(status)));
    }
    if (!done(worker.index, outcome)) more = false;
    slots.give(worker.slot);
  }
}

}  // namespace archy::sim
