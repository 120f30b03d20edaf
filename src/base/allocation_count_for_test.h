#pragma once

#include <cstddef>
#include <cstdlib>
#include <new>

// Replaces operator new of a whole test program: for one file of it.

namespace sfu {

/// How often the program asked for memory while it was watched.
struct AllocationCount {
  inline static bool watches = false;
  inline static std::size_t total = 0;

  static void* allocate(std::size_t size) {
    if (watches) ++total;
    if (void* memory = std::malloc(size)) return memory;
    throw std::bad_alloc();
  }
};

}  // namespace sfu

void* operator new(std::size_t size) { return sfu::AllocationCount::allocate(size); }
void* operator new[](std::size_t size) { return sfu::AllocationCount::allocate(size); }
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t) noexcept { std::free(memory); }
