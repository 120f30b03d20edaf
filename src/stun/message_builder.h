#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "base/bytes.h"
#include "base/endpoint.h"
#include "stun/message.h"

namespace sfu::stun {

/// Writes one STUN message into a buffer of the caller's, which must have room for all of it (an
/// SFU_CHECK). Attributes stand in the order of the calls; MESSAGE-INTEGRITY and then FINGERPRINT
/// come last, each at most once.
class MessageBuilder {
 public:
  MessageBuilder(MutableBytes out, Class message_class, Method method, const TransactionId& id);

  MessageBuilder& username(std::string_view username);
  MessageBuilder& priority(std::uint32_t priority);
  MessageBuilder& use_candidate();
  MessageBuilder& ice_controlling(std::uint64_t tie_breaker);
  MessageBuilder& ice_controlled(std::uint64_t tie_breaker);
  MessageBuilder& nomination(std::uint32_t value);
  MessageBuilder& xor_mapped_address(const Endpoint& mapped);
  MessageBuilder& error_code(int code, std::string_view reason);  // 300 to 699
  MessageBuilder& unknown_attributes(std::span<const std::uint16_t> types);
  MessageBuilder& software(std::string_view software);
  MessageBuilder& attribute(std::uint16_t type, Bytes value);

  MessageBuilder& message_integrity(Bytes key);
  MessageBuilder& message_integrity(std::string_view password) {
    return message_integrity(as_bytes(password));
  }
  MessageBuilder& fingerprint();

  /// The message so far; lies in the buffer given to the constructor.
  Bytes bytes() const { return out_.first(size_); }

 private:
  /// Room for a value of `size` bytes, padded with zeros, its header written.
  MutableBytes append(std::uint16_t type, std::size_t size);
  MutableBytes append(AttributeType type, std::size_t size) {
    return append(static_cast<std::uint16_t>(type), size);
  }

  MutableBytes out_;
  std::size_t size_;
};

}  // namespace sfu::stun
