#pragma once

#include <array>
#include <cstdint>

#include "base/ids.h"
#include "base/link_writer.h"
#include "base/units.h"
#include "media/link_messages.h"
#include "media/outgoing_packet.h"
#include "media/received_packet.h"
#include "media/router.h"
#include "media/subscriber.h"

namespace sfu::media {

/// All viewers of one producer on one other worker: puts each packet into the link once, and wants
/// of the source what they want. What finds the link full is dropped and counted; the far end sees
/// that by the numbers.
class LinkSubscriber final : public Subscriber {
 public:
  /// `link` outlives the subscriber.
  LinkSubscriber(PipeId pipe, LinkWriter& link) : pipe_(pipe), link_(link) {}
  ~LinkSubscriber();

  PipeId pipe() const { return pipe_; }
  /// False where the router has no such producer.
  bool subscribe(Timestamp now, Router& router, ProducerId producer);

  void handle_subscribed(Timestamp now) override;
  void handle_packet(Timestamp now, const ReceivedPacket& packet, PacketSink& sink) override;
  void handle_source_paused(Timestamp now, bool paused) override;
  void handle_source_score(Timestamp now) override;
  void handle_source_closed() override;

  /// From the far end.
  void handle_wishes(Timestamp now, const WishesMessage& wishes);

  struct Counters {
    std::uint64_t packets = 0;
    std::uint64_t dropped = 0;  // The link was full.
  };
  const Counters& counters() const { return counters_; }

 private:
  /// Nothing leaves here through a transport.
  class NoSink final : public PacketSink {
    OutgoingPacket* emplace() override { return nullptr; }
    void cancel() override {}
  };

  bool is_news(const ReceivedPacket& packet) const;
  /// Tries to; what finds the link full is told before the next packet.
  void tell_state();
  void adopt(Timestamp now, std::uint32_t waiting, std::uint32_t viewed);

  const PipeId pipe_;
  LinkWriter& link_;
  NoSink no_sink_;
  StateMessage told_;
  bool state_untold_ = true;
  std::array<std::uint32_t, kMaxStreams> numbers_{};
  std::uint32_t waiting_ = 0;
  std::uint32_t viewed_ = 0;
  Counters counters_;
};

}  // namespace sfu::media
