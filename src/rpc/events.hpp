// What happens in a node, told to whoever listens (GET /events). Nobody listening costs nothing.
#pragma once

#include <cstdint>
#include <deque>
#include <list>
#include <memory>
#include <string>

#include "rt/signal.hpp"
#include "rt/task.hpp"

namespace archy::rpc {

struct Event {
  std::uint64_t number = 0;  // counts every event since the start
  std::string name;          // "fetch.progress", ...
  std::string data;          // one JSON object
};

// Events a slow listener may be behind; then the oldest are dropped, and he sees it by the numbers.
inline constexpr std::size_t kEventsBehind = 256;
inline constexpr std::size_t kListeners = 32;

// Thread: the loop.
class Events {
 public:
  class Listener {
   public:
    explicit Listener(rt::Executor executor) : arrived_(std::move(executor)) {}
    bool empty() const { return waiting_.empty(); }
    Event take();
    // Until there is an event or wake() was called. Errors: timed_out.
    rt::Task<> wait(rt::Clock& clock, rt::Instant deadline) {
      return arrived_.wait(clock, deadline);
    }
    void wake() { arrived_.notify(); }

   private:
    friend class Events;
    std::deque<Event> waiting_;
    rt::Signal arrived_;
  };

  explicit Events(rt::Executor executor) : executor_(std::move(executor)) {}
  // `data`: JSON text, never a secret or a path.
  void publish(std::string_view name, std::string data);
  bool heard() const;
  std::size_t listeners() const;
  // Listens until the handle goes. Null when kListeners do already.
  std::shared_ptr<Listener> listen();

 private:
  rt::Executor executor_;
  std::uint64_t next_ = 1;
  std::list<std::weak_ptr<Listener>> listeners_;
};

}  // namespace archy::rpc
