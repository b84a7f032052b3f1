// What becomes of an error is a property of the content's class, decided before any error can
// happen; nothing that a peer does or causes moves a request to another class.
#pragma once

#include <cstdint>

namespace archy::streaming {

enum class ContentClass : unsigned char {
  public_,  // no payment code at all
  metered,  // the content is free, the seller asks for its bytes: a bounded grace budget
  paid,     // closed without payment; an error is "try later", never "yes"
};

}  // namespace archy::streaming
