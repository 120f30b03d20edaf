#pragma once

#include <openssl/bio.h>

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/bytes.h"

namespace sfu::dtls {

using DatagramBytes = std::vector<std::uint8_t>;

/// Datagrams that belong together and are sent, and sent again, together (RFC 6347 §4.2.4).
using Flight = std::vector<DatagramBytes>;

/// What OpenSSL reads and writes in place of a socket: one datagram in, flights out.
class DatagramPipe {
 public:
  explicit DatagramPipe(std::size_t mtu) : mtu_(mtu) {}

  /// Lends one datagram until it is read or the next one is given.
  void set_input(Bytes datagram) { input_ = datagram; }

  /// What is written from now on is another flight.
  void end_flight();
  /// All that was written since the last call.
  std::vector<Flight> take_flights();

  // For OpenSSL.
  std::size_t mtu() const { return mtu_; }
  /// How much of the datagram fitted into `out`, or 0 where there is none; a datagram is read once.
  std::size_t read(MutableBytes out);
  void write(Bytes records);

 private:
  const std::size_t mtu_;
  Bytes input_;
  Flight open_flight_;
  std::vector<Flight> flights_;
};

/// A BIO method whose BIOs read from and write to the DatagramPipe that is their data.
BIO_METHOD* make_datagram_bio_method();

}  // namespace sfu::dtls
