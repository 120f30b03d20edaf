#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "base/bytes.h"
#include "base/endpoint.h"
#include "base/result.h"

namespace sfu::stun {

inline constexpr std::size_t kHeaderSize = 20;
inline constexpr std::uint32_t kMagicCookie = 0x2112A442;

using TransactionId = std::array<std::uint8_t, 12>;

enum class Class : std::uint8_t { Request, Indication, SuccessResponse, ErrorResponse };

/// The one method of ICE (RFC 8489 §18.2). Others parse, and keep their number.
enum class Method : std::uint16_t { Binding = 0x001 };

/// RFC 8489 §18.3, RFC 8445 §16.1, and the nomination attribute of
/// draft-thatcher-ice-renomination-01. Types below 0x8000 must be understood by who reads them.
enum class AttributeType : std::uint16_t {
  MappedAddress = 0x0001,
  Username = 0x0006,
  MessageIntegrity = 0x0008,
  ErrorCode = 0x0009,
  UnknownAttributes = 0x000A,
  Realm = 0x0014,
  Nonce = 0x0015,
  XorMappedAddress = 0x0020,
  Priority = 0x0024,
  UseCandidate = 0x0025,
  Software = 0x8022,
  Fingerprint = 0x8028,
  IceControlled = 0x8029,
  IceControlling = 0x802A,
  Nomination = 0xC001,
};

enum class ParseError : std::uint8_t {
  TooShort,              // Less than a header.
  NotStun,               // The first two bits or the magic cookie say that it is something else.
  BadLength,             // The header's length is not a multiple of four, or not the datagram's.
  TruncatedAttribute,    // An attribute runs past the end.
  BadIntegrityLength,    // MESSAGE-INTEGRITY that is not 20 bytes.
  BadFingerprintLength,  // FINGERPRINT that is not 4 bytes.
  FingerprintNotLast,    // RFC 8489 §14.7
};

struct ErrorCode {
  int code = 0;             // 300 to 699
  std::string_view reason;  // Borrowed.
};

/// Types of comprehension-required attributes that were not understood.
class UnknownTypes {
 public:
  /// What one 420 answer can list. Further types are left out; the answer stays true.
  static constexpr std::size_t kMax = 8;

  void add(std::uint16_t type) {
    if (count_ < kMax) types_[count_++] = type;
  }
  bool empty() const { return count_ == 0; }
  std::span<const std::uint16_t> list() const { return {types_.data(), count_}; }

 private:
  std::array<std::uint16_t, kMax> types_{};
  std::size_t count_ = 0;
};

/// A STUN message (RFC 8489 §5) as it lies in its datagram, which it borrows. parse() checks the
/// structure; each accessor checks its own attribute and gives nothing where that is absent or has
/// the wrong size. Of repeated attributes the first counts, and what follows MESSAGE-INTEGRITY, but
/// for FINGERPRINT, is ignored (§14, §14.5). Nothing is authenticated until verify_integrity().
class MessageView {
 public:
  static Result<MessageView, ParseError> parse(Bytes datagram);

  Class message_class() const;
  Method method() const;
  bool is_binding_request() const {
    return message_class() == Class::Request && method() == Method::Binding;
  }
  TransactionId transaction_id() const;

  std::optional<std::string_view> username() const;
  std::optional<std::uint32_t> priority() const;
  bool use_candidate() const;
  std::optional<std::uint64_t> ice_controlling() const;  // The tie-breaker.
  std::optional<std::uint64_t> ice_controlled() const;   // The tie-breaker.
  std::optional<std::uint32_t> nomination() const;
  std::optional<Endpoint> xor_mapped_address() const;
  std::optional<ErrorCode> error_code() const;
  std::optional<std::string_view> software() const;

  /// The value of the first attribute of `type` before MESSAGE-INTEGRITY; lies in the datagram.
  std::optional<Bytes> attribute(AttributeType type) const;

  /// Comprehension-required attributes (RFC 8489 §14) that this code does not know.
  UnknownTypes unknown_required() const;
  /// Whether an attribute with a size fixed by its RFC has another one.
  bool has_malformed_attribute() const;

  bool has_integrity() const { return integrity_at_ != 0; }
  bool has_fingerprint() const { return fingerprint_at_ != 0; }
  /// False without MESSAGE-INTEGRITY. The time does not depend on where the values differ. With
  /// short-term credentials the key is the password (RFC 8489 §9.1.1).
  bool verify_integrity(Bytes key) const;
  bool verify_integrity(std::string_view password) const {
    return verify_integrity(as_bytes(password));
  }
  /// False without FINGERPRINT.
  bool verify_fingerprint() const;

  Bytes bytes() const { return bytes_; }

 private:
  explicit MessageView(Bytes bytes) : bytes_(bytes), attributes_end_(bytes.size()) {}

  std::optional<Bytes> attribute_of_size(AttributeType type, std::size_t size) const;

  Bytes bytes_;
  std::size_t attributes_end_;  // Where MESSAGE-INTEGRITY or FINGERPRINT begins, or the end.
  std::size_t integrity_at_ = 0;
  std::size_t fingerprint_at_ = 0;
};

/// What a Binding request's USERNAME says before its colon (RFC 8445 §7.2.2): the ufrag of the
/// agent that is asked. For choosing the transport; nothing is authenticated. Borrows `datagram`.
std::optional<std::string_view> peek_local_ufrag(Bytes datagram);

}  // namespace sfu::stun
