#pragma once

#include "bench/counts/virtual_kernel.h"

namespace sfu::counts {

/// While it lives, the calls that this program's build wraps go to `kernel`.
class KernelInUse {
 public:
  explicit KernelInUse(VirtualKernel& kernel);
  ~KernelInUse();
  KernelInUse(const KernelInUse&) = delete;
  KernelInUse& operator=(const KernelInUse&) = delete;
};

}  // namespace sfu::counts
