#pragma once

#include <cstdint>
#include <optional>

#include "base/bytes.h"

namespace sfu::dtls {

enum class ContentType : std::uint8_t {
  ChangeCipherSpec = 20,
  Alert = 21,
  Handshake = 22,
  ApplicationData = 23,
};

/// One DTLS record (RFC 6347 §4.1), borrowed from its datagram. Records of epoch 0 are in the clear
/// and prove nothing about who sent them.
struct Record {
  ContentType type;
  std::uint16_t epoch;
  Bytes whole;     // With its header.
  Bytes fragment;  // Encrypted from epoch 1 on.
};

/// Takes the first record off `rest`. Nothing, and `rest` is left as it is, where no whole record
/// of DTLS 1.x and of a known type stands there.
std::optional<Record> take_record(Bytes& rest);

/// Whether it holds a ClientHello, or a fragment of one, in the clear (RFC 6347 §4.2.2).
bool is_client_hello(const Record& record);

/// A fatal alert in the clear, or nothing (RFC 5246 §7.2).
std::optional<std::uint8_t> fatal_alert(const Record& record);

}  // namespace sfu::dtls
