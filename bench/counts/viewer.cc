#include "bench/counts/viewer.h"

#include <algorithm>
#include <array>

#include "rtcp/receiver_report.h"
#include "rtp/extension_values.h"

namespace sfu::counts {
namespace {

constexpr VirtualTime kReportInterval = std::chrono::seconds(1);
constexpr Ssrc kSender{1};
constexpr std::size_t kCompoundSize = 1200;

}  // namespace

Viewer::Viewer(Surroundings surroundings, const Endpoint& local, sim::PeerChannel::Remote remote,
               Options options, Payload payload)
    : Peer(surroundings, local, std::move(remote), 2'000 + options.number),
      options_(options),
      payload_(std::move(payload)),
      arrivals_({.sender = kSender}) {}

void Viewer::start_reports(VirtualTime first) {
  agenda().at(first, [this](VirtualTime now) { send_report(now); });
}

void Viewer::handle_datagram(VirtualTime now, Bytes datagram) {
  const bool secured = !datagram.empty() && datagram[0] >= 128;
  if (!secured) {
    open(now, datagram);
    return;
  }
  if (rtcp::looks_like_rtcp(datagram)) return;
  if (!options_.verifies) return handle_encrypted(now, datagram);
  const auto plain = open(now, datagram);
  const auto packet = rtp::PacketView::parse(plain ? Bytes(plain->bytes) : Bytes());
  if (!packet) {
    ++faults_;
    return;
  }
  handle_media(now, *packet);
  payload_(now, packet->payload());
}

/// Its padding count is encrypted, so only the header can be looked at.
void Viewer::handle_encrypted(VirtualTime now, Bytes datagram) {
  constexpr std::uint8_t kPadding = 0x20;
  std::array<std::uint8_t, 128> front;
  const std::size_t size = std::min(front.size(), datagram.size());
  std::copy_n(datagram.begin(), size, front.begin());
  front[0] &= static_cast<std::uint8_t>(~kPadding);
  if (const auto packet = rtp::PacketView::parse(Bytes(front).first(size)))
    handle_media(now, *packet);
}

void Viewer::handle_media(VirtualTime now, const rtp::PacketView& packet) {
  ++packets_;
  const auto [newest, is_new] = newest_.try_emplace(packet.ssrc(), packet.sequence_number());
  if (is_new)
    ssrcs_.push_back(packet.ssrc());
  else if (packet.sequence_number() != static_cast<std::uint16_t>(newest->second + 1))
    ++faults_;
  newest->second = packet.sequence_number();
  const auto value = packet.extension(options_.transport_cc_id);
  const auto number = value ? rtp::read_transport_cc(*value) : std::nullopt;
  if (!number) return;
  arrivals_.note_arrival(to_timestamp(now), *number, packet.ssrc());
  plan_feedback(now);
}

void Viewer::plan_feedback(VirtualTime now) {
  const auto due = arrivals_.next_timeout();
  if (!due || feedback_planned_) return;
  feedback_planned_ = true;
  const VirtualTime wait = *due - to_timestamp(now);
  agenda().at(now + std::max(wait, VirtualTime{}), [this](VirtualTime at) {
    feedback_planned_ = false;
    std::array<std::uint8_t, kCompoundSize> buffer;
    while (const std::size_t size = arrivals_.poll_feedback(to_timestamp(at), buffer))
      send_rtcp(at, Bytes(buffer).first(size));
    plan_feedback(at);
  });
}

void Viewer::send_report(VirtualTime now) {
  std::vector<rtcp::ReportBlock> blocks;
  for (const Ssrc ssrc : ssrcs_)
    blocks.push_back({.ssrc = ssrc, .extended_highest_sequence = newest_.at(ssrc)});
  blocks.resize(std::min(blocks.size(), rtcp::kMaxReportBlocks));
  std::array<std::uint8_t, kCompoundSize> buffer;
  rtcp::CompoundBuilder builder(buffer);
  rtcp::append_receiver_report(builder, kSender, blocks);
  send_rtcp(now, builder.bytes());
  agenda().at(now + kReportInterval, [this](VirtualTime next) { send_report(next); });
}

}  // namespace sfu::counts
