#include "stun/message.h"

#include <algorithm>

#include "crypto/hmac.h"
#include "stun/wire.h"

namespace sfu::stun {
namespace {

struct Attribute {
  std::uint16_t type;
  Bytes value;
  std::size_t next;  // Where the attribute after this one begins.
};

/// The attribute at `at`, which is before the end of `message`; nothing where it runs past the end.
///
///    0                   1                   2                   3
///    0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
///   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///   |             Type              |    Length (without padding)   |
///   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///   |            Value, padded to a multiple of 4 bytes           ....
///   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
std::optional<Attribute> attribute_at(Bytes message, std::size_t at) {
  const std::size_t left = message.size() - at;
  if (left < wire::kAttributeHeaderSize) return std::nullopt;
  const std::size_t size = load_be16(message, at + 2);
  if (wire::padded(size) > left - wire::kAttributeHeaderSize) return std::nullopt;
  const std::size_t value_at = at + wire::kAttributeHeaderSize;
  return Attribute{load_be16(message, at), message.subspan(value_at, size),
                   value_at + wire::padded(size)};
}

constexpr bool is(std::uint16_t type, AttributeType known) {
  return type == static_cast<std::uint16_t>(known);
}

constexpr bool must_be_understood(std::uint16_t type) { return type < 0x8000; }

constexpr bool is_understood(std::uint16_t type) {
  switch (static_cast<AttributeType>(type)) {
    case AttributeType::MappedAddress:
    case AttributeType::Username:
    case AttributeType::MessageIntegrity:
    case AttributeType::ErrorCode:
    case AttributeType::UnknownAttributes:
    case AttributeType::Realm:
    case AttributeType::Nonce:
    case AttributeType::XorMappedAddress:
    case AttributeType::Priority:
    case AttributeType::UseCandidate: return true;
    default: return false;
  }
}

/// The size that the RFC fixes for an attribute's value.
constexpr std::optional<std::size_t> fixed_size(std::uint16_t type) {
  switch (static_cast<AttributeType>(type)) {
    case AttributeType::Priority:
    case AttributeType::Nomination: return 4;
    case AttributeType::UseCandidate: return 0;
    case AttributeType::IceControlled:
    case AttributeType::IceControlling: return 8;
    default: return std::nullopt;
  }
}

}  // namespace

/// RFC 8489 §5:
///
///    0                   1                   2                   3
///    0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
///   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///   |0 0|  M11-M7 |C|M6-M4|C|M3-M0  |   Length (without header)     |
///   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///   |                   Magic cookie 0x2112A442                     |
///   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///   |                  Transaction id (96 bits)                     |
///   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///   |                         Attributes                           ....
Result<MessageView, ParseError> MessageView::parse(Bytes datagram) {
  if (datagram.size() < kHeaderSize) return fail(ParseError::TooShort);
  if ((datagram[0] & 0xC0) != 0 || load_be32(datagram, 4) != kMagicCookie)
    return fail(ParseError::NotStun);
  const std::size_t length = load_be16(datagram, 2);
  if (length % 4 != 0 || kHeaderSize + length != datagram.size())
    return fail(ParseError::BadLength);

  MessageView message(datagram);
  for (std::size_t at = kHeaderSize; at < datagram.size();) {
    if (message.has_fingerprint()) return fail(ParseError::FingerprintNotLast);
    const auto attribute = attribute_at(datagram, at);
    if (!attribute) return fail(ParseError::TruncatedAttribute);
    if (is(attribute->type, AttributeType::MessageIntegrity) && !message.has_integrity()) {
      if (attribute->value.size() != wire::kIntegritySize)
        return fail(ParseError::BadIntegrityLength);
      message.integrity_at_ = at;
      message.attributes_end_ = at;
    } else if (is(attribute->type, AttributeType::Fingerprint)) {
      if (attribute->value.size() != wire::kFingerprintSize)
        return fail(ParseError::BadFingerprintLength);
      message.fingerprint_at_ = at;
      message.attributes_end_ = std::min(message.attributes_end_, at);
    }
    at = attribute->next;
  }
  return message;
}

Class MessageView::message_class() const {
  return static_cast<Class>((bytes_[0] & 0x01) << 1 | (bytes_[1] & 0x10) >> 4);
}

Method MessageView::method() const {
  return static_cast<Method>((bytes_[0] & 0x3E) << 6 | (bytes_[1] & 0xE0) >> 1 |
                             (bytes_[1] & 0x0F));
}

TransactionId MessageView::transaction_id() const {
  TransactionId id;
  std::copy_n(bytes_.begin() + 8, id.size(), id.begin());
  return id;
}

std::optional<Bytes> MessageView::attribute(AttributeType type) const {
  const Bytes region = bytes_.first(attributes_end_);
  for (std::size_t at = kHeaderSize; at < region.size();) {
    const auto attribute = attribute_at(region, at);
    if (is(attribute->type, type)) return attribute->value;
    at = attribute->next;
  }
  return std::nullopt;
}

std::optional<Bytes> MessageView::attribute_of_size(AttributeType type, std::size_t size) const {
  const auto value = attribute(type);
  return value && value->size() == size ? value : std::nullopt;
}

std::optional<std::string_view> MessageView::username() const {
  const auto value = attribute(AttributeType::Username);
  return value ? std::optional(as_text(*value)) : std::nullopt;
}

std::optional<std::uint32_t> MessageView::priority() const {
  const auto value = attribute_of_size(AttributeType::Priority, 4);
  return value ? std::optional(load_be32(*value, 0)) : std::nullopt;
}

bool MessageView::use_candidate() const {
  return attribute_of_size(AttributeType::UseCandidate, 0).has_value();
}

std::optional<std::uint64_t> MessageView::ice_controlling() const {
  const auto value = attribute_of_size(AttributeType::IceControlling, 8);
  return value ? std::optional(load_be64(*value, 0)) : std::nullopt;
}

std::optional<std::uint64_t> MessageView::ice_controlled() const {
  const auto value = attribute_of_size(AttributeType::IceControlled, 8);
  return value ? std::optional(load_be64(*value, 0)) : std::nullopt;
}

std::optional<std::uint32_t> MessageView::nomination() const {
  const auto value = attribute_of_size(AttributeType::Nomination, 4);
  return value ? std::optional(load_be32(*value, 0)) : std::nullopt;
}

/// RFC 8489 §14.2:
///
///    0                   1                   2                   3
///    0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
///   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///   |0 0 0 0 0 0 0 0|    Family     |         X-Port                |
///   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///   |                X-Address (32 or 128 bits)                    ....
std::optional<Endpoint> MessageView::xor_mapped_address() const {
  const auto value = attribute(AttributeType::XorMappedAddress);
  if (!value || value->size() < wire::kMappedV4Size) return std::nullopt;
  const auto port = static_cast<std::uint16_t>(load_be16(*value, 2) ^
                                               static_cast<std::uint16_t>(kMagicCookie >> 16));
  const std::uint8_t family = (*value)[1];
  if (family == wire::kFamilyV4 && value->size() == wire::kMappedV4Size)
    return Endpoint{IpAddress::v4(load_be32(*value, 4) ^ kMagicCookie), port};
  if (family == wire::kFamilyV6 && value->size() == wire::kMappedV6Size) {
    std::array<std::uint8_t, 16> address{};
    std::copy_n(value->begin() + 4, address.size(), address.begin());
    wire::xor_with_header(address, bytes_);
    return Endpoint{IpAddress::v6(address), port};
  }
  return std::nullopt;
}

/// RFC 8489 §14.8: 21 reserved bits, the hundreds in 3, the rest in a byte, then the reason.
std::optional<ErrorCode> MessageView::error_code() const {
  const auto value = attribute(AttributeType::ErrorCode);
  if (!value || value->size() < 4) return std::nullopt;
  const int hundreds = (*value)[2] & 0x07;
  const int rest = (*value)[3];
  if (hundreds < 3 || hundreds > 6 || rest > 99) return std::nullopt;
  return ErrorCode{hundreds * 100 + rest, as_text(value->subspan(4))};
}

std::optional<std::string_view> MessageView::software() const {
  const auto value = attribute(AttributeType::Software);
  return value ? std::optional(as_text(*value)) : std::nullopt;
}

UnknownTypes MessageView::unknown_required() const {
  UnknownTypes unknown;
  const Bytes region = bytes_.first(attributes_end_);
  for (std::size_t at = kHeaderSize; at < region.size();) {
    const auto attribute = attribute_at(region, at);
    if (must_be_understood(attribute->type) && !is_understood(attribute->type))
      unknown.add(attribute->type);
    at = attribute->next;
  }
  return unknown;
}

bool MessageView::has_malformed_attribute() const {
  const Bytes region = bytes_.first(attributes_end_);
  for (std::size_t at = kHeaderSize; at < region.size();) {
    const auto attribute = attribute_at(region, at);
    const auto size = fixed_size(attribute->type);
    if (size && attribute->value.size() != *size) return true;
    at = attribute->next;
  }
  return false;
}

bool MessageView::verify_integrity(Bytes key) const {
  if (!has_integrity()) return false;
  const auto expected = wire::integrity_of(bytes_, integrity_at_, key);
  return crypto::constant_time_equal(
      expected, bytes_.subspan(integrity_at_ + wire::kAttributeHeaderSize, wire::kIntegritySize));
}

bool MessageView::verify_fingerprint() const {
  return has_fingerprint() && load_be32(bytes_, fingerprint_at_ + wire::kAttributeHeaderSize) ==
                                  wire::fingerprint_of(bytes_, fingerprint_at_);
}

std::optional<std::string_view> peek_local_ufrag(Bytes datagram) {
  const auto message = MessageView::parse(datagram);
  if (!message || !message->is_binding_request()) return std::nullopt;
  const auto username = message->username();
  if (!username) return std::nullopt;
  const std::size_t colon = username->find(':');
  if (colon == std::string_view::npos || colon == 0) return std::nullopt;
  return username->substr(0, colon);
}

}  // namespace sfu::stun
