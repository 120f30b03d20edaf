#include "io/processors.h"

#include <sched.h>

#include <cstddef>

namespace sfu::io {

std::vector<int> usable_processors() {
  cpu_set_t usable;
  CPU_ZERO(&usable);
  std::vector<int> numbers;
  if (sched_getaffinity(0, sizeof usable, &usable) != 0) return numbers;
  for (int number = 0; number < CPU_SETSIZE; ++number)
    if (CPU_ISSET(static_cast<std::size_t>(number), &usable)) numbers.push_back(number);
  return numbers;
}

}  // namespace sfu::io
