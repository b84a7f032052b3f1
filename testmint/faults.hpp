// A script of what goes wrong: which request, counted from when the fault was added, and how.
//
//   [{"fault": "drop_after", "route": "POST /v1/swap", "nth": 2},
//    {"fault": "pay_pending", "ms": 60000}]
//
// route: method and path, or the beginning of either before a final *, or several with a | between
// them; none: the requests that the fault is about (faults.cpp), or every one. nth: 1 is the next
// such request. times: so many from there on, 0 is for ever, 1 where it is not said.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace archy::testmint {

enum class FaultKind : unsigned char {
  // On the way: whoever carries the request sees to them, in front of any mint.
  drop_before,    // never arrives; the connection is lost
  drop_after,     // is executed; the connection is lost before an answer
  delay_before,   // ms
  delay_after,    // ms, executed
  answer_before,  // status with a page of HTML, not executed
  answer_after,   // the same, executed
  truncate,       // only `bytes` of the answer's body, then the connection is lost
  duplicate,      // executed twice; the second answer is the one that arrives
  // What Lightning does with the payment of a melt.
  pay_pending,    // on its way for ms
  pay_failed,     // (after ms)
  pay_unknown,    // nobody can say, until it is resolved (after ms)
  pay_claimed,    // called paid, though nobody received it
  pay_fee,        // `amount` above the reserve
  pay_seen_late,  // the payee hears of it ms later
  // The answer says something else than what was done.
  wrong_dleq,    // of the first signature
  missing_dleq,  // of all
  wrong_amount,  // of the first signature
  one_fewer,     // signatures
  one_more,
  hide_change,  // signed, and not told
  stale_state,  // a melt quote that is pending is called unpaid
  // The mint's change of a melt.
  missing_change,  // keeps it all
  zero_change,     // puts signatures over nothing before the others
  short_change,    // keeps `amount` of it
  // Before the request is executed.
  refuse,         // with `code`, not executed
  rotate_keyset,  // a new one, the old one inactive
  expire_keyset,  // all there are, and a new one
  expire_quote,   // the one that the request names
  forget_quote,
  restart,       // loses what only memory had: NUT-19's answers
  clock_offset,  // the mint's clock is ms off from now on
};

struct Fault {
  FaultKind kind = FaultKind::drop_before;
  std::string route = {};
  std::uint64_t nth = 1;
  std::uint64_t times = 1;
  std::int64_t ms = 0;
  std::uint64_t amount = 1;
  std::uint32_t code = 0;
  int status = 502;
  std::size_t bytes = 10;
};

std::string_view to_string(FaultKind kind);
// One fault, or a list of them. Errors: bad_input, with what is wrong.
Result<std::vector<Fault>> parse_faults(std::string_view json);

// What happens to one request.
struct Carriage {
  bool drop_before = false;
  bool drop_after = false;
  bool duplicate = false;
  std::int64_t delay_before_ms = 0;
  std::int64_t delay_after_ms = 0;
  std::optional<int> answer_before, answer_after;  // status
  std::optional<std::size_t> truncate_at;
  std::vector<Fault> inside;  // the mint's part
};

// The page that answer_before and answer_after show.
std::string fault_page(int status);

class FaultScript {
 public:
  void add(Fault fault) { entries_.push_back({std::move(fault), 0}); }
  Result<> add(std::string_view json);
  void clear() { entries_.clear(); }
  // Called once for each request, in their order.
  Carriage take(std::string_view method, std::string_view path);
  // Faults that happened.
  std::uint64_t happened() const { return happened_; }

 private:
  struct Entry {
    Fault fault;
    std::uint64_t seen;
  };
  std::vector<Entry> entries_;
  std::uint64_t happened_ = 0;
};

}  // namespace archy::testmint
