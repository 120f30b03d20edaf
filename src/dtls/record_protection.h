#pragma once

#include <openssl/types.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/bytes.h"
#include "dtls/records.h"
#include "dtls/role.h"

namespace sfu::dtls {

/// The records of an association whose handshake is over: seals and opens them under the keys that
/// were agreed, in place of OpenSSL, which holds 30 KiB for each association to the end of its
/// life. AEAD suites of DTLS 1.2 alone (RFC 6347 §4.1.2), which are all that we offer.
class RecordProtection {
 public:
  /// `ssl` has completed its handshake.
  RecordProtection(SSL& ssl, Role role);

  /// One record, ready to be sent.
  std::vector<std::uint8_t> seal(ContentType type, Bytes content);
  /// What `record` holds; nothing where it is not authentic, not of our epoch, or came before.
  std::optional<std::vector<std::uint8_t>> open(const Record& record);

 private:
  static constexpr std::size_t kMaxKeySize = 32;
  static constexpr std::size_t kNonceSize = 12;  // Of all these suites.

  using Nonce = std::array<std::uint8_t, kNonceSize>;
  struct Direction {
    std::array<std::uint8_t, kMaxKeySize> key{};
    Nonce iv{};  // AES-GCM: only the first four bytes.
  };

  /// `number`: epoch and sequence number in one, as they stand in the record.
  Nonce nonce_of(const Direction& direction, std::uint64_t number) const;
  bool is_fresh(std::uint64_t number) const;
  void note_received(std::uint64_t number);

  const EVP_CIPHER* cipher_ = nullptr;
  std::size_t explicit_nonce_size_ = 0;  // RFC 5288 §3: 8 bytes with AES-GCM; RFC 7905 §2: none.
  Direction ours_;
  Direction theirs_;
  std::uint64_t next_number_;
  // RFC 6347 §4.1.2.6: a window of 64 numbers, bit 0 for the newest.
  std::uint64_t newest_received_ = 0;
  std::uint64_t received_ = 0;
};

}  // namespace sfu::dtls
