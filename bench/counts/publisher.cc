#include "bench/counts/publisher.h"

#include <array>

#include "base/check.h"
#include "rtcp/pli.h"
#include "rtcp/sender_report.h"
#include "rtp/extension_values.h"
#include "rtp/packet_writer.h"
#include "sim/test_picture.h"

namespace sfu::counts {
namespace {

constexpr VirtualTime kReportInterval = std::chrono::seconds(1);
constexpr int kKeyFrameFactor = 6;
constexpr rtp::NtpClock kNtp{std::chrono::seconds(3'900'000'000)};

}  // namespace

void Publisher::start(VirtualTime first_frame) {
  first_frame_ = first_frame;
  agenda().at(first_frame, [this](VirtualTime now) { send_frame(now); });
  agenda().at(first_frame + kReportInterval / 2, [this](VirtualTime now) { send_report(now); });
}

void Publisher::handle_datagram(VirtualTime now, Bytes datagram) {
  const auto plain = open(now, datagram);
  if (!plain || !plain->is_rtcp) return;
  const auto compound = rtcp::Compound::parse(plain->bytes);
  if (!compound) return;
  for (const rtcp::PacketView packet : *compound)
    if (packet.type == rtcp::PacketType::PayloadSpecificFeedback &&
        packet.count == rtcp::kPliFormat)
      key_frame_wanted_ = true;
}

void Publisher::send_frame(VirtualTime now) {
  const bool is_key = load_.video && std::exchange(key_frame_wanted_, false);
  const auto parts =
      static_cast<std::uint16_t>(load_.packets_per_frame * (is_key ? kKeyFrameFactor : 1));
  for (std::uint16_t part = 0; part < parts; ++part) send_part(is_key, part, parts);
  ++frame_;
  agenda().at(now + load_.frame_interval, [this](VirtualTime next) { send_frame(next); });
}

void Publisher::send_part(bool is_key, std::uint16_t part, std::uint16_t parts) {
  std::array<std::uint8_t, 3> send_time{};
  std::array<std::uint8_t, 2> transport_number{};
  store_be16(transport_number, 0, transport_number_++);
  const std::array<std::uint8_t, 1> level = {40};
  std::vector<rtp::HeaderExtension> extensions;
  const auto add = [&](rtp::ExtensionKind kind, Bytes value) {
    if (const auto id = stream_.extensions.id(kind); id != 0) extensions.push_back({id, value});
  };
  add(rtp::ExtensionKind::AbsSendTime, send_time);
  add(rtp::ExtensionKind::TransportCc, transport_number);
  add(rtp::ExtensionKind::AudioLevel, level);

  std::array<std::uint8_t, rtp::kHeaderRoom> header;
  const auto header_size = rtp::write_header({.marker = load_.video && part + 1 == parts,
                                              .payload_type = stream_.payload_type,
                                              .sequence_number = sequence_number_++,
                                              .timestamp = rtp_time(arrival_of(frame_, 0)),
                                              .ssrc = stream_.ssrc},
                                             extensions, header);
  SFU_CHECK(header_size);
  // An encoder's frame divides into parts of which the last few are one byte larger.
  const std::size_t larger_parts = frame_ * 7 % parts;
  const std::size_t size = load_.packet_size - (part + larger_parts < parts ? 1 : 0);
  const auto payload =
      sim::write_picture_part({.picture_id = static_cast<std::uint16_t>(frame_ & 0x7fff),
                               .tl0_picture_index = static_cast<std::uint8_t>(frame_),
                               .is_key_frame = is_key,
                               .stream = stream_.number,
                               .frame = frame_,
                               .part = part,
                               .parts = parts,
                               .size = static_cast<std::uint16_t>(size - *header_size)});
  std::vector<std::uint8_t> packet(header.begin(),
                                   header.begin() + static_cast<std::ptrdiff_t>(*header_size));
  packet.insert(packet.end(), payload.begin(), payload.end());
  send_rtp(arrival_of(frame_, part), packet);
  ++packets_sent_;
}

void Publisher::send_report(VirtualTime now) {
  std::array<std::uint8_t, 256> buffer;
  rtcp::CompoundBuilder builder(buffer);
  rtcp::append_sender_report(builder, {.sender = stream_.ssrc,
                                       .ntp = kNtp.to_ntp(to_timestamp(now)),
                                       .rtp_timestamp = rtp_time(now),
                                       .packet_count = packets_sent_,
                                       .octet_count = 0});
  send_rtcp(now, builder.bytes());
  agenda().at(now + kReportInterval, [this](VirtualTime next) { send_report(next); });
}

std::uint32_t Publisher::rtp_time(VirtualTime now) const {
  const std::int64_t clock_rate = load_.video ? 90'000 : 48'000;
  return static_cast<std::uint32_t>((now - first_frame_).count() / 1000 * clock_rate / 1'000'000);
}

}  // namespace sfu::counts
