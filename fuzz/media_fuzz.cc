#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "fuzz/script.h"
#include "media/media_for_test.h"

namespace {

using namespace sfu;
using namespace sfu::media;
using fuzz::require;
using fuzz::Script;

constexpr std::size_t kViewers = 3;

test::PublisherOptions publisher_of(std::uint8_t choice) {
  test::PublisherOptions options;
  switch (choice % 6) {
    case 0: break;
    case 1: options.streams = 3; break;
    case 2: options.kind = ortc::MediaKind::Audio; break;
    case 3:
      options.mime_type = "video/VP9";
      options.scalability_mode = "L3T3";
      break;
    case 4:
      options.mime_type = "video/AV1";
      options.scalability_mode = "L2T2";
      break;
    case 5: options.mime_type = "video/VP9"; break;
  }
  return options;
}

ConsumerType consumer_type(const test::PublisherOptions& options) {
  if (options.streams > 1) return ConsumerType::Simulcast;
  return options.scalability_mode ? ConsumerType::Svc : ConsumerType::Simple;
}

/// A publisher of one codec and its viewers, each step of whose life the input says.
class Meeting {
 public:
  explicit Meeting(std::uint8_t choice) : room_(publisher_of(choice)) {
    for (std::size_t i = 0; i < kViewers; ++i) add_viewer(i);
  }
  ~Meeting() {
    viewers_ = {};
    room_.producer.reset();
    room_.sink.take();
    require(room_.arena.in_use() == 0);
  }

