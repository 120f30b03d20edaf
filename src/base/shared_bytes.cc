#include "base/shared_bytes.h"

#include <cstring>
#include <new>

namespace sfu {

SharedBytes::SharedBytes(Bytes bytes)
    : block_(new (::operator new(sizeof(Block) + bytes.size())) Block{1, bytes.size()}) {
  if (!bytes.empty()) std::memcpy(block_ + 1, bytes.data(), bytes.size());
}

void SharedBytes::destroy() { ::operator delete(block_); }

}  // namespace sfu
