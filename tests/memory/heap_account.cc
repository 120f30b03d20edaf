#include "heap_account.h"

#include <openssl/crypto.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <new>

namespace {

bool g_is_open = false;
std::size_t g_bytes = 0;

/// Stands right before each block.
struct alignas(16) Header {
  void* block;  // As malloc gave it.
  std::uint32_t size;
  bool is_on_account;
};
static_assert(sizeof(Header) == 16);

/// What glibc takes for a block of `size` bytes.
std::size_t chunk_size(std::size_t size) {
  return std::max<std::size_t>(32, (size + 8 + 15) / 16 * 16);
}

void* allocate(std::size_t size, std::size_t alignment = sizeof(Header)) {
  void* const block = std::malloc(size + sizeof(Header) + alignment);
  if (block == nullptr) return nullptr;
  const auto at = reinterpret_cast<std::uintptr_t>(block) + sizeof(Header) + alignment - 1;
  auto* const given = reinterpret_cast<Header*>(at / alignment * alignment);
  given[-1] = {block, static_cast<std::uint32_t>(size), g_is_open};
  if (g_is_open) g_bytes += chunk_size(size);
  return given;
}

void release(void* given) {
  if (given == nullptr) return;
  const Header& header = static_cast<Header*>(given)[-1];
  if (header.is_on_account) g_bytes -= chunk_size(header.size);
  std::free(header.block);
}

void* allocate_or_throw(std::size_t size, std::size_t alignment = sizeof(Header)) {
  if (void* memory = allocate(size, alignment)) return memory;
  throw std::bad_alloc();
}

void* openssl_allocate(std::size_t size, const char*, int) { return allocate(size); }
void openssl_release(void* memory, const char*, int) { release(memory); }
void* openssl_reallocate(void* memory, std::size_t size, const char*, int) {
  void* const larger = allocate(size);
  if (memory == nullptr || larger == nullptr) return larger;
  std::memcpy(larger, memory, std::min<std::size_t>(size, static_cast<Header*>(memory)[-1].size));
  release(memory);
  return larger;
}

// Before main(): OpenSSL must not have allocated anything yet.
[[maybe_unused]] const int g_openssl_is_ours =
    CRYPTO_set_mem_functions(openssl_allocate, openssl_reallocate, openssl_release);

}  // namespace

void* operator new(std::size_t size) { return allocate_or_throw(size); }
void* operator new[](std::size_t size) { return allocate_or_throw(size); }
void* operator new(std::size_t size, std::align_val_t alignment) {
  return allocate_or_throw(size, static_cast<std::size_t>(alignment));
}
void* operator new[](std::size_t size, std::align_val_t alignment) {
  return allocate_or_throw(size, static_cast<std::size_t>(alignment));
}
void operator delete(void* memory) noexcept { release(memory); }
void operator delete[](void* memory) noexcept { release(memory); }
void operator delete(void* memory, std::size_t) noexcept { release(memory); }
void operator delete[](void* memory, std::size_t) noexcept { release(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { release(memory); }
void operator delete[](void* memory, std::align_val_t) noexcept { release(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { release(memory); }
void operator delete[](void* memory, std::size_t, std::align_val_t) noexcept { release(memory); }

namespace sfu::memory {

OnAccount::OnAccount() { g_is_open = true; }
OnAccount::~OnAccount() { g_is_open = false; }

std::size_t bytes_on_account() { return g_bytes; }

}  // namespace sfu::memory
