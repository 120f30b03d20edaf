#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "base/bytes.h"
#include "srtp/hmac_sha1.h"

namespace sfu::srtp {

/// AES-GCM under one key (RFC 7714 §5, NIST SP 800-38D).
class GcmCipher {
 public:
  static constexpr std::size_t kTagSize = 16;
  using Iv = std::array<std::uint8_t, 12>;

  virtual ~GcmCipher() = default;
  /// Encrypts `plain` to `out`, which is the same place or apart, and puts the tag behind it.
  virtual void seal(const Iv& iv, Bytes associated_data, Bytes plain, std::uint8_t* out) = 0;
  /// Decrypts `text` in place. Answers whether `tag` is right; where it is not, `text` is
  /// worthless.
  virtual bool open(const Iv& iv, Bytes associated_data, MutableBytes text, Bytes tag) = 0;
};

/// AES in counter mode under one key (RFC 3711 §4.1.1). Encrypting and decrypting are the same.
class CounterCipher {
 public:
  using Iv = std::array<std::uint8_t, 16>;

  virtual ~CounterCipher() = default;
  /// `out` is the same place as `in` or apart.
  virtual void crypt(const Iv& iv, Bytes in, std::uint8_t* out) = 0;
};

/// One message to authenticate with HMAC-SHA1: the first kHmacTagSize bytes of its digest go to
/// `tag`, which may be a part of the message.
struct HmacJob {
  // Without initial values: a batch of them is made for every call that may need one.
  const HmacSha1* hmac;
  const std::uint8_t* message;
  std::size_t size;
  std::uint8_t* tag;
};
inline constexpr std::size_t kHmacTagSize = 10;  // RFC 3711 §5.2: 80 bits

/// What a key is good for decides how much memory its tables may take.
enum class KeyUse : std::uint8_t {
  EveryPacket,  // Media.
  NowAndThen,   // Reports: a few packets a second.
};

/// The library that does the arithmetic of SRTP, as one thread uses it. Calls are virtual: beside a
/// cipher that cannot be measured (the fastest takes 45 ns for 120 bytes, called either way).
class CipherBackend {
 public:
  /// How many messages are worth handing over at once.
  static constexpr std::size_t kMaxHmacBatch = 48;

  virtual ~CipherBackend() = default;

  /// Library, version and instruction set, for people to read.
  virtual std::string_view name() const = 0;

  /// `key` has 16 or 32 bytes. The backend outlives what it makes.
  virtual std::unique_ptr<GcmCipher> make_gcm(Bytes key, KeyUse use) = 0;
  /// `key` has 16 bytes.
  virtual std::unique_ptr<CounterCipher> make_counter(Bytes key) = 0;
  /// Up to kMaxHmacBatch messages.
  virtual void authenticate(std::span<const HmacJob> jobs) = 0;

 protected:
  static void authenticate_one_by_one(std::span<const HmacJob> jobs);
};

enum class CipherLibrary : std::uint8_t { OpenSsl, IpsecMb };

/// Null where this build lacks the library or this processor the instructions that it needs, and
/// where it does not agree with OpenSSL on a few messages. OpenSSL is always there.
std::unique_ptr<CipherBackend> make_cipher_backend(CipherLibrary library);

/// The fastest one that there is.
std::unique_ptr<CipherBackend> make_cipher_backend();

}  // namespace sfu::srtp
