#include <algorithm>
#include <array>
#include <vector>

#include "bwe/sent_packets.h"
#include "fuzz/script.h"
#include "rtcp/extended_report.h"
#include "rtcp/fir.h"
#include "rtcp/goodbye.h"
#include "rtcp/nack.h"
#include "rtcp/packet.h"
#include "rtcp/pli.h"
#include "rtcp/receiver_report.h"
#include "rtcp/sender_report.h"
#include "rtcp/source_description.h"
#include "rtcp/transport_feedback.h"

namespace {

using namespace sfu;
using namespace sfu::rtcp;

using sfu::fuzz::require;

bool lies_inside(Bytes part, Bytes whole) {
  return part.empty() ||
         (part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size());
}

/// A buffer that takes whatever one datagram's packet can hold.
struct Scratch {
  std::vector<std::uint8_t> bytes = std::vector<std::uint8_t>(1 << 18);
  CompoundBuilder builder{bytes};

  PacketView packet() const { return *Compound::parse(builder.bytes())->begin(); }
};

// Property of each type: what was read is written and read back the same.

void check_reports(const PacketView& packet) {
  if (const auto report = SenderReport::parse(packet)) {
    const std::vector<ReportBlock> blocks(report->reports.begin(), report->reports.end());
    Scratch scratch;
    require(append_sender_report(scratch.builder, report->info, blocks));
    const auto again = SenderReport::parse(scratch.packet());
    require(again && again->info == report->info && std::ranges::equal(again->reports, blocks));
  }
  if (const auto report = ReceiverReport::parse(packet)) {
    const std::vector<ReportBlock> blocks(report->reports.begin(), report->reports.end());
    Scratch scratch;
    require(append_receiver_report(scratch.builder, report->sender, blocks));
    const auto again = ReceiverReport::parse(scratch.packet());
    require(again && again->sender == report->sender);
    require(std::ranges::equal(again->reports, blocks));
  }
}

void check_description(const PacketView& packet, Bytes datagram) {
  const auto description = SourceDescription::parse(packet);
  if (!description) return;
  std::size_t chunks = 0;
  for (const SdesChunk chunk : *description) {
    ++chunks;
    for (const SdesItem item : chunk.items) {
      require(lies_inside(as_bytes(item.text), datagram));
      Scratch scratch;
      require(append_source_description(scratch.builder, chunk.ssrc, {item}));
      const auto again = SourceDescription::parse(scratch.packet());
      require(again && (*again->begin()).items.find(item.type) == item.text);
    }
  }
  require(chunks == packet.count);
}

void check_goodbye(const PacketView& packet, Bytes datagram) {
  const auto goodbye = Goodbye::parse(packet);
  if (!goodbye) return;
  require(lies_inside(as_bytes(goodbye->reason), datagram));
  const std::vector<Ssrc> sources(goodbye->sources.begin(), goodbye->sources.end());
  Scratch scratch;
  if (!append_goodbye(scratch.builder, sources, goodbye->reason)) return require(sources.empty());
  require(Goodbye::parse(scratch.packet())->reason == goodbye->reason);
}

void check_nack(const PacketView& packet) {
  const auto nack = Nack::parse(packet);
  if (!nack) return;
  std::vector<std::uint16_t> lost;
  nack->for_each_lost([&](std::uint16_t number) { lost.push_back(number); });
  require(lost.size() <= 17 * nack->items.size());
  std::ranges::sort(lost);
  lost.erase(std::unique(lost.begin(), lost.end()), lost.end());
  Scratch scratch;
  require(append_nack(scratch.builder, nack->sender, nack->media, lost) == lost.size());
  std::vector<std::uint16_t> again;
  Nack::parse(scratch.packet())->for_each_lost([&](std::uint16_t n) { again.push_back(n); });
  require(again == lost);
}

void check_payload_specific(const PacketView& packet) {
  if (const auto pli = Pli::parse(packet)) {
    Scratch scratch;
    require(append_pli(scratch.builder, *pli) && *Pli::parse(scratch.packet()) == *pli);
  }
  if (const auto fir = Fir::parse(packet)) {
    const std::vector<FirEntry> entries(fir->entries.begin(), fir->entries.end());
    Scratch scratch;
    require(append_fir(scratch.builder, fir->sender, entries));
    require(std::ranges::equal(Fir::parse(scratch.packet())->entries, entries));
  }
}

void check_extended(const PacketView& packet) {
  const auto report = ExtendedReport::parse(packet);
  if (!report) return;
  const std::vector<DlrrItem> items(report->dlrr.begin(), report->dlrr.end());
  if (items.empty()) return;
  Scratch scratch;
  require(append_dlrr(scratch.builder, report->sender, items));
  require(std::ranges::equal(ExtendedReport::parse(scratch.packet())->dlrr, items));
}

std::vector<Arrival> arrivals_of(const TransportFeedback& feedback) {
  std::vector<Arrival> arrivals;
  std::int64_t number = feedback.base_sequence_number();
  std::size_t statuses = 0;
  feedback.for_each([&](const PacketStatus& status) {
    require(status.sequence_number == static_cast<std::uint16_t>(number));
    if (status.received) arrivals.push_back({number, Timestamp(status.arrival)});
    ++number;
    ++statuses;
  });
  require(statuses == feedback.status_count());
  return arrivals;
}

/// Properties: arrivals survive being written again, in however many packets; the sender's account
/// never goes below nothing.
void check_feedback(const PacketView& packet) {
  const auto feedback = TransportFeedback::parse(packet);
  if (!feedback) return;
  const std::vector<Arrival> arrivals = arrivals_of(*feedback);
  std::vector<Arrival> again;
  std::int64_t base = feedback->base_sequence_number();
  std::span<const Arrival> rest = arrivals;
  while (!rest.empty()) {
    Scratch scratch;
    const std::size_t taken =
        append_transport_feedback(scratch.builder, {.base_sequence_number = base}, rest);
    require(taken > 0);
    const auto part = TransportFeedback::parse(scratch.packet());
    require(part.has_value());
    const std::size_t before = again.size();
    for (const Arrival& arrival : arrivals_of(*part)) again.push_back(arrival);
    require(again.size() - before == taken);
    base = rest[taken - 1].sequence_number + 1;
    rest = rest.subspan(taken);
  }
  constexpr TimeDelta kWrap = kReferenceTimeUnit * (1 << 24);
  for (std::size_t i = 0; i < arrivals.size(); ++i)
    require((again[i].time - arrivals[i].time) % kWrap == TimeDelta::zero());

  bwe::SentPackets sent;
  for (int i = 0; i < 300; ++i) sent.note_sent(Timestamp(TimeDelta(i)), DataSize::from_bytes(1));
  const auto outcome = sent.handle_feedback(Timestamp(TimeDelta(1000)), *feedback);
  require(sent.in_flight().bytes() ==
          300 - static_cast<std::int64_t>(outcome.acked + outcome.lost));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Bytes datagram(data, size);
  const auto compound = Compound::parse(datagram);
  if (!compound) return 0;
  for (const PacketView packet : *compound) {
    require(lies_inside(packet.body, datagram));
    check_reports(packet);
    check_description(packet, datagram);
    check_goodbye(packet, datagram);
    check_nack(packet);
    check_payload_specific(packet);
    check_extended(packet);
    check_feedback(packet);
  }
  return 0;
}
