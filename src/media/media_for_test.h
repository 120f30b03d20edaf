#pragma once

// What the tests of this folder share: packets as browsers make them, a sink that keeps what is
// sent, and a room of one publisher.

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "media/consumer.h"
#include "media/producer.h"
#include "media/router.h"
#include "rtp/extension_values.h"
#include "rtp/packet_writer.h"

namespace sfu::media::test {

/// SplitMix64.
class TestRandom final : public RandomSource {
 public:
  explicit TestRandom(std::uint64_t seed) : state_(seed) {}
  void fill(MutableBytes out) override {
    for (std::uint8_t& byte : out) byte = static_cast<std::uint8_t>(step());
  }
  /// Below `bound`.
  std::uint32_t below(std::uint32_t bound) { return next_u32() % bound; }
  bool chance(std::uint32_t percent) { return below(100) < percent; }

 private:
  std::uint64_t step() {
    std::uint64_t z = (state_ += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
  }
  std::uint64_t state_;
};

inline Timestamp at_ms(std::int64_t ms) { return Timestamp(std::chrono::milliseconds(ms)); }
inline Timestamp at_us(std::int64_t us) { return Timestamp(TimeDelta(us)); }

inline constexpr std::uint8_t kVp8 = 96, kVp8Rtx = 97, kOpus = 111, kVp9 = 98, kAv1 = 45;
inline constexpr std::uint8_t kRouterVp8 = 101, kRouterVp8Rtx = 102, kRouterOpus = 100;
inline constexpr std::uint8_t kRouterVp9 = 103, kRouterAv1 = 111;
inline constexpr std::uint8_t kMidId = 4, kRidId = 10, kRepairedRidId = 11, kLevelId = 6;
inline constexpr std::uint8_t kDescriptorId = 13, kTccId = 3;

/// Which the tests' publisher has; the router's are 1, 2, 3, 4, 5, 8, 10 as clients are told.
inline rtp::ExtensionMap publisher_extensions() {
  rtp::ExtensionMap map;
  using Kind = rtp::ExtensionKind;
  map.add(kMidId, Kind::Mid);
  map.add(kRidId, Kind::Rid);
  map.add(kRepairedRidId, Kind::RepairedRid);
  map.add(kLevelId, Kind::AudioLevel);
  map.add(kTccId, Kind::TransportCc);
  map.add(kDescriptorId, Kind::DependencyDescriptor);
  return map;
}

/// One packet before it is bytes.
struct PacketSpec {
  std::uint8_t payload_type = kVp8;
  Ssrc ssrc{1000};
  std::uint16_t sequence = 0;
  std::uint32_t timestamp = 0;
  bool marker = false;
  std::vector<rtp::HeaderExtension> extensions = {};
  std::vector<std::uint8_t> payload = {};
  std::uint8_t padding = 0;  // Bytes.
};

inline std::vector<std::uint8_t> make_packet(const PacketSpec& spec) {
  std::array<std::uint8_t, rtp::kHeaderRoom> header;
  rtp::HeaderFields fields;
  fields.marker = spec.marker;
  fields.padding = spec.padding > 0;
  fields.payload_type = spec.payload_type;
  fields.sequence_number = spec.sequence;
  fields.timestamp = spec.timestamp;
  fields.ssrc = spec.ssrc;
  const auto size = rtp::write_header(fields, spec.extensions, header);
  EXPECT_TRUE(size.has_value());
  std::vector<std::uint8_t> bytes(header.begin(),
                                  header.begin() + static_cast<std::ptrdiff_t>(*size));
  bytes.insert(bytes.end(), spec.payload.begin(), spec.payload.end());
  bytes.insert(bytes.end(), spec.padding, std::uint8_t{0});
  if (spec.padding > 0) bytes.back() = spec.padding;
  return bytes;
}

inline PacketBuffer to_buffer(PacketArena& arena, Bytes bytes) {
  PacketBuffer buffer = arena.allocate();
  std::ranges::copy(bytes, buffer.room().begin());
  buffer.set_size(bytes.size());
  return buffer;
}

/// A VP8 payload (RFC 7741): 15-bit picture id, TL0PICIDX, TID; `tag` follows the payload header so
/// that a test knows the packet again.
struct Vp8Spec {
  bool starts_frame = true;
  bool key_frame = false;
  std::uint16_t picture_id = 0;
  std::uint8_t tl0 = 0;
  std::uint8_t temporal = 0;
  bool sync = false;
  std::uint32_t tag = 0;
};
inline constexpr std::size_t kVp8DescriptorSize = 6;
inline constexpr std::size_t kVp8TagOffset = kVp8DescriptorSize + 10;

inline std::vector<std::uint8_t> vp8_payload(const Vp8Spec& spec) {
  std::vector<std::uint8_t> bytes(kVp8TagOffset + 4);
  bytes[0] = static_cast<std::uint8_t>(0x80 | (spec.starts_frame ? 0x10 : 0));  // X, S, PID 0
  bytes[1] = 0xe0;                                                              // I, L, T
  store_be16(bytes, 2, static_cast<std::uint16_t>(0x8000 | spec.picture_id));
  bytes[4] = spec.tl0;
  bytes[5] = static_cast<std::uint8_t>(spec.temporal << 6 | (spec.sync ? 0x20 : 0));
  // The payload header: P is 0 for a key frame; then its start code and a size of 640x480.
  const std::uint8_t key_header[] = {0x10, 0, 0, 0x9d, 0x01, 0x2a, 0x80, 0x02, 0xe0, 0x01};
  if (spec.starts_frame && spec.key_frame)
    std::copy(std::begin(key_header), std::end(key_header), bytes.begin() + kVp8DescriptorSize);
  else
    bytes[kVp8DescriptorSize] = 0x11;
  store_be32(bytes, kVp8TagOffset, spec.tag);
  return bytes;
}

/// What a sink was given, as it would arrive.
struct Sent {
  std::vector<std::uint8_t> bytes;  // Header, prefix, payload.
  Ssrc ssrc;
  std::uint64_t index = 0;
  rtp::PatchPoints patch;
  bool is_rtx = false;
  bool is_repetition = false;

