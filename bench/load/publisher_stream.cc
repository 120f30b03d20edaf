#include "load/publisher_stream.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "crypto/random.h"
#include "load/payload.h"
#include "rtp/extension_values.h"
#include "rtp/rtx.h"

namespace sfu::load {
namespace {

constexpr std::int64_t kVideoClock = 90'000;
constexpr std::int64_t kOpusClock = 48'000;
constexpr std::uint16_t kPictureIdMask = 0x7fff;
constexpr std::uint8_t kSpokenLevel = 30;  // -dBov
constexpr std::size_t kMaxExtensions = 5;

std::uint32_t draw(std::uint64_t seed) {
  crypto::SeededRandom random(seed);
  return random.next_u32();
}

}  // namespace

PublisherStream::PublisherStream(Options options, Timestamp start)
    : options_(std::move(options)),
      first_timestamp_(draw(options_.seed)),
      start_(start),
      schedule_(options_.shape, start, options_.seed + 1),
      // Below 2^15, so that a receiver knows the rollover count (RFC 3711 §3.3.1).
      sequence_number_(static_cast<std::uint16_t>(draw(options_.seed + 2) & 0x7fff)),
      rtx_sequence_number_(static_cast<std::uint16_t>(draw(options_.seed + 3) & 0x7fff)),
      first_picture_id_(static_cast<std::uint16_t>(draw(options_.seed + 4) & kPictureIdMask)),
      payloads_(options_.shape.is_audio ? 0 : kHistory * kMaxPacketSize) {}

std::uint32_t PublisherStream::timestamp_at(Timestamp time) const {
  const std::int64_t clock = options_.shape.is_audio ? kOpusClock : kVideoClock;
  return first_timestamp_ + static_cast<std::uint32_t>((time - start_).count() * clock / 1'000'000);
}

MutableBytes PublisherStream::kept_payload(std::uint16_t sequence_number) {
  return MutableBytes(payloads_).subspan(sequence_number % kHistory * kMaxPacketSize,
                                         kMaxPacketSize);
}

std::size_t PublisherStream::write_next(Timestamp now, Nanoseconds clock,
                                        std::uint16_t& transport_number, MutableBytes out) {
  const auto slot = schedule_.take(now);
  if (!slot) return 0;
  const bool is_audio = options_.shape.is_audio;
  const rtp::HeaderFields fields{
      .marker = is_audio ? slot->starts_talk : slot->part + 1 == slot->parts,
      .payload_type = options_.payload_type,
      .sequence_number = sequence_number_,
      .timestamp = timestamp_at(slot->captured_at),
      .ssrc = options_.ssrc};
  const std::size_t header =
      write_header(now, fields, media_identifies_, false, transport_number++, out);
  const std::size_t least = is_audio ? kMinAudioPayload : kMinVideoPayload;
  const std::size_t payload_size =
      std::max(least + header, static_cast<std::size_t>(slot->size)) - header;
  const MutableBytes payload = out.subspan(header, payload_size);

  const Stamp stamp{.run = options_.run,
                    .publisher = options_.publisher,
                    .frame = slot->frame,
                    .packet = packets_,
                    .part = slot->part,
                    .parts = slot->parts,
                    .rtp_timestamp = fields.timestamp,
                    .encoding = options_.encoding,
                    .is_audio = is_audio,
                    .is_key_frame = slot->is_key_frame,
                    .sent_at = clock};
  if (is_audio) {
    write_audio_payload(stamp, payload);
  } else {
    write_video_payload(
        stamp,
        {static_cast<std::uint16_t>((first_picture_id_ + slot->frame) & kPictureIdMask),
         static_cast<std::uint8_t>(slot->frame)},
        payload);
    history_[sequence_number_ % kHistory] = {sequence_number_, fields.marker, fields.timestamp,
                                             payload_size};
    std::ranges::copy(payload, kept_payload(sequence_number_).begin());
  }
  ++sequence_number_;
  ++packets_;
  octets_ += static_cast<std::uint32_t>(payload_size);
  return header + payload_size;
}

std::size_t PublisherStream::write_again(Timestamp now, std::uint16_t sequence_number,
                                         std::uint16_t& transport_number, MutableBytes out) {
  if (options_.shape.is_audio) return 0;
  const Kept& kept = history_[sequence_number % kHistory];
  if (kept.size == 0 || kept.sequence_number != sequence_number) return 0;
  const std::size_t header = write_header(now,
                                          {.marker = kept.marker,
                                           .payload_type = options_.rtx_payload_type,
                                           .sequence_number = rtx_sequence_number_++,
                                           .timestamp = kept.timestamp,
                                           .ssrc = options_.rtx_ssrc},
                                          rtx_identifies_, true, transport_number++, out);
  const auto payload = rtp::write_rtx_payload(
      sequence_number, kept_payload(sequence_number).first(kept.size), out.subspan(header));
  SFU_CHECK(payload);
  return header + *payload;
}

std::size_t PublisherStream::write_header(Timestamp now, const rtp::HeaderFields& fields,
                                          bool identifies, bool is_rtx,
                                          std::uint16_t transport_number, MutableBytes out) const {
  std::array<rtp::HeaderExtension, kMaxExtensions> extensions;
  std::size_t count = 0;
  const auto add = [&](rtp::ExtensionKind kind, Bytes value) {
    if (const auto id = options_.extensions.id(kind); id != 0) extensions[count++] = {id, value};
  };
  std::array<std::uint8_t, rtp::kAbsSendTimeSize> send_time;
  rtp::write_abs_send_time(rtp::abs_send_time(now), send_time);
  add(rtp::ExtensionKind::AbsSendTime, send_time);
  std::array<std::uint8_t, rtp::kTransportCcSize> number;
  rtp::write_transport_cc(transport_number, number);
  add(rtp::ExtensionKind::TransportCc, number);
  std::array<std::uint8_t, rtp::kAudioLevelSize> level;
  rtp::write_audio_level({.voice = true, .level = kSpokenLevel}, level);
  if (options_.shape.is_audio) add(rtp::ExtensionKind::AudioLevel, level);
  if (identifies) {
    add(rtp::ExtensionKind::Mid, as_bytes(options_.mid));
    if (!options_.rid.empty())
      add(is_rtx ? rtp::ExtensionKind::RepairedRid : rtp::ExtensionKind::Rid,
          as_bytes(options_.rid));
  }
  const auto size = rtp::write_header(fields, std::span(extensions).first(count), out);
  SFU_CHECK(size);
  return *size;
}

void PublisherStream::handle_reported(Ssrc ssrc) {
  if (ssrc == options_.ssrc) media_identifies_ = false;
  if (ssrc == options_.rtx_ssrc) rtx_identifies_ = false;
}

rtcp::SenderInfo PublisherStream::sender_info(Timestamp now, rtp::NtpTime ntp) const {
  return {.sender = options_.ssrc,
          .ntp = ntp,
          .rtp_timestamp = timestamp_at(now),
          .packet_count = packets_,
          .octet_count = octets_};
}

}  // namespace sfu::load
