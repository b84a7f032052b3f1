// Which operation of the daemon's log is one of ours. Pure.
//
// | ours    | is known by                                                                        |
// |---------|------------------------------------------------------------------------------------|
// | receive | our mark, in the metadata that the daemon keeps with it                            |
// | pay     | the payment hash of its invoice. An attempt before the anchor counts unless it     |
// |         | failed: the daemon's clock, which orders its log, may have been set back           |
// | spend   | the amount: the daemon takes no metadata here. Only among what is newer than the   |
// |         | anchor and not another operation of ours, and only when it is the only one         |
// | reissue | the same                                                                           |
//
// So a federation's daemon belongs to one wallet: with somebody else at it, a spend of his of the
// same amount at the same moment could be taken for ours.
#pragma once

#include <set>
#include <span>

#include "fedimint/federation_book.hpp"
#include "fedimint/fmcd_answers.hpp"

namespace archy::fedimint {

// The newest part of the daemon's log.
struct FmcdLog {
  std::vector<FmcdEntry> entries;  // newest first
  bool whole = false;              // there are no older ones
};

struct FmcdMatch {
  enum class Finding : unsigned char {
    found,      // `entry`
    not_there,  // there is none, as far as there can be one
    too_short,  // the log does not go back to the anchor
    unclear,    // several could be it, or one that cannot be read
    other_log,  // it is whole and has not the anchor: the daemon has lost what it once knew
  };
  Finding finding = Finding::unclear;
  const FmcdEntry* entry = nullptr;  // lifetime: the log's
};

// `named`: what the daemon calls other operations of ours.
// Of several attempts to pay one invoice it is the one that succeeded, else one that is under way.
FmcdMatch look_for(const FederationOperation& operation, const FmcdLog& log,
                   const std::set<std::string>& named);

}  // namespace archy::fedimint
