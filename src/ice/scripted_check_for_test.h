#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "ice/credentials.h"
#include "stun/message_builder.h"

namespace sfu::ice {

/// A connectivity check as a full agent would send it, and every way to get it wrong.
struct ScriptedCheck {
  std::string username;
  std::string password;
  stun::Class message_class = stun::Class::Request;
  stun::Method method = stun::Method::Binding;
  stun::TransactionId id{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
  std::optional<std::uint32_t> priority = 0x6e0001ff;
  std::optional<std::uint64_t> controlling = 0x1122334455667788;
  std::optional<std::uint64_t> controlled;
  bool use_candidate = false;
  std::optional<std::uint32_t> nomination;
  std::optional<std::uint16_t> unknown_type;
  bool integrity = true;
  bool fingerprint = true;

  /// What a peer sends that was told `credentials`.
  static ScriptedCheck to(const Credentials& credentials) {
    ScriptedCheck check;
    check.username = credentials.ufrag + ":peer";
    check.password = credentials.password;
    return check;
  }
  ScriptedCheck nominating() const {
    ScriptedCheck check = *this;
    check.use_candidate = true;
    return check;
  }
  ScriptedCheck with_nomination(std::uint32_t value) const {
    ScriptedCheck check = *this;
    check.nomination = value;
    return check;
  }

  /// As another transaction.
  ScriptedCheck numbered(std::uint32_t number) const {
    ScriptedCheck check = *this;
    store_be32(check.id, 8, number);
    return check;
  }

  std::vector<std::uint8_t> encode() const {
    std::array<std::uint8_t, 1024> buffer;
    stun::MessageBuilder builder(buffer, message_class, method, id);
    if (!username.empty()) builder.username(username);
    if (priority) builder.priority(*priority);
    if (controlling) builder.ice_controlling(*controlling);
    if (controlled) builder.ice_controlled(*controlled);
    if (use_candidate) builder.use_candidate();
    if (nomination) builder.nomination(*nomination);
    if (unknown_type) builder.attribute(*unknown_type, {});
    if (integrity) builder.message_integrity(password);
    if (fingerprint) builder.fingerprint();
    return {builder.bytes().begin(), builder.bytes().end()};
  }
};

}  // namespace sfu::ice
