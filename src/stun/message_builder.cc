#include "stun/message_builder.h"

#include <algorithm>

#include "base/check.h"
#include "stun/wire.h"

namespace sfu::stun {
namespace {

/// The method's bits lie around those of the class (RFC 8489 §5).
std::uint16_t type_field(Class message_class, Method method) {
  const auto m = static_cast<unsigned>(method);
  const auto c = static_cast<unsigned>(message_class);
  SFU_CHECK(m <= 0xFFF);
  return static_cast<std::uint16_t>((m & 0xF80) << 2 | (m & 0x070) << 1 | (m & 0x00F) |
                                    (c & 0x2) << 7 | (c & 0x1) << 4);
}

}  // namespace

MessageBuilder::MessageBuilder(MutableBytes out, Class message_class, Method method,
                               const TransactionId& id)
    : out_(out), size_(kHeaderSize) {
  SFU_CHECK(out.size() >= kHeaderSize);
  store_be16(out_, 0, type_field(message_class, method));
  store_be16(out_, 2, 0);
  store_be32(out_, 4, kMagicCookie);
  std::copy(id.begin(), id.end(), out_.begin() + 8);
}

MutableBytes MessageBuilder::append(std::uint16_t type, std::size_t size) {
  const std::size_t total = wire::kAttributeHeaderSize + wire::padded(size);
  SFU_CHECK(size <= UINT16_MAX && total <= out_.size() - size_);
  const MutableBytes attribute = out_.subspan(size_, total);
  std::fill(attribute.begin(), attribute.end(), std::uint8_t{0});
  store_be16(attribute, 0, type);
  store_be16(attribute, 2, static_cast<std::uint16_t>(size));
  size_ += total;
  SFU_CHECK(size_ - kHeaderSize <= UINT16_MAX);
  store_be16(out_, 2, static_cast<std::uint16_t>(size_ - kHeaderSize));
  return attribute.subspan(wire::kAttributeHeaderSize, size);
}

MessageBuilder& MessageBuilder::attribute(std::uint16_t type, Bytes value) {
  std::copy(value.begin(), value.end(), append(type, value.size()).begin());
  return *this;
}

MessageBuilder& MessageBuilder::username(std::string_view username) {
  return attribute(static_cast<std::uint16_t>(AttributeType::Username), as_bytes(username));
}

MessageBuilder& MessageBuilder::software(std::string_view software) {
  return attribute(static_cast<std::uint16_t>(AttributeType::Software), as_bytes(software));
}

MessageBuilder& MessageBuilder::priority(std::uint32_t priority) {
  store_be32(append(AttributeType::Priority, 4), 0, priority);
  return *this;
}

MessageBuilder& MessageBuilder::use_candidate() {
  append(AttributeType::UseCandidate, 0);
  return *this;
}

MessageBuilder& MessageBuilder::ice_controlling(std::uint64_t tie_breaker) {
  store_be64(append(AttributeType::IceControlling, 8), 0, tie_breaker);
  return *this;
}

MessageBuilder& MessageBuilder::ice_controlled(std::uint64_t tie_breaker) {
  store_be64(append(AttributeType::IceControlled, 8), 0, tie_breaker);
  return *this;
}

MessageBuilder& MessageBuilder::nomination(std::uint32_t value) {
  store_be32(append(AttributeType::Nomination, 4), 0, value);
  return *this;
}

MessageBuilder& MessageBuilder::xor_mapped_address(const Endpoint& mapped) {
  const bool v4 = mapped.ip.is_v4();
  const MutableBytes value =
      append(AttributeType::XorMappedAddress, v4 ? wire::kMappedV4Size : wire::kMappedV6Size);
  value[1] = v4 ? wire::kFamilyV4 : wire::kFamilyV6;
  store_be16(value, 2, static_cast<std::uint16_t>(mapped.port ^ (kMagicCookie >> 16)));
  const Bytes address = Bytes(mapped.ip.bytes()).subspan(v4 ? 12 : 0);
  std::copy(address.begin(), address.end(), value.begin() + 4);
  wire::xor_with_header(value.subspan(4), out_);
  return *this;
}

MessageBuilder& MessageBuilder::error_code(int code, std::string_view reason) {
  SFU_CHECK(code >= 300 && code <= 699);
  const MutableBytes value = append(AttributeType::ErrorCode, 4 + reason.size());
  value[2] = static_cast<std::uint8_t>(code / 100);
  value[3] = static_cast<std::uint8_t>(code % 100);
  std::copy(reason.begin(), reason.end(), value.begin() + 4);
  return *this;
}

MessageBuilder& MessageBuilder::unknown_attributes(std::span<const std::uint16_t> types) {
  const MutableBytes value = append(AttributeType::UnknownAttributes, 2 * types.size());
  for (std::size_t i = 0; i < types.size(); ++i) store_be16(value, 2 * i, types[i]);
  return *this;
}

MessageBuilder& MessageBuilder::message_integrity(Bytes key) {
  const std::size_t at = size_;
  const MutableBytes value = append(AttributeType::MessageIntegrity, wire::kIntegritySize);
  const auto integrity = wire::integrity_of(bytes(), at, key);
  std::copy(integrity.begin(), integrity.end(), value.begin());
  return *this;
}

MessageBuilder& MessageBuilder::fingerprint() {
  const std::size_t at = size_;
  const MutableBytes value = append(AttributeType::Fingerprint, wire::kFingerprintSize);
  store_be32(value, 0, wire::fingerprint_of(bytes(), at));
  return *this;
}

}  // namespace sfu::stun
