#pragma once

#include <sys/types.h>

#include <optional>

#include "base/units.h"

namespace sfu::io {

/// Asks the scheduler to give the calling thread the processor for `slice` at a time (0.1 to 100
/// ms; sched_setattr(2), Linux 6.12 and later). Who asks for less than others interrupts them when
/// it wakes, and gets no larger share. Niceness stays as it is. Needs no privilege.
/// @returns false where the kernel does not know of this, or the thread is scheduled by another
/// policy than SCHED_OTHER.
bool request_time_slice(TimeDelta slice);

/// The slice of a thread by its kernel id; 0 is the calling one. Nothing where the kernel does not
/// tell.
std::optional<TimeDelta> time_slice_of(pid_t thread);

}  // namespace sfu::io
