#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "bwe/arrival_recorder.h"
#include "load/participant.h"
#include "load/rtp_parameters.h"
#include "load/stream_verifier.h"
#include "rtcp/packet.h"

namespace sfu::load {

/// Receives everything that is published in its room, and verifies it.
class Viewer final : public Participant {
 public:
  struct Consumer {
    ConsumerOffer offer;
    StreamVerifier verifier;
    std::optional<Timestamp> resumed_at;
    std::uint64_t given_up = 0;  // Numbers that a key frame has been asked for because of.
    bool closed = false;         // By the server, with the producer.
  };

  /// Of `expected` consumers all must come before it is settled.
  Viewer(RunContext& context, std::uint32_t slot, Identity identity, std::size_t expected);

  void handle_timeout(Timestamp now) override;
  Timestamp next_timeout() const override;
  bool settled() const override;

  const std::vector<std::unique_ptr<Consumer>>& consumers() const { return consumers_; }
  /// How many of the expected consumers bring media.
  std::size_t flowing() const { return flowing_; }
  std::size_t expected() const { return expected_; }

 protected:
  Direction direction() const override { return Direction::Receive; }
  void handle_transport_announced(Timestamp now) override;
  void handle_connected(Timestamp now) override;
  void handle_event(Timestamp now, const SocketIoClient::Event& event) override;
  void handle_rtp(Nanoseconds arrival, MutableBytes packet) override;
  void handle_rtcp(Timestamp now, Bytes compound) override;

 private:
  void add_consumer(Timestamp now, const boost::json::value& event);
  void close_consumer(const boost::json::value& event);
  void resume(Timestamp now, Consumer& consumer);
  void note_media(Nanoseconds arrival, Consumer& consumer, const StreamVerifier::Verdict& verdict);
  void note_first_packet(Nanoseconds arrival, const Consumer& consumer);
  void send_feedback(Timestamp now);
  void send_reports(Timestamp now);
  void ask_again(Timestamp now);
  Consumer* consumer_of(Ssrc ssrc);

  const std::size_t expected_;
  std::vector<std::unique_ptr<Consumer>> consumers_;
  std::unordered_map<Ssrc, Consumer*> by_ssrc_;
  Ssrc last_ssrc_ = {};
  Consumer* last_consumer_ = nullptr;
  std::uint8_t transport_cc_id_ = 0;
  bwe::ArrivalRecorder arrivals_;
  std::optional<Timestamp> next_report_;
  Timestamp next_question_;
  std::size_t flowing_ = 0;
  bool has_first_packet_ = false;
  bool has_first_key_frame_ = false;
};

}  // namespace sfu::load
