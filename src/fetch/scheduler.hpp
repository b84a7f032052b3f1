// Who fetches what: one blob from any number of peers and origins at once. It decides, and does
// nothing: no I/O, no threads, the time is an argument. scheduler_reference.hpp is its slow twin.
//
// The rules, each with its reason. "Missing" is not held; a source's "part" is what of its range is
// missing and was not taken over by others; a source is "stalled" when nothing came from it for
// stall_after, the beginning of its range counting as something, or for half as long after it
// flowed. For one that failed, stall_after doubles with each failure in a row: a far peer is not
// called off for ever before its first byte can arrive.
//
//  1. Only missing groups are asked for, of a source only what it said to have and has not shown to
//     lack: everything else costs time.
//  2. A source has one range at a time: a run of groups, of which it is asked for the missing ones.
//     Its part is its own: nobody else is sent there but by rules 8 to 11. At most two sources work
//     on one group: a third copy buys nothing that displacing one (11) does not.
//  3. A liar is dropped for good; so is whoever failed too often in a row or in all, or has nothing
//     left to say. Others back off after a failure, longer each time.
//  4. While the size is unknown, peers are asked one after the other, a `ladder` apart, the first
//     two for the same opening: a small blob costs one request, and a black hole costs a ladder
//     step. One that said what it has is asked for that.
//  5. Ranges are as large as what the source brings in `work` (at least 20 times its latency, so
//     that asking costs under a twentieth), begin small, grow at most eightfold, and shrink towards
//     the end so that all end together. A source with nobody beside it is asked for everything in
//     one request; so is an origin as long as nobody waits for certain bytes.
//  6. The playhead comes first: a free group at or behind it, then the lowest. While there is a
//     playhead, ranges are smaller, so that the next bytes are near.
//  7. What a playhead's window needs first and nobody brings soon (within work_at_playhead, or two
//     latencies) is freed: the source that has it
//     at the far end of its range gives it up, and if all are busy elsewhere the fastest is called
//     off. Calling off costs a round trip, waiting for the far end costs seconds.
//  8. A stalled source does not keep its part: the next idle source takes it over, while the first
//     may still deliver. What comes first counts.
//  9. When nothing is free, an idle source takes the tail of the part that would be done last, so
//     that both are done together. One that has not proved itself yet, or failed last, takes
//     nothing away: it works on the tail beside its owner.
// 10. What is too small to split is asked for twice where the second source would be done sooner
//     (a peer: clearly sooner). The loser is called off.
// 11. Where two work on a group already: when both are stalled the one silent longest is called off
//     for an idle source; for an idle origin one is called off in any case (a stalled one first,
//     then the slower), because an origin never waits (13).
// 12. A source that finished its part, but was asked for more that others took over and do not
//     bring, goes on there. It is called off when it would have to bring more than a little that is
//     held already first: "little" is what comes in one latency, for that is what a new request
//     costs.
// 13. Origins wait `head_start` for the peers, so that a swarm that is fast enough costs the origin
//     nothing - or not at all when no peer can be asked. From then on an origin always works while
//     anything is missing.
//
// The bound: wall <= origin alone x 1.05 + 0.5 s, whatever the peers do, for an origin that sends R
// bytes a second after a latency L, alone done in L + S/R. Sketch:
//  - By rule 13 it begins at head_start (0.2 s) at the latest and works until the end: each missing
//    group has no part (it takes it), a stalled one (8), a living one (9, 10) or two (11).
//  - It asks only for missing groups (1), so it never brings a group twice, and everything it
//    brought is held. What is held is a superset of what it brought; so all S bytes are held at the
//    latest when it has brought S bytes.
//  - It loses time only between ranges, L each. Its range is everything that is free up to the end
//    (5); a thief that brings nothing costs no new request (12); a thief that brings something pays
//    for the request: a range stolen and delivered spares the origin those bytes. With a playhead
//    its ranges are 20 L long or more (5): under a twentieth.
//  - A peer that lies loses what it holds of a range and is dropped (3): a range it held comes free
//    at once. Nothing unverified is ever counted as held.
// Not covered: an origin whose bytes can be verified only together (a quarantine, "loose") must
// bring all S bytes itself unless peers bring all; that is the same bound, without the sharing.
//
// Thread: one. Cost: next() walks sources x spans of missing groups.
#pragma once

