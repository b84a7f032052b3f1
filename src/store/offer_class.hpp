// How what is offered is served: the class of an offer. Only offered blobs are served at all.
#pragma once

#include <optional>
#include <string_view>

namespace archy::store {

// The numbers are those of store.db.
//
// A blob may be offered more than once: by itself in either format, and as a child of any number
// of offered hash sequences. Then the strictest of these classes holds (paid, metered, standard,
// public_). So no offer makes cheaper what another one asks more for: what is to be free must not
// be in anything that is sold. Cheaper it becomes only where somebody names another class for the
// very offer that stands, or withdraws that.
enum class OfferClass : unsigned char {
  standard = 0,  // as the services say: free while none is on, metered while content-download is
  metered = 1,   // the content is free; its bytes are paid for while content-download is on
  paid = 2,      // closed without payment
  public_ = 3,   // free whatever is on: no payment code at all
};

// Whichever of the two asks more of a peer.
OfferClass stricter(OfferClass a, OfferClass b);

// standard, metered, paid, public.
std::string_view to_string(OfferClass offered);
// None: it is the name of no class.
std::optional<OfferClass> offer_class_of(std::string_view name);

}  // namespace archy::store
