#include <algorithm>
#include <memory>
#include <vector>

#include "fuzz/script.h"
#include "srtp/inbound_session.h"
#include "srtp/outbound_session.h"

namespace {

using namespace sfu;
using srtp::Profile;

using sfu::fuzz::require;

srtp::KeyMaterial keys_of(Profile profile) {
  const std::vector<std::uint8_t> key(srtp::parameters(profile).key_size, 7);
  const std::vector<std::uint8_t> salt(srtp::parameters(profile).salt_size, 9);
  return {profile, key, salt};
}

/// Two sessions under one key, so that what the fuzzer makes up can become authentic.
class Sessions {
 public:
  Sessions(Profile profile, srtp::CipherBackend& sending, srtp::CipherBackend& receiving)
      : sender_(keys_of(profile), sending), receiver_(keys_of(profile), receiving) {}

  void unprotect_rtp(Bytes datagram) {
    std::vector<std::uint8_t> packet(datagram.begin(), datagram.end());
    note(receiver_.unprotect_rtp(packet), packet);
  }
  void unprotect_rtcp(Bytes datagram) {
    std::vector<std::uint8_t> packet(datagram.begin(), datagram.end());
    note(receiver_.unprotect_rtcp(packet), packet);
  }

  /// What was protected either comes back as it was or is refused for its index alone, and never
  /// comes back twice.
  void round_trip_rtp(Bytes plain) {
    const auto header_size = srtp::rtp_header_size(plain);
    if (!header_size) return;
    std::vector<std::uint8_t> packet(plain.size() + srtp::kMaxRtpOverhead);
    const auto size = sender_.protect_rtp({.header = plain.first(*header_size),
                                           .payload = plain.subspan(*header_size),
                                           .out = packet});
    if (!size) return;
    packet.resize(*size);
    expect_once(plain, packet,
                [this](MutableBytes bytes) { return receiver_.unprotect_rtp(bytes); });
  }
  void round_trip_rtcp(Bytes plain) {
    std::vector<std::uint8_t> packet(plain.size() + srtp::kMaxRtcpOverhead);
    const auto size = sender_.protect_rtcp(plain, packet);
    if (!size || plain[0] >> 6 != 2) return;
    packet.resize(*size);
    expect_once(plain, packet,
                [this](MutableBytes bytes) { return receiver_.unprotect_rtcp(bytes); });
  }

  void require_all_counted() const {
    const auto& counters = receiver_.counters();
    std::uint64_t counted = counters.rtp_packets + counters.rtcp_packets;
    for (const std::uint64_t errors : counters.errors) counted += errors;
    require(counted == calls_);
  }

 private:
  using Answer = Result<MutableBytes, srtp::UnprotectError>;

  void note(const Answer& answer, Bytes packet) {
    ++calls_;
    if (!answer) return;
    require(answer->data() == packet.data() && answer->size() < packet.size());
  }

  template <class Unprotect>
  void expect_once(Bytes plain, const std::vector<std::uint8_t>& sealed,
                   const Unprotect& unprotect) {
    std::vector<std::uint8_t> packet = sealed;
    const Answer first = unprotect(packet);
    note(first, packet);
    if (first) {
      require(std::ranges::equal(*first, plain));
    } else {
      require(first.error() == srtp::UnprotectError::TooManyStreams);
    }
    packet = sealed;
    const Answer second = unprotect(packet);
    note(second, packet);
    require(!second && second.error() != srtp::UnprotectError::AuthenticationFailed);
  }

  srtp::OutboundSession sender_;
  srtp::InboundSession receiver_;
  std::uint64_t calls_ = 0;
};

/// Those that there are: what one has sealed the other opens.
const std::vector<std::unique_ptr<srtp::CipherBackend>>& backends() {
  static const auto made = [] {
    std::vector<std::unique_ptr<srtp::CipherBackend>> all;
    for (const auto library : {srtp::CipherLibrary::OpenSsl, srtp::CipherLibrary::IpsecMb})
      if (auto backend = srtp::make_cipher_backend(library)) all.push_back(std::move(backend));
    return all;
  }();
  return made;
}

}  // namespace

/// The first byte chooses profile and backends; then come packets, each after a byte that says what
/// to do with it and one for its length.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const auto& libraries = backends();
  const std::size_t profile = data[0] % 4, sending = data[0] / 4 % 2, receiving = data[0] / 8 % 2;
  Sessions sessions(crypto::kSrtpProfiles[profile % crypto::kSrtpProfiles.size()].profile,
                    *libraries[sending % libraries.size()],
                    *libraries[receiving % libraries.size()]);
  for (Bytes rest = Bytes(data, size).subspan(1); rest.size() >= 2;) {
    const Bytes packet = rest.subspan(2, std::min<std::size_t>(rest[1], rest.size() - 2));
    switch (rest[0] % 4) {
      case 0: sessions.unprotect_rtp(packet); break;
      case 1: sessions.unprotect_rtcp(packet); break;
      case 2: sessions.round_trip_rtp(packet); break;
      default: sessions.round_trip_rtcp(packet); break;
    }
    rest = rest.subspan(2 + packet.size());
  }
  sessions.require_all_counted();
  return 0;
}