#include <optional>
#include <vector>

#include "fetch/back_off.hpp"
#include "fetch/group_set.hpp"
#include "fetch/rate_meter.hpp"
#include "fetch/source_kind.hpp"
#include "rt/clock.hpp"

namespace archy::fetch {

struct SchedulerOptions {
  rt::Duration head_start = std::chrono::milliseconds(200);
  rt::Duration stall_after = std::chrono::milliseconds(200);
  rt::Duration ladder = std::chrono::milliseconds(60);
  rt::Duration work = std::chrono::seconds(2);
  rt::Duration work_at_playhead = std::chrono::milliseconds(300);
  // Units: groups.
  std::uint64_t first_range = 16;
  std::uint64_t largest_range = 4096;  // where ranges are limited at all
  std::uint64_t smallest_split = 4;
  std::uint64_t near_playhead = 64;  // "soon" of rule 7 at most
  std::uint64_t bridge = 16;         // "little" of rule 12 at least
  unsigned max_failures = 4;         // in a row without a group
  unsigned max_errors = 64;          // in all: ends what makes a little progress for ever
  BackOff back_off;
};

// How an answer ended.
enum class Ended : unsigned char {
  done,   // it gave all it has of what it was asked for
  retry,  // lost, timed out, busy
  called_off,
  waiting,  // it can do nothing until wake()
  useless,  // it never will
  lied,
};

struct Decision {
  struct Start {
    std::size_t source = 0;
    GroupSpan range;
    GroupSet ask;  // of the range, what is missing
    bool operator==(const Start&) const = default;
  };
  std::vector<std::size_t> call_off;  // then ended() is due from each
  std::vector<Start> start;
  rt::Instant wake = rt::kNever;  // call next() again then, if nothing happens before
  bool complete = false;
  bool stuck = false;  // nobody is left who could bring anything
  bool operator==(const Decision&) const = default;
};

class Scheduler {
 public:
  Scheduler(SchedulerOptions options, rt::Instant now);

  std::size_t add_source(SourceKind kind, std::uint64_t price = 0);
  // Where several could be sent, those that cost less are sent first; among origins and peers by
  // themselves, so that an origin waits for nobody's price.
  void set_price(std::size_t source, std::uint64_t price) { sources_[source].price = price; }
  // What is known of the blob: its groups (none: its size is unknown) and which are held. Another
  // size than before calls off everybody: what they were asked for was of another tree. So does a
  // loss of what was held.
  void set_blob(std::optional<std::uint64_t> groups, GroupSet held);
  // None: nobody waits for certain bytes. Units: groups.
  void set_playhead(std::optional<std::uint64_t> group, std::uint64_t read_ahead);
  // What a source says to have (none: everything).
  void source_has(std::size_t source, std::optional<GroupSet> has);

  // Groups came from `source` and are held. True: next() has something new to decide.
  bool verified(std::size_t source, GroupSpan groups, rt::Instant now);
  // Groups are held, whoever brought them.
  void held(GroupSpan groups);
  // Something came that is not a verified group yet.
  void alive(std::size_t source, rt::Instant now);
  // The source's range is all that is missing and can be believed only as a whole: it keeps nobody
  // else from anything.
  void set_loose(std::size_t source);
  void ended(std::size_t source, Ended how, rt::Instant now);
  // Ends Ended::waiting.
  void wake(std::size_t source, rt::Instant now);

  Decision next(rt::Instant now);

