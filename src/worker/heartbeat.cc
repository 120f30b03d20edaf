#include "worker/heartbeat.h"

#include <array>
#include <source_location>
#include <string_view>
#include <utility>
#include <variant>

#include "core/commands.h"

namespace sfu::worker {
namespace {

/// "CreateRouter" of sfu::core::CreateRouter, from what both compilers say of this function:
/// "... [with Command = sfu::core::CreateRouter; ...]", "... [Command = sfu::core::CreateRouter]".
template <class Command>
constexpr std::string_view name_of() {
  constexpr std::string_view kMark = "Command = ";
  std::string_view text = std::source_location::current().function_name();
  text.remove_prefix(text.find(kMark) + kMark.size());
  text = text.substr(0, text.find_first_of(";]"));
  return text.substr(text.rfind(':') + 1);
}

template <std::size_t... Indices>
constexpr auto names_of_all(std::index_sequence<Indices...>) {
  return std::array{name_of<std::variant_alternative_t<Indices, core::Command>>()...};
}

constexpr auto kCommandNames =
    names_of_all(std::make_index_sequence<std::variant_size_v<core::Command>>());
static_assert(kCommandNames.size() <= 256, "a pulse has 8 bits for a command");

}  // namespace

std::string describe(const Pulse& pulse) {
  switch (pulse.stage) {
    case Stage::Waiting: return "waits for the kernel to wake it";
    case Stage::Command:
      return "carries out " + std::string(pulse.command < kCommandNames.size()
                                              ? kCommandNames[pulse.command]
                                              : "a command");
    case Stage::Links: return "reads what other workers send";
    case Stage::Datagrams: return "handles datagrams";
    case Stage::Streams: return "handles TCP";
    case Stage::Timers: return "handles timers";
    case Stage::Sending: return "encrypts and sends";
    case Stage::Delivering: return "hands events to the service";
  }
  return "does what it does not say";
}

}  // namespace sfu::worker
