#include "store/offer_class.hpp"

namespace archy::store {
namespace {

// From the most open on.
constexpr OfferClass kByStrictness[] = {OfferClass::public_, OfferClass::standard,
                                        OfferClass::metered, OfferClass::paid};

int strictness(OfferClass offered) {
  int rank = 0;
  for (const OfferClass one : kByStrictness) {
    if (one == offered) return rank;
    ++rank;
  }
  return rank;
}

}  // namespace

OfferClass stricter(OfferClass a, OfferClass b) { return strictness(a) < strictness(b) ? b : a; }

std::string_view to_string(OfferClass offered) {
  switch (offered) {
    case OfferClass::standard:
      return "standard";
    case OfferClass::metered:
      return "metered";
    case OfferClass::paid:
      return "paid";
    case OfferClass::public_:
      return "public";
  }
  return "paid";
}

std::optional<OfferClass> offer_class_of(std::string_view name) {
  for (const OfferClass one : kByStrictness)
    if (name == to_string(one)) return one;
  return std::nullopt;
}

}  // namespace archy::store
