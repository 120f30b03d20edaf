#include "crypto/srtp_keys.h"

#include <algorithm>

#include "base/check.h"

namespace sfu::crypto {

static_assert(parameters(SrtpProfile::AeadAes256Gcm).profile == SrtpProfile::AeadAes256Gcm &&
              parameters(SrtpProfile::Aes128CmHmacSha1_80).dtls_id == 0x0001);

SrtpKeyMaterial::SrtpKeyMaterial(SrtpProfile profile, Bytes key, Bytes salt) : profile_(profile) {
  SFU_CHECK(key.size() == parameters(profile).key_size);
  SFU_CHECK(salt.size() == parameters(profile).salt_size);
  std::ranges::copy(key, key_.begin());
  std::ranges::copy(salt, salt_.begin());
}

}  // namespace sfu::crypto
