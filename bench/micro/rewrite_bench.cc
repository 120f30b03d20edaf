#include <benchmark/benchmark.h>

#include <array>

#include "bench/micro/packets.h"
#include "rtp/rewrite_header_for_test.h"

// The header that each receiver gets of its own.

namespace sfu::micro {
namespace {

void RewriteHeader(benchmark::State& state) {
  const auto packet = make_packet(kVideoPacket, 1);
  const auto view = rtp::PacketView::parse(packet);
  const rtp::ExtensionMap incoming = extensions();
  const rtp::ExtensionMap outgoing = extensions();
  std::array<std::uint8_t, rtp::kHeaderRoom> out;
  rtp::Rewrite rewrite{.ssrc = Ssrc{0x55667788}, .payload_type = 101, .mid = "3"};
  for (auto _ : state) {
    ++rewrite.sequence_number;
    rewrite.timestamp += 3000;
    auto written = rtp::rewrite_header(*view, incoming, outgoing, rewrite, out);
    rtp::patch_transport_cc(out, written->patch, rewrite.sequence_number);
    benchmark::DoNotOptimize(out.data());
    benchmark::DoNotOptimize(written);
  }
}
BENCHMARK(RewriteHeader);

}  // namespace
}  // namespace sfu::micro
