#include "bench/counts/counting.h"

#include <valgrind/callgrind.h>

namespace sfu::counts {
namespace {

// Callgrind keeps its own switch for each thread as well.
thread_local int t_depth = 0;
thread_local bool t_counting = false;

}  // namespace

void begin_counting() {
  CALLGRIND_START_INSTRUMENTATION;
  t_counting = true;
}

void end_counting() {
  t_counting = false;
  CALLGRIND_STOP_INSTRUMENTATION;
}

Uncounted::Uncounted() {
  if (t_depth++ == 0 && t_counting) CALLGRIND_TOGGLE_COLLECT;
}

Uncounted::~Uncounted() {
  if (--t_depth == 0 && t_counting) CALLGRIND_TOGGLE_COLLECT;
}

}  // namespace sfu::counts
