#pragma once

#include "base/random.h"
#include "base/units.h"

namespace sfu::media {

/// Any duration from `low` up to, not including, `high`; they differ by less than an hour.
inline TimeDelta random_between(RandomSource& random, TimeDelta low, TimeDelta high) {
  return low + TimeDelta(random.next_u32() % (high - low).count());
}

}  // namespace sfu::media
