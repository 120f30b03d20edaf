#pragma once

#include <gtest/gtest.h>

#include <string>

#include "srtp/cipher_backend.h"

namespace sfu::srtp {

/// Runs `test` with each library that this build and this processor have.
template <class Test>
void with_every_backend(const Test& test) {
  for (const CipherLibrary library : {CipherLibrary::OpenSsl, CipherLibrary::IpsecMb}) {
    const auto backend = make_cipher_backend(library);
    if (!backend) continue;
    SCOPED_TRACE(std::string(backend->name()));
    test(*backend);
  }
}

}  // namespace sfu::srtp