  rtp::PacketView view() const { return rtp::PacketView::parse(bytes).value(); }
  std::uint16_t sequence() const { return view().sequence_number(); }
  std::optional<rtp::codec::Vp8Payload> vp8() const {
    const auto parsed = rtp::codec::parse_vp8(view().payload());
    return parsed ? std::optional(*parsed) : std::nullopt;
  }
  std::uint32_t vp8_tag() const { return load_be32(view().payload(), kVp8TagOffset); }
};

class TestSink final : public PacketSink {
 public:
  OutgoingPacket* emplace() override {
    if (full) return nullptr;
    flush();
    building_ = std::make_unique<OutgoingPacket>();
    return building_.get();
  }
  void cancel() override { building_.reset(); }

  /// All so far, and forgets them.
  std::vector<Sent> take() {
    flush();
    return std::exchange(sent_, {});
  }

  bool full = false;

 private:
  void flush() {
    if (!building_) return;
    const OutgoingPacket& out = *building_;
    Sent sent;
    sent.bytes.assign(out.header().begin(), out.header().end());
    sent.bytes.insert(sent.bytes.end(), out.prefix().begin(), out.prefix().end());
    sent.bytes.insert(sent.bytes.end(), out.payload.begin(), out.payload.end());
    EXPECT_EQ(sent.bytes.size(), out.size());
    sent.ssrc = out.ssrc;
    sent.index = out.index;
    sent.patch = out.patch;
    sent.is_rtx = out.is_rtx;
    sent.is_repetition = out.is_repetition;
    EXPECT_EQ(sent.view().ssrc(), out.ssrc);
    EXPECT_EQ(sent.sequence(), static_cast<std::uint16_t>(out.index));
    EXPECT_EQ(sent.view().marker(), out.marker);
    sent_.push_back(std::move(sent));
    building_.reset();
  }

