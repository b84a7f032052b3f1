// What readers of a blob that is arriving share with the fetch that brings it: where they read,
// what they wait for, and how it ended. No wake is lost: whoever begins to wait tells the fetch,
// which looks whether the group is there already; whoever is woken looks again before it waits.
//
// Thread: the loop. Lifetime: shared by the fetch and the readers; `on_change` is the fetch's.
#pragma once

#include <functional>
#include <list>
#include <memory>
#include <optional>

#include "base/fixed_bytes.hpp"
#include "base/result.hpp"
#include "fetch/group_set.hpp"
#include "rt/signal.hpp"

namespace archy::fetch {

class Arrival {
 public:
  explicit Arrival(rt::Executor executor) : changed_(std::move(executor)) {}
  Arrival(const Arrival&) = delete;

  // --- a reader's side
  // Where one reader is. Lifetime: leaves the arrival with its destructor; the arrival outlives it.
  class Place {
   public:
    explicit Place(Arrival& arrival) : arrival_(arrival) { arrival_.places_.push_front(this); }
    ~Place() {
      arrival_.places_.remove(this);
      arrival_.tell();
    }
    Place(const Place&) = delete;

    // The reader goes on from `group`.
    void move_to(std::uint64_t group);
    // Waits until something changed: `group`, or the proof of the size (none), may be there.
    // Errors: timed_out at `until`.
    rt::Task<> wait_for(std::optional<std::uint64_t> group, rt::Clock& clock);

   private:
    friend class Arrival;
    Arrival& arrival_;
    std::uint64_t group_ = 0;
    bool for_size_ = false;
  };
  void wake() { changed_.notify(); }
  // Set once the fetch is over: nothing more will come.
  bool is_over() const { return over_; }
  const std::optional<Error>& error() const { return error_; }

  // --- the fetch's side
  struct Playhead {
    std::optional<std::uint64_t> group;  // none, though somebody waits: the size
    bool operator==(const Playhead&) const = default;
  };
  // Whom to serve first: who has waited longest, else who read last. None: nobody reads.
  std::optional<Playhead> playhead() const;
  bool any_is_waited_for(const GroupSet& groups) const;
  bool size_is_waited_for() const;
  // Called when playhead() may have changed. None: nobody.
  void on_change(std::function<void()> tell) {
    on_change_ = std::move(tell);
    has_fetch_ = true;
  }
  bool has_fetch() const { return has_fetch_; }
  void end(std::optional<Error> error);

 private:
  void tell() {
    if (on_change_) on_change_();
  }

  rt::Signal changed_;
  std::list<Place*> places_;   // whoever moved last is first
  std::list<Place*> waiting_;  // in the order they came
  std::function<void()> on_change_;
  bool has_fetch_ = false;
  bool over_ = false;
  std::optional<Error> error_;
};

}  // namespace archy::fetch
