#pragma once

#include <vector>

namespace sfu::io {

/// The numbers of the processors that this process may run on, ascending.
std::vector<int> usable_processors();

}  // namespace sfu::io
