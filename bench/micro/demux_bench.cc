#include <benchmark/benchmark.h>

#include <string>
#include <vector>

#include "core/demux.h"

// Whose a datagram is, on a worker with so many transports.

namespace sfu::micro {
namespace {

Path path_of(std::uint32_t transport) {
  return {{IpAddress::v4(0x0a000001), 40000},
          {IpAddress::v4(0x0a010000 + transport), static_cast<std::uint16_t>(5000 + transport % 7)},
          IpProtocol::Udp};
}

void FindTransportByPath(benchmark::State& state) {
  const auto transports = static_cast<std::uint32_t>(state.range(0));
  core::Demux demux;
  std::vector<Path> paths;
  for (std::uint32_t i = 0; i < transports; ++i) {
    paths.push_back(path_of(i));
    demux.assign(paths.back(), i);
  }
  std::uint32_t next = 0;
  for (auto _ : state) {
    next = (next + 17) % transports;
    benchmark::DoNotOptimize(demux.find(paths[next]));
  }
}
BENCHMARK(FindTransportByPath)->Arg(50)->Arg(5000);

void FindTransportByUfrag(benchmark::State& state) {
  const auto transports = static_cast<std::uint32_t>(state.range(0));
  core::Demux demux;
  std::vector<std::string> ufrags;
  for (std::uint32_t i = 0; i < transports; ++i) {
    ufrags.push_back("ufrag" + std::to_string(i * 2'654'435'761u));
    demux.add_ufrag(ufrags.back(), i);
  }
  std::uint32_t next = 0;
  for (auto _ : state) {
    next = (next + 17) % transports;
    benchmark::DoNotOptimize(demux.find_ufrag(ufrags[next]));
  }
}
BENCHMARK(FindTransportByUfrag)->Arg(50)->Arg(5000);

}  // namespace
}  // namespace sfu::micro
