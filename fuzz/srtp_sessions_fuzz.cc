#include <array>
#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <set>
#include <vector>

#include "fuzz/script.h"
#include "srtp/inbound_session.h"
#include "srtp/outbound_session.h"

namespace {

using namespace sfu;
using fuzz::require;

using Packet = std::vector<std::uint8_t>;

constexpr std::size_t kHeaderSize = 12;

srtp::KeyMaterial keys_of(crypto::SrtpProfile profile) {
  const std::vector<std::uint8_t> key(srtp::parameters(profile).key_size, 7);
  const std::vector<std::uint8_t> salt(srtp::parameters(profile).salt_size, 9);
  return {profile, key, salt};
}

srtp::CipherBackend& cipher() {
  static const auto made = srtp::make_cipher_backend(srtp::CipherLibrary::OpenSsl);
  return *made;
}

/// One sender and one receiver of a few streams whose sequence numbers leap and roll over, and a
/// network between them that does what the input says.
class Streams {
 public:
  explicit Streams(crypto::SrtpProfile profile)
      : sender_(keys_of(profile), cipher()), receiver_(keys_of(profile), cipher()) {}

  /// `step` from the newest of its stream, either way.
  void send(std::size_t stream, std::int16_t step, Bytes payload) {
    // Half a cycle behind has the number of half a cycle ahead, and is taken for that (RFC 3711
    // Appendix A).
    if (step == std::numeric_limits<std::int16_t>::min()) return;
    std::int64_t& newest = newest_[stream];
    const std::int64_t index = newest + step;
    if (index < 0) return;
    Packet plain(kHeaderSize);
    plain[0] = 0x80;
    plain[1] = 96;
    store_be16(plain, 2, static_cast<std::uint16_t>(index));
    store_be32(plain, 8, static_cast<std::uint32_t>(100 + stream));
    plain.insert(plain.end(), payload.begin(), payload.end());
    Packet sealed(plain.size() + srtp::kMaxRtpOverhead);
    const auto size = sender_.protect_rtp({.header = Bytes(plain).first(kHeaderSize),
                                           .payload = Bytes(plain).subspan(kHeaderSize),
                                           .out = sealed});
    const bool first = !sent_any_[stream];
    if (!size) {
      // What went out before, or lies behind what can be told.
      require(!first && step <= 0);
      return;
    }
    require(claimed_.insert({stream, index}).second);
    sent_any_[stream] = true;
    newest = first ? index : std::max(newest, index);
    sealed.resize(*size);
    on_their_way_.push_back({stream, index, std::move(plain), std::move(sealed)});
    if (on_their_way_.size() > 256) on_their_way_.erase(on_their_way_.begin());
  }

  void deliver(std::size_t which, bool damaged) {
    if (on_their_way_.empty()) return;
    const OnItsWay& chosen = on_their_way_[which % on_their_way_.size()];
    Packet packet = chosen.sealed;
    if (damaged) packet[which % packet.size()] ^= 0x40;
    const auto opened = receiver_.unprotect_rtp(packet);
    if (damaged) return require(!opened);
    if (opened) {
      require(std::ranges::equal(*opened, chosen.plain));
      require(received_.insert({chosen.stream, chosen.index}).second);
      auto& highest = highest_received_[chosen.stream];
      highest = std::max(highest, chosen.index);
      return;
    }
    // Refused for a reason: seen, far behind, or the receiver lost count of a rollover.
    const auto highest = highest_received_.find(chosen.stream);
    const bool seen = received_.contains({chosen.stream, chosen.index});
    const bool first_of_later_cycle = highest == highest_received_.end() && chosen.index >= 0x10000;
    constexpr std::int64_t kHalfCycle = 0x8000;
    constexpr auto kWindow = static_cast<std::int64_t>(srtp::InboundStreams::kReplayWindow);
    const std::int64_t ahead =
        highest == highest_received_.end() ? 0 : chosen.index - highest->second;
    require(seen || first_of_later_cycle || ahead >= kHalfCycle || ahead <= -kWindow);
  }

 private:
  struct OnItsWay {
    std::size_t stream;
    std::int64_t index;
    Packet plain;
    Packet sealed;
  };
  using Place = std::pair<std::size_t, std::int64_t>;

  srtp::OutboundSession sender_;
  srtp::InboundSession receiver_;
  std::array<std::int64_t, 4> newest_{100, 0x7fff, 1, 0};
  std::array<bool, 4> sent_any_{};
  std::set<Place> claimed_;
  std::set<Place> received_;
  std::map<std::size_t, std::int64_t> highest_received_;
  std::vector<OnItsWay> on_their_way_;
};

}  // namespace

/// The first byte chooses the profile. Properties: no index is used twice, what arrives is what was
/// sent and is taken once, and of what is true only the repeated, the very late and what follows
/// the loss of half a cycle is refused.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Script script(data, size);
  Streams streams(crypto::kSrtpProfiles[script.byte() % crypto::kSrtpProfiles.size()].profile);
  while (!script.done()) {
    const std::uint8_t action = script.byte();
    const std::size_t stream = action >> 4 & 3;
    switch (action % 4) {
      case 0:
        streams.send(stream, static_cast<std::int16_t>(script.byte() % 8), script.take(9));
        break;
      case 1: {
        const auto step = static_cast<std::int16_t>(script.word());
        streams.send(stream, step, script.take(3));
        break;
      }
      case 2: streams.deliver(script.byte(), false); break;
      default: streams.deliver(script.word(), (action & 4) != 0); break;
    }
  }
  return 0;
}
