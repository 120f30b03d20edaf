#pragma once

#include <gtest/gtest.h>

#include <string>

#include "srtp/cipher_backend.h"

namespace sfu::srtp {

/// Whether this build has the library, and this processor the least that it needs.
inline bool has(CipherLibrary library) {
#if SFU_HAS_IPSEC_MB
  return library == CipherLibrary::OpenSsl ||
         (__builtin_cpu_supports("aes") && __builtin_cpu_supports("pclmul") &&
          __builtin_cpu_supports("sse4.2"));
#else
  return library == CipherLibrary::OpenSsl;
#endif
}

/// Runs `test` with each library that this build and this processor have. That one of them is
/// missing shows in CipherBackend.OfIpsecMbIsThereWhereBuildAndProcessorHaveIt, which is skipped
/// then.
template <class Test>
void with_every_backend(const Test& test) {
  for (const CipherLibrary library : {CipherLibrary::OpenSsl, CipherLibrary::IpsecMb}) {
    if (!has(library)) continue;
    const auto backend = make_cipher_backend(library);
    ASSERT_NE(backend, nullptr);
    SCOPED_TRACE(std::string(backend->name()));
    test(*backend);
  }
}

}  // namespace sfu::srtp
