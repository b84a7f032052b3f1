// Who is served, by what is offered and what the gate says: public content as if there were no
// gate, everything else metered group by group before it leaves.
//
// What is asked for                            who pays for its groups
//   public                                     nobody; nothing of the gate is called
//   metered or paid                            the ticket of this hash
//   a child, of a sequence with a ticket       that ticket, unless the child is public by itself
//   a paid child of a metered one              another ticket on the same credit: of what the gate
//                                              lets go of metered content unpaid it has no part
//   a metered or paid child of a public one    a ticket of the child's own
// Observe names no byte: it is answered for whatever is offered.
#pragma once

#include <unordered_map>

#include "blobs/admission.hpp"
#include "paid/catalog.hpp"
#include "paid/till.hpp"

namespace archy::paid {

// Thread: the loop. Lifetime: what it was given outlives it.
class GateAdmission final : public blobs::Admission {
 public:
  GateAdmission(Catalog& catalog, Till& till) : catalog_(catalog), till_(till) {}
  ~GateAdmission() override;

  blobs::Verdict on_connection(const EndpointId&) override { return blobs::Verdict::allow; }
  blobs::Verdict on_request(const blobs::RequestContext& request) override;
  blobs::Verdict on_child(const blobs::RequestContext& request, const Blake3Hash& child) override;
  blobs::GroupVerdict on_group(const blobs::RequestContext& request, std::size_t payload) override;
  void on_end(const blobs::RequestContext& request) override;

  // Requests that hold a ticket now.
  std::size_t running() const { return running_.size(); }

 private:
  using Ticket = std::optional<streaming::GateTicket>;
  struct Running {
    Ticket root;  // of the hash that was asked for
    streaming::ContentClass class_of_root = streaming::ContentClass::public_;
    Ticket child;  // of the child that is read now
    bool child_is_free = false;
  };
  // Nothing in `ticket`: it costs nothing.
  blobs::Verdict begin(const blobs::RequestContext& request, const Blake3Hash& hash,
                       const CatalogEntry& entry, Ticket& ticket);
  std::optional<CatalogEntry> look_up(const Blake3Hash& hash);
  void settle(Ticket& ticket);

  Catalog& catalog_;
  Till& till_;
  std::unordered_map<std::uint64_t, Running> running_;  // by serial; those that pay
};

}  // namespace archy::paid
