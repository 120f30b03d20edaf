#include "sim/stream_sender.h"

#include <array>
#include <utility>

#include "base/check.h"
#include "rtp/extension_values.h"
#include "rtp/packet_writer.h"
#include "rtp/rtx.h"
#include "sim/test_picture.h"

namespace sfu::sim {

StreamSender::StreamSender(Options options, Timestamp start)
    : options_(std::move(options)),
      start_(start),
      next_frame_(start),
      sequence_(options_.first_sequence_number) {}

void StreamSender::produce(Timestamp now, std::vector<Packet>& out) {
  while (next_frame_ <= now) {
    if (active_) produce_frame(out);
    ++frame_;
    next_frame_ += options_.frame_interval;
  }
}

void StreamSender::handle_reported(Ssrc ssrc) {
  if (ssrc == options_.ssrc) media_identifies_ = false;
  if (ssrc == options_.rtx_ssrc) rtx_identifies_ = false;
}

void StreamSender::set_active(bool active, Timestamp) {
  active_ = active;
  if (active) key_frame_wanted_ = true;
}

std::uint32_t StreamSender::timestamp_at(Timestamp now) const {
  const std::int64_t ticks = (now - start_).count() * options_.clock_rate / 1'000'000;
  return options_.first_timestamp + static_cast<std::uint32_t>(ticks);
}

void StreamSender::produce_frame(std::vector<Packet>& out) {
  const bool is_key = options_.is_video && std::exchange(key_frame_wanted_, false);
  const int parts = options_.is_video ? options_.packets_per_frame * (is_key ? 4 : 1) : 1;
  if (is_key) ++key_frames_;
  const std::uint32_t timestamp = timestamp_at(next_frame_);
  for (int part = 0; part < parts; ++part) {
    const auto payload =
        write_picture_part({.picture_id = picture_id_,
                            .tl0_picture_index = tl0_,
                            .is_key_frame = is_key,
                            .stream = options_.stream,
                            .frame = frame_,
                            .part = static_cast<std::uint16_t>(part),
                            .parts = static_cast<std::uint16_t>(parts),
                            .size = static_cast<std::uint16_t>(options_.is_video ? 900 : 80)});
    const bool marker = options_.is_video && part == parts - 1;
    out.push_back(build(marker, payload, sequence_, timestamp, false));
    history_[sequence_] = {payload, timestamp, marker};
    history_order_.push_back(sequence_++);
    ++packets_sent_;
  }
  ++frames_;
  ++tl0_;
  picture_id_ = static_cast<std::uint16_t>((picture_id_ + 1) & 0x7fff);
  while (history_order_.size() > kHistory) {
    history_.erase(history_order_.front());
    history_order_.erase(history_order_.begin());
  }
}

void StreamSender::handle_nack(std::uint16_t sequence_number, std::vector<Packet>& out) {
  const auto kept = history_.find(sequence_number);
  if (kept == history_.end() || !options_.rtx_ssrc) return;
  std::vector<std::uint8_t> payload(kept->second.payload.size() + rtp::kOsnSize);
  SFU_CHECK(rtp::write_rtx_payload(sequence_number, kept->second.payload, payload));
  out.push_back(build(kept->second.marker, payload, rtx_sequence_++, kept->second.timestamp, true));
}

StreamSender::Packet StreamSender::build(bool marker, const std::vector<std::uint8_t>& payload,
                                         std::uint16_t sequence, std::uint32_t timestamp,
                                         bool rtx) {
  std::vector<rtp::HeaderExtension> extensions;
  const auto add = [&](rtp::ExtensionKind kind, Bytes value) {
    if (const auto id = options_.extensions.id(kind); id != 0) extensions.push_back({id, value});
  };
  std::array<std::uint8_t, 2> transport_sequence{};
  if (transport_sequence_) {
    store_be16(transport_sequence, 0, (*transport_sequence_)++);
    add(rtp::ExtensionKind::TransportCc, transport_sequence);
  }
  if (rtx ? rtx_identifies_ : media_identifies_) {
    add(rtp::ExtensionKind::Mid, as_bytes(options_.mid));
    if (!options_.rid.empty())
      add(rtx ? rtp::ExtensionKind::RepairedRid : rtp::ExtensionKind::Rid, as_bytes(options_.rid));
  }
  std::array<std::uint8_t, rtp::kAudioLevelSize> level{};
  if (audio_level_) {
    rtp::write_audio_level({.voice = true, .level = *audio_level_}, level);
    add(rtp::ExtensionKind::AudioLevel, level);
  }
  std::array<std::uint8_t, 512> header;
  const auto size =
      rtp::write_header({.marker = marker,
                         .payload_type = rtx ? options_.rtx_payload_type : options_.payload_type,
                         .sequence_number = sequence,
                         .timestamp = timestamp,
                         .ssrc = rtx ? *options_.rtx_ssrc : options_.ssrc},
                        extensions, header);
  SFU_CHECK(size);
  Packet packet(header.begin(), header.begin() + static_cast<std::ptrdiff_t>(*size));
  packet.insert(packet.end(), payload.begin(), payload.end());
  return packet;
}

}  // namespace sfu::sim
