#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "base/units.h"
#include "crypto/random.h"

namespace sfu::endurance {

/// What befalls a person, a network or the server.
enum class FaultKind : std::uint8_t {
  SocketReset,        // Signaling ends by RST; the person comes back with `resume`.
  SocketSilent,       // The same, but the server hears nothing of the old connection's end.
  Vanish,             // Neither signaling nor media for less than the grace period, then `resume`.
  VanishForLong,      // For longer than that: everything begins anew.
  TabClosed,          // The page goes away; somebody else comes.
  Left,               // By request; somebody else comes.
  IceRestart,         // Asked for in mid-call.
  PortChanged,        // The client knows, and checks at once.
  NatRebind,          // It does not know.
  LossToServer,       // A burst of it.
  LossFromServer,     //
  NetworkOut,         // No media either way until after consent has ended (RFC 7675).
  StopsReading,       // Signaling, and what it receives.
  Garbage,            // Bytes that are no packet, and damaged ones, to all ports.
  TransportSwitched,  // From UDP to ICE over TCP, or back.
  Paused,             // A track, and taken up again.
  ScreenShared,       // Begun, and ended.
  ServerStalled,      // SIGSTOP and SIGCONT.
  ServerKilled,       // SIGKILL; whoever watches over it starts it anew.
};
inline constexpr std::size_t kFaultKinds = 19;
std::string_view to_string(FaultKind kind);

/// Which media of the person may be away.
enum class Touched : std::uint8_t {
  Nothing,
  Viewing,  // What it sees.
  All,      // And what others see of it.
};

/// What must hold for one kind.
struct FaultRule {
  std::uint32_t weight = 0;  // How often, among all.
  struct {
    TimeDelta shortest{}, longest{};
  } lasts{};
  /// How long after its end media may still be away. Zero: nobody's media may be disturbed at all.
  TimeDelta recovery{};
  Touched touched = Touched::Nothing;
};
const FaultRule& rule_of(FaultKind kind);

/// One fault to come.
struct PlannedFault {
  TimeDelta after{};  // The one before it.
  FaultKind kind = FaultKind::Garbage;
  std::uint32_t person = 0;  // Below the number of people.
  TimeDelta duration{};
  std::uint64_t seed = 0;  // Of what else is to be drawn.
};

/// The faults of a run: the same for the same seed.
class FaultPlan {
 public:
  FaultPlan(std::uint64_t seed, std::uint32_t people, TimeDelta mean_interval)
      : random_(seed), people_(people), mean_interval_(mean_interval) {}

  PlannedFault next();

 private:
  TimeDelta between(TimeDelta least, TimeDelta most);

  crypto::SeededRandom random_;
  const std::uint32_t people_;
  const TimeDelta mean_interval_;
};

}  // namespace sfu::endurance