  void step(Script& script) {
    switch (script.byte() % 12) {
      case 0:
      case 1:
      case 2:
      case 3: packet(script, script.byte() % 4); break;
      case 4: packet(script, static_cast<int>(script.word())); break;
      case 5: retransmission(script); break;
      case 6: nack(script); break;
      case 7: change_viewer(script); break;
      case 8: room_.producer->set_paused(now_, script.flag()); break;
      case 9: pass(TimeDelta(script.byte() * 1000)); break;
      case 10: pass(TimeDelta(script.byte() * 20'000)); break;
      case 11: report(script); break;
    }
    check_sent();
    room_.take_events();
  }

 private:
  using Payload = std::vector<std::uint8_t>;

  void add_viewer(std::size_t i) {
    viewers_[i] = room_.make_consumer(consumer_type(room_.options), false, true, now_);
    viewers_[i]->set_reachable(now_, true);
  }

  /// `step` from the last one; payload and descriptor as the input has them.
  void packet(Script& script, int step) {
    const std::size_t stream = script.byte() % room_.options.streams;
    test::PacketSpec spec;
    spec.payload_type = test::publisher_payload_type(room_.options);
    spec.ssrc = Ssrc{static_cast<std::uint32_t>(1000 + stream)};
    sequence_[stream] = static_cast<std::uint16_t>(sequence_[stream] + step);
    spec.sequence = sequence_[stream];
    spec.timestamp = timestamp_ += script.byte() * 100u;
    spec.marker = script.flag();
    const Bytes descriptor = script.take(script.byte() % 24);
    if (!descriptor.empty()) spec.extensions.push_back({test::kDescriptorId, descriptor});
    const std::uint8_t shape = script.byte();
    if (shape % 3 == 0 && room_.options.mime_type == "video/VP8") {
      test::Vp8Spec vp8{.starts_frame = (shape & 8) != 0, .key_frame = (shape & 16) != 0};
      vp8.picture_id = script.byte();
      vp8.tl0 = script.byte();
      vp8.temporal = script.byte() % 4;
      vp8.sync = script.flag();
      spec.payload = test::vp8_payload(vp8);
    } else {
      const Bytes payload = script.take(shape % 64);
      spec.payload.assign(payload.begin(), payload.end());
    }
    if (script.byte() % 8 == 0) spec.padding = 4;
    room_.feed(now_, spec, stream);
  }

  void retransmission(Script& script) {
    if (room_.options.kind == ortc::MediaKind::Audio) return;
    const std::size_t stream = script.byte() % room_.options.streams;
    test::PacketSpec spec;
    spec.sequence = static_cast<std::uint16_t>(sequence_[stream] - script.byte());
    const Bytes payload = script.take(script.byte() % 32);
    spec.payload.assign(payload.begin(), payload.end());
    room_.feed_as_rtx(now_, spec, rtx_sequence_++, stream);
  }

  void nack(Script& script) {
    Consumer* const viewer = chosen(script);
    std::vector<std::uint16_t> lost;
    const std::uint16_t base = script.word();
    for (int i = script.byte() % 20; i >= 0; --i)
      lost.push_back(static_cast<std::uint16_t>(base + i));
    if (!viewer) return;
    std::sort(lost.begin(), lost.end());
    test::with_nack(lost,
                    [&](const rtcp::Nack& nack) { viewer->handle_nack(now_, nack, room_.sink); });
  }

  void change_viewer(Script& script) {
    const std::size_t which = script.byte() % kViewers;
    Consumer* const viewer = viewers_[which].get();
    switch (script.byte() % 8) {
      case 0: viewers_[which].reset(); return;
      case 1:
        if (!viewer) add_viewer(which);
        return;
      default: break;
    }
    if (!viewer) return;
    switch (script.byte() % 6) {
      case 0: viewer->pause(now_); break;
      case 1: viewer->resume(now_); break;
      case 2: viewer->set_preferred_layers(now_, script.byte(), script.byte()); break;
      case 3: viewer->request_key_frame(now_); break;
      case 4: viewer->set_reachable(now_, script.flag()); break;
      case 5: viewer->handle_key_frame_request(now_, Consumer::KeyFrameFeedback::Fir); break;
    }
  }

  void report(Script& script) {
    const std::size_t stream = script.byte() % room_.options.streams;
    rtcp::SenderInfo info;
    info.sender = Ssrc{static_cast<std::uint32_t>(1000 + stream)};
    info.ntp.value = std::uint64_t{script.word()} << 48 | std::uint64_t{script.word()} << 24;
    info.rtp_timestamp = std::uint32_t{script.word()} << 16 | script.word();
    room_.producer->handle_sender_report(now_, static_cast<std::uint8_t>(stream), info);
    if (Consumer* const viewer = chosen(script)) {
      rtcp::ReportBlock block;
      block.ssrc = viewer->ssrc();
      block.fraction_lost = script.byte();
      block.last_sender_report = script.word();
      block.delay_since_last_sender_report = script.word();
      viewer->handle_report_block(now_, block);
    }
  }

  void pass(TimeDelta span) {
    now_ += span;
    if (const auto due = room_.producer->next_timeout(); due && *due <= now_)
      room_.producer->handle_timeout(now_);
    room_.rtcp(now_);
    for (const auto& viewer : viewers_) {
      if (!viewer) continue;
      viewer->handle_timeout(now_);
      std::array<std::uint8_t, 1200> room;
      rtcp::CompoundBuilder builder(room);
      require(viewer->collect_rtcp(now_, builder));
    }
  }

  Consumer* chosen(Script& script) { return viewers_[script.byte() % kViewers].get(); }

  /// Each packet that leaves is one a client can read, under the router's types.
  void check_sent() {
    for (const test::Sent& sent : room_.sink.take()) {
      const auto view = rtp::PacketView::parse(sent.bytes);
      require(view.has_value());
      require(view->payload_type() == test::router_payload_type(room_.options) || sent.is_rtx);
    }
  }

  test::Room room_;
  std::array<std::unique_ptr<Consumer>, kViewers> viewers_;
  std::array<std::uint16_t, 4> sequence_{1, 2, 3, 4};
  std::uint16_t rtx_sequence_ = 1;
  std::uint32_t timestamp_ = 0;
  Timestamp now_ = test::at_ms(1000);
};

}  // namespace

/// The first byte chooses codec and layers. Properties: what leaves can be parsed, no packet is
/// held for ever, and none of media's own invariants break.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  GTEST_FLAG_SET(break_on_failure, true);
  Script script(data, size);
  Meeting meeting(script.byte());
  while (!script.done()) meeting.step(script);
  return 0;
}
