#pragma once

#include <cstddef>

namespace sfu::memory {

/// What is allocated while one of these lives, by operator new or by OpenSSL, is on the account
/// until it is freed, whenever that is. For a program of one thread, whose allocator this replaces.
class OnAccount {
 public:
  OnAccount();
  ~OnAccount();
  OnAccount(const OnAccount&) = delete;
  OnAccount& operator=(const OnAccount&) = delete;
};

/// Bytes of the heap on the account now, as glibc's allocator hands them out: 16 at a time, 8 of
/// which are its own.
std::size_t bytes_on_account();

}  // namespace sfu::memory
