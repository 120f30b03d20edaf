#include <benchmark/benchmark.h>

#include <array>

#include "bench/micro/packets.h"
#include "bwe/arrival_recorder.h"
#include "rtcp/packet.h"
#include "rtcp/transport_feedback.h"
#include "rtp/packet_view.h"

// What arrives, from bytes to views: the packet, one of its extensions, feedback.

namespace sfu::micro {
namespace {

void ParseRtpPacket(benchmark::State& state) {
  const auto packet = make_packet(kVideoPacket, 1);
  for (auto _ : state) {
    const auto view = rtp::PacketView::parse(packet);
    benchmark::DoNotOptimize(view->payload().data());
  }
}
BENCHMARK(ParseRtpPacket);

void FindExtension(benchmark::State& state) {
  const auto packet = make_packet(kVideoPacket, 1);
  const auto view = rtp::PacketView::parse(packet);
  const std::uint8_t id = extensions().id(rtp::ExtensionKind::TransportCc);
  for (auto _ : state) {
    const auto value = view->extension(id);
    benchmark::DoNotOptimize(value);
  }
}
BENCHMARK(FindExtension);

/// What a viewer tells every 50 ms, by how many packets it received.
void ReadTransportFeedback(benchmark::State& state) {
  bwe::ArrivalRecorder recorder({.sender = Ssrc{1}});
  Timestamp now(std::chrono::seconds(1000));
  for (std::int64_t i = 0; i < state.range(0); ++i) {
    now += std::chrono::microseconds(500);
    recorder.note_arrival(now, static_cast<std::uint16_t>(i), Ssrc{2});
  }
  std::array<std::uint8_t, 1200> buffer;
  const std::size_t size = recorder.poll_feedback(now + std::chrono::milliseconds(50), buffer);
  for (auto _ : state) {
    const auto compound = rtcp::Compound::parse(Bytes(buffer).first(size));
    const auto feedback = rtcp::TransportFeedback::parse(*compound->begin());
    benchmark::DoNotOptimize(feedback);
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(ReadTransportFeedback)->Arg(10)->Arg(100);

}  // namespace
}  // namespace sfu::micro
