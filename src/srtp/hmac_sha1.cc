// The block function of SHA-1 under its plain name: EVP's digest contexts live on the heap, and
// copying one for each packet would allocate.
#define OPENSSL_SUPPRESS_DEPRECATED

#include "srtp/hmac_sha1.h"

#include <openssl/sha.h>

#include <algorithm>

#include "base/check.h"

namespace sfu::srtp {
namespace {

constexpr std::size_t kBlockSize = SHA_CBLOCK;

HmacSha1::State hash_padded_key(Bytes key, std::uint8_t pad) {
  std::array<std::uint8_t, kBlockSize> block;
  block.fill(pad);
  for (std::size_t i = 0; i < key.size(); ++i) block[i] ^= key[i];
  SHA_CTX context;
  SHA1_Init(&context);
  SHA1_Update(&context, block.data(), block.size());
  return {context.h0, context.h1, context.h2, context.h3, context.h4};
}

/// SHA-1 as it stands after one whole block.
SHA_CTX resume(const HmacSha1::State& words) {
  SHA_CTX context{};
  context.h0 = words[0];
  context.h1 = words[1];
  context.h2 = words[2];
  context.h3 = words[3];
  context.h4 = words[4];
  context.Nl = kBlockSize * 8;  // bits so far
  return context;
}

}  // namespace

HmacSha1::HmacSha1(Bytes key) {
  SFU_CHECK(key.size() <= kBlockSize);
  constexpr std::uint8_t kInnerPad = 0x36, kOuterPad = 0x5c;  // RFC 2104 §2
  inner_ = hash_padded_key(key, kInnerPad);
  outer_ = hash_padded_key(key, kOuterPad);
}

HmacSha1::Digest HmacSha1::compute(std::initializer_list<Bytes> parts) const {
  Digest digest;
  SHA_CTX context = resume(inner_);
  for (const Bytes part : parts) SHA1_Update(&context, part.data(), part.size());
  SHA1_Final(digest.data(), &context);
  context = resume(outer_);
  SHA1_Update(&context, digest.data(), digest.size());
  SHA1_Final(digest.data(), &context);
  return digest;
}

}  // namespace sfu::srtp
