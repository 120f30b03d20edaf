#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/random.h"

namespace sfu::load {

/// The client's end of a WebSocket (RFC 6455) over a stream of bytes that somebody else carries:
/// handshake, masked text frames out, whole text messages in, pings answered.
class WebSocketClient {
 public:
  enum class State : std::uint8_t { Opening, Open, Closed };
  static constexpr std::size_t kMaxMessage = 16 * 1024 * 1024;

  /// `host` is the Host header, `target` path and query. `random` outlives it.
  WebSocketClient(std::string_view host, std::string_view target, RandomSource& random);

  void handle_bytes(std::string_view bytes);
  std::optional<std::string> poll_message();
  void send(std::string_view text);
  /// RFC 6455 §7.4.1: 1000 for an end that is meant, 1001 for a page that goes away.
  void close(std::uint16_t code = 1000);

  /// What waits to be written to the stream; taken with consume().
  std::string_view output() const { return std::string_view(output_).substr(output_taken_); }
  void consume(std::size_t bytes);

  State state() const { return state_; }
  /// Why it is closed.
  const std::string& reason() const { return reason_; }

 private:
  enum class Opcode : std::uint8_t {
    Continuation = 0,
    Text = 1,
    Binary = 2,
    Close = 8,
    Ping = 9,
    Pong = 10
  };

  void write_frame(Opcode opcode, std::string_view payload);
  void read_handshake();
  bool read_frame();
  void handle_frame(Opcode opcode, bool is_last, std::string_view payload);
  bool fail(std::string_view why);

  RandomSource& random_;
  State state_ = State::Opening;
  std::string key_;
  std::string output_;
  std::size_t output_taken_ = 0;
  std::string input_;
  std::string fragments_;
  std::vector<std::string> messages_;  // Oldest first.
  std::size_t messages_taken_ = 0;
  std::string reason_;
};

}  // namespace sfu::load