  const GroupSet& missing() const { return missing_; }
  std::optional<std::uint64_t> groups() const { return groups_; }
  bool is_dropped(std::size_t source) const { return sources_[source].state == State::dropped; }
  // Nothing was asked of it, and it could be.
  bool is_idle(std::size_t source, rt::Instant now) const {
    return sources_[source].state == State::idle && sources_[source].not_before <= now;
  }
  // What it could be asked for / what is its own to bring now.
  GroupSet can_bring(std::size_t source) const { return can_bring(sources_[source]); }
  GroupSet part(std::size_t source) const { return part(sources_[source]); }
  // Its range was taken from it because nothing came. Until ended().
  bool is_displaced(std::size_t source) const { return sources_[source].displaced; }
  double rate(std::size_t source, rt::Instant now) const {
    return sources_[source].rate.per_second(now);
  }
  std::optional<rt::Duration> latency(std::size_t source) const { return sources_[source].latency; }

 private:
  enum class State : unsigned char { idle, busy, stopping, dropped };
  struct Source {
    SourceKind kind = SourceKind::peer;
    std::uint64_t price = 0;
    State state = State::idle;
    std::optional<GroupSet> has;
    GroupSet lacks;
    // --- while busy or stopping
    GroupSpan range;            // as it was asked for
    std::uint64_t own_end = 0;  // its part lies in [range.begin, own_end)
    GroupSet ask;
    std::uint64_t delivered = 0;  // one behind the highest group that came from it
    bool loose = false;
    bool displaced = false;  // called off because it stalled
    bool preempted = false;  // called off for the playhead
    bool progressed = false;
    rt::Instant started{};
    rt::Instant progress_at{};
    // --- all along
    rt::Instant not_before{};
    unsigned failures = 0;
    unsigned errors = 0;
    std::uint64_t last_size = 0;
    std::optional<rt::Duration> latency;
    RateMeter rate;

    bool works() const { return state == State::busy && !loose; }
  };
  // Who covers what, of the missing groups.
  struct Cover {
    GroupSet any, twice, stalled;
  };

  std::uint64_t total() const { return groups_.value_or(kNoEnd); }
  bool is_stalled(const Source& source, rt::Instant now) const;
  rt::Instant stalls_at(const Source& source) const;
  GroupSet part(const Source& source) const;
  GroupSet can_bring(const Source& source) const;
  std::uint64_t little(const Source& source, rt::Instant now) const;
  Cover cover(rt::Instant now) const;
  bool origin_may_work(rt::Instant now) const;
  bool is_ready(std::size_t index, rt::Instant now) const;
  bool is_alone(std::size_t index, rt::Instant now) const;
  std::uint64_t most_groups(std::size_t index, rt::Instant now) const;
  std::vector<std::size_t> ready_sources(rt::Instant now) const;

  void settle_finished(rt::Instant now, Decision& out);
  std::uint64_t soon(const Source& source, rt::Instant now) const;
  void free_playhead(rt::Instant now);
  bool preempt_for_playhead(rt::Instant now, Decision& out);
  void send_idle(rt::Instant now, Decision& out);
  std::optional<std::uint64_t> urgent_group() const;
  std::optional<GroupSpan> pick(std::size_t index, rt::Instant now, Decision& out);
  std::optional<GroupSpan> pick_opening(std::size_t index, rt::Instant now, Decision& out);
  std::optional<GroupSpan> take_run(const GroupSet& free, const GroupSet& bridge,
                                    std::uint64_t most) const;
  std::optional<GroupSpan> split(std::size_t index, rt::Instant now);
  std::optional<GroupSpan> hedge(std::size_t index, rt::Instant now) const;
  bool displace(std::size_t index, rt::Instant now, Decision& out);
  void call_off(std::size_t index, Decision& out);
  void begin(std::size_t index, GroupSpan range, rt::Instant now, Decision& out);
  rt::Instant next_wake(rt::Instant now) const;

  SchedulerOptions options_;
  rt::Instant started_;
  rt::Instant last_start_;
  std::optional<std::uint64_t> groups_;
  GroupSet missing_;
  std::optional<std::uint64_t> playhead_;
  std::uint64_t read_ahead_ = 0;
  std::vector<Source> sources_;
  bool undone_ = false;  // this decision took a start back
};

}  // namespace archy::fetch
