#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "load/participant.h"
#include "load/publisher_stream.h"
#include "load/rtp_parameters.h"

namespace sfu::load {

/// Sends a camera, a microphone or both.
class Publisher final : public Participant {
 public:
  struct Tracks {
    std::vector<StreamShape> video;  // One for each simulcast layer, smallest first; empty: none.
    std::optional<StreamShape> audio;
    std::uint64_t seed = 0;
  };
  /// Packets of one encoding that were sent within the window, by their numbers.
  struct SentInWindow {
    std::uint32_t first = 0;
    std::uint32_t end = 0;
  };

  /// `number` is what its packets are stamped with.
  Publisher(RunContext& context, std::uint32_t slot, Identity identity, std::uint32_t number,
            const Tracks& tracks);

  void handle_timeout(Timestamp now) override;
  Timestamp next_timeout() const override;
  bool settled() const override;

  void set_speed(Timestamp now, double speed);
  /// The window begins or ends now.
  void mark_window(bool begins);
  /// Sends no more.
  void stop() { stopped_ = true; }

  std::uint32_t number() const { return number_; }
  std::size_t tracks() const;
  /// Of the only encoding of this kind; nothing where it has layers or is not sent.
  std::optional<SentInWindow> sent_in_window(bool is_audio) const;
  std::uint64_t packets_sent() const;

 protected:
  Direction direction() const override { return Direction::Send; }
  boost::json::array intended_producers() const override;
  void handle_transport_announced(Timestamp now) override;
  void handle_connected(Timestamp now) override;
  void handle_event(Timestamp now, const SocketIoClient::Event& event) override;
  void handle_rtp(Nanoseconds, MutableBytes) override {}
  void handle_rtcp(Timestamp now, Bytes compound) override;

 private:
  struct Stream {
    PublisherStream stream;
    SentInWindow window;
  };

  std::vector<SentEncoding> encodings(bool is_audio) const;
  boost::json::object request_for(bool is_audio) const;
  void produce(Timestamp now, bool is_audio);
  void begin(Timestamp now, bool is_audio, const std::string& mid,
             const std::vector<SentEncoding>& encodings);
  void handle_feedback(Timestamp now, const rtcp::PacketView& packet);
  void send_due(Timestamp now);
  void send_reports(Timestamp now);
  PublisherStream* stream_of(Ssrc ssrc);

  const std::uint32_t number_;
  const Tracks tracks_;
  const std::string cname_;
  std::vector<Stream> streams_;
  std::size_t produced_ = 0;
  bool stopped_ = false;
  std::uint16_t transport_number_ = 0;
  std::optional<Timestamp> next_report_;
};

}  // namespace sfu::load