  std::unique_ptr<OutgoingPacket> building_;
  std::vector<Sent> sent_;
};

inline ortc::RtpCodecParameters codec(std::string mime_type, std::uint8_t payload_type,
                                      std::uint32_t clock_rate = 90'000) {
  ortc::RtpCodecParameters parameters;
  parameters.mime_type = std::move(mime_type);
  parameters.payload_type = payload_type;
  parameters.clock_rate = clock_rate;
  if (clock_rate == 90'000)
    parameters.rtcp_feedback = {
        {"nack", ""}, {"nack", "pli"}, {"ccm", "fir"}, {"transport-cc", ""}};
  return parameters;
}
inline ortc::RtpCodecParameters rtx(std::uint8_t payload_type, std::uint8_t repairs) {
  ortc::RtpCodecParameters parameters;
  parameters.mime_type = "video/rtx";
  parameters.payload_type = payload_type;
  parameters.clock_rate = 90'000;
  parameters.parameters["apt"] = std::int64_t{repairs};
  return parameters;
}
inline std::vector<ortc::RtpHeaderExtensionParameters> extension_parameters(
    const rtp::ExtensionMap& map) {
  std::vector<ortc::RtpHeaderExtensionParameters> list;
  for (std::size_t i = 0; i < rtp::kExtensionKinds; ++i) {
    const auto kind = static_cast<rtp::ExtensionKind>(i);
    if (map.has(kind)) list.push_back({std::string(rtp::uri_of(kind)), map.id(kind), false});
  }
  return list;
}

struct PublisherOptions {
  ortc::MediaKind kind = ortc::MediaKind::Video;
  std::string mime_type = "video/VP8";
  std::size_t streams = 1;  // SSRCs 1000, 1001, ...; RTX 2000, ...
  std::optional<std::string> scalability_mode = {};
  bool signals_ssrcs = true;
  std::optional<std::string> mid = "0";
};

inline std::uint8_t publisher_payload_type(const PublisherOptions& options) {
  if (options.kind == ortc::MediaKind::Audio) return kOpus;
  if (options.mime_type == "video/VP9") return kVp9;
  if (options.mime_type == "video/AV1") return kAv1;
  return kVp8;
}
inline std::uint8_t router_payload_type(const PublisherOptions& options) {
  if (options.kind == ortc::MediaKind::Audio) return kRouterOpus;
  if (options.mime_type == "video/VP9") return kRouterVp9;
  if (options.mime_type == "video/AV1") return kRouterAv1;
  return kRouterVp8;
}

inline ortc::RtpParameters publisher_parameters(const PublisherOptions& options) {
  const bool is_audio = options.kind == ortc::MediaKind::Audio;
  ortc::RtpParameters parameters;
  parameters.mid = options.mid;
  const std::uint8_t payload_type = publisher_payload_type(options);
  parameters.codecs.push_back(
      codec(is_audio ? "audio/opus" : options.mime_type, payload_type, is_audio ? 48'000 : 90'000));
  if (!is_audio) parameters.codecs.push_back(rtx(kVp8Rtx, payload_type));
  parameters.header_extensions = extension_parameters(publisher_extensions());
  for (std::size_t i = 0; i < options.streams; ++i) {
    ortc::RtpEncodingParameters encoding;
    if (options.signals_ssrcs) {
      encoding.ssrc = Ssrc{static_cast<std::uint32_t>(1000 + i)};
      if (!is_audio) encoding.rtx_ssrc = Ssrc{static_cast<std::uint32_t>(2000 + i)};
    }
    if (options.streams > 1) encoding.rid = "r" + std::to_string(i);
    encoding.scalability_mode = options.scalability_mode;
    parameters.encodings.push_back(encoding);
  }
  parameters.rtcp.cname = "publisher";
  return parameters;
}

inline ortc::RtpMapping mapping(const PublisherOptions& options) {
  return {
      {{publisher_payload_type(options), router_payload_type(options)}, {kVp8Rtx, kRouterVp8Rtx}}};
}

inline rtp::ExtensionMap viewer_extensions() {
  rtp::ExtensionMap map;
  using Kind = rtp::ExtensionKind;
  map.add(1, Kind::Mid);
  map.add(4, Kind::AbsSendTime);
  map.add(5, Kind::TransportCc);
  map.add(8, Kind::DependencyDescriptor);
  map.add(10, Kind::AudioLevel);
  return map;
}

inline constexpr Ssrc kViewerSsrc{5000}, kViewerRtxSsrc{6000};

inline ortc::RtpParameters viewer_parameters(const PublisherOptions& options,
                                             bool with_rtx = true) {
  const bool is_audio = options.kind == ortc::MediaKind::Audio;
  ortc::RtpParameters parameters;
  parameters.mid = "7";
  const std::uint8_t payload_type = router_payload_type(options);
  parameters.codecs.push_back(
      codec(is_audio ? "audio/opus" : options.mime_type, payload_type, is_audio ? 48'000 : 90'000));
  parameters.header_extensions = extension_parameters(viewer_extensions());
  ortc::RtpEncodingParameters encoding;
  encoding.ssrc = kViewerSsrc;
  if (!is_audio && with_rtx) {
    parameters.codecs.push_back(rtx(kRouterVp8Rtx, payload_type));
    encoding.rtx_ssrc = kViewerRtxSsrc;
  }
  encoding.scalability_mode = options.scalability_mode;
  parameters.encodings.push_back(encoding);
  parameters.rtcp.cname = "cname-of-publisher";
  return parameters;
}

/// A router with one producer, whose packets come as bytes.
class Room {
 public:
  explicit Room(const PublisherOptions& made = {}, std::uint64_t seed = 1)
      : options(made), random(seed), router(events) {
    producer = make_producer(made);
  }

  std::unique_ptr<Producer> make_producer(const PublisherOptions& publisher) {
    const ortc::RtpParameters parameters = publisher_parameters(publisher);
    const ortc::RtpMapping codecs = mapping(publisher);
    ProducerOptions producer_options{ProducerId::random(random), publisher.kind, parameters,
                                     codecs};
    auto created = Producer::create(at_ms(0), producer_options, router, random);
    EXPECT_TRUE(created.has_value());
    return std::move(*created);
  }

  std::unique_ptr<Consumer> make_consumer(ConsumerType type = ConsumerType::Simple,
                                          bool paused = false, bool with_rtx = true,
                                          Timestamp now = at_ms(0)) {
    const ortc::RtpParameters parameters = viewer_parameters(options, with_rtx);
    auto created = Consumer::create(
        now, {ConsumerId::random(random), producer->id(), options.kind, type, parameters, paused},
        random);
    EXPECT_TRUE(created.has_value());
    EXPECT_TRUE(router.subscribe(now, producer->id(), **created, sink));
    return std::move(*created);
  }

  Producer::Outcome feed(Timestamp now, Bytes bytes, std::size_t stream = 0, bool is_rtx = false) {
    PacketBuffer buffer = to_buffer(arena, bytes);
    const auto view = rtp::PacketView::parse(buffer.bytes());
    EXPECT_TRUE(view.has_value());
    return producer->handle_packet(now, std::move(buffer), *view, stream, is_rtx);
  }
  Producer::Outcome feed(Timestamp now, const PacketSpec& spec, std::size_t stream = 0) {
    return feed(now, make_packet(spec), stream);
  }
  /// As RTX of the stream (RFC 4588).
  Producer::Outcome feed_as_rtx(Timestamp now, PacketSpec spec, std::uint16_t rtx_sequence,
                                std::size_t stream = 0) {
    std::vector<std::uint8_t> payload(2);
    store_be16(payload, 0, spec.sequence);
    payload.insert(payload.end(), spec.payload.begin(), spec.payload.end());
    spec.payload = std::move(payload);
    spec.sequence = rtx_sequence;
    spec.payload_type = kVp8Rtx;
    spec.ssrc = Ssrc{static_cast<std::uint32_t>(2000 + stream)};
    return feed(now, make_packet(spec), stream, true);
  }

  /// The producer's RTCP that is due.
  std::vector<std::uint8_t> rtcp(Timestamp now) {
    std::array<std::uint8_t, 1200> room;
    rtcp::CompoundBuilder builder(room);
    EXPECT_TRUE(producer->collect_rtcp(now, Ssrc{42}, builder));
    return {builder.bytes().begin(), builder.bytes().end()};
  }
  std::vector<Event> take_events() {
    std::vector<Event> taken;
    while (const auto event = events.poll()) taken.push_back(*event);
    return taken;
  }

  const PublisherOptions options;
  TestRandom random;
  PacketArena arena;
  EventQueue events;
  Router router;
  TestSink sink;
  std::unique_ptr<Producer> producer;
};

/// Counts the packets of one type and format in a compound.
inline std::size_t count_rtcp(Bytes bytes, rtcp::PacketType type,
                              std::optional<std::uint8_t> format = std::nullopt) {
  if (bytes.empty()) return 0;
  const auto compound = rtcp::Compound::parse(bytes);
  EXPECT_TRUE(compound.has_value());
  std::size_t count = 0;
  for (const rtcp::PacketView packet : *compound)
    if (packet.type == type && (!format || packet.count == *format)) ++count;
  return count;
}
inline std::size_t count_plis(Bytes bytes) {
  return count_rtcp(bytes, rtcp::PacketType::PayloadSpecificFeedback, rtcp::kPliFormat);
}
inline std::vector<std::uint16_t> nacked(Bytes bytes) {
  std::vector<std::uint16_t> lost;
  if (bytes.empty()) return lost;
  const auto compound = rtcp::Compound::parse(bytes);
  EXPECT_TRUE(compound.has_value());
  for (const rtcp::PacketView packet : *compound) {
    if (packet.type != rtcp::PacketType::TransportLayerFeedback ||
        packet.count != rtcp::kNackFormat)
      continue;
    rtcp::Nack::parse(packet).value().for_each_lost([&](std::uint16_t n) { lost.push_back(n); });
  }
  return lost;
}
/// A viewer's NACK, as handle_nack() takes it, handed to `use`.
template <class Use>
void with_nack(std::span<const std::uint16_t> lost, Use&& use) {
  std::array<std::uint8_t, 1200> room;
  rtcp::CompoundBuilder builder(room);
  EXPECT_EQ(rtcp::append_nack(builder, Ssrc{1}, kViewerSsrc, lost), lost.size());
  const auto compound = rtcp::Compound::parse(builder.bytes());
  for (const rtcp::PacketView packet : *compound) use(rtcp::Nack::parse(packet).value());
}

}  // namespace sfu::media::test
