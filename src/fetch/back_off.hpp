// How long a source is left alone after it failed.
#pragma once

#include <algorithm>

#include "rt/clock.hpp"

namespace archy::fetch {

struct BackOff {
  rt::Duration first = std::chrono::milliseconds(200);
  rt::Duration most = std::chrono::seconds(5);

  // Twice as long with each failure in a row.
  rt::Duration after(unsigned failures) const {
    rt::Duration out = first;
    for (unsigned i = 1; i < failures && out < most; ++i) out *= 2;
    return std::min(out, most);
  }
};

}  // namespace archy::fetch
