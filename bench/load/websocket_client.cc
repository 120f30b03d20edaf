#include "load/websocket_client.h"

#include <openssl/sha.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>

#include "signaling/base64.h"

namespace sfu::load {
namespace {

constexpr std::string_view kAcceptGuid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";  // §1.3
constexpr std::size_t kMaxHandshake = 16 * 1024;
constexpr std::uint8_t kFinal = 0x80;
constexpr std::uint8_t kMasked = 0x80;
constexpr std::size_t kTwoByteLength = 126;
constexpr std::size_t kEightByteLength = 127;

std::string accept_value(const std::string& key) {
  const std::string text = key + std::string(kAcceptGuid);
  std::array<std::uint8_t, SHA_DIGEST_LENGTH> digest;
  SHA1(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data());
  return signaling::base64_encode(digest);
}

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](char x, char y) {
    return std::tolower(static_cast<unsigned char>(x)) ==
           std::tolower(static_cast<unsigned char>(y));
  });
}

std::string_view header_value(std::string_view head, std::string_view name) {
  while (!head.empty()) {
    const std::size_t end = std::min(head.find("\r\n"), head.size());
    const std::string_view line = head.substr(0, end);
    head.remove_prefix(std::min(end + 2, head.size()));
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos || !equal_ignoring_case(line.substr(0, colon), name))
      continue;
    const std::size_t start = std::min(line.find_first_not_of(' ', colon + 1), line.size());
    return line.substr(start);
  }
  return {};
}

}  // namespace

WebSocketClient::WebSocketClient(std::string_view host, std::string_view target,
                                 RandomSource& random)
    : random_(random) {
  std::array<std::uint8_t, 16> nonce;
  random_.fill(nonce);
  key_ = signaling::base64_encode(nonce);
  output_ = "GET " + std::string(target) + " HTTP/1.1\r\nHost: " + std::string(host) +
            "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: " + key_ +
            "\r\nSec-WebSocket-Version: 13\r\n\r\n";
}

void WebSocketClient::handle_bytes(std::string_view bytes) {
  if (state_ == State::Closed) return;
  input_ += bytes;
  if (state_ == State::Opening) read_handshake();
  while (state_ == State::Open && read_frame()) {
  }
}

void WebSocketClient::read_handshake() {
  const std::size_t end = input_.find("\r\n\r\n");
  if (end == std::string::npos) {
    if (input_.size() > kMaxHandshake) fail("the answer to the upgrade has no end");
    return;
  }
  const std::string head = input_.substr(0, end);
  input_.erase(0, end + 4);
  if (!head.starts_with("HTTP/1.1 101")) {
    fail("the server refused the WebSocket: " + head.substr(0, head.find('\r')));
  } else if (header_value(head, "Sec-WebSocket-Accept") != accept_value(key_)) {
    fail("the server's Sec-WebSocket-Accept is wrong");
  } else {
    state_ = State::Open;
  }
}

/// RFC 6455 §5.2; a server does not mask.
bool WebSocketClient::read_frame() {
  const Bytes in = as_bytes(input_);
  if (in.size() < 2) return false;
  std::size_t header = 2;
  std::uint64_t length = in[1] & 0x7f;
  if ((in[1] & kMasked) != 0) return fail("the server sent a masked frame");
  if (length == kTwoByteLength) {
    if (in.size() < 4) return false;
    length = load_be16(in, 2);
    header = 4;
  } else if (length == kEightByteLength) {
    if (in.size() < 10) return false;
    length = load_be64(in, 2);
    header = 10;
  }
  if (length > kMaxMessage) return fail("the server sent a frame that is too long");
  const std::size_t size = static_cast<std::size_t>(length);
  if (in.size() < header + size) return false;
  handle_frame(static_cast<Opcode>(in[0] & 0x0f), (in[0] & kFinal) != 0,
               std::string_view(input_).substr(header, size));
  input_.erase(0, header + size);
  return true;
}

void WebSocketClient::handle_frame(Opcode opcode, bool is_last, std::string_view payload) {
  switch (opcode) {
    case Opcode::Text:
    case Opcode::Binary:
    case Opcode::Continuation:
      fragments_ += payload;
      if (fragments_.size() > kMaxMessage) fail("the server sent a message too long");
      if (is_last) messages_.push_back(std::exchange(fragments_, {}));
      break;
    case Opcode::Ping: write_frame(Opcode::Pong, payload); break;
    case Opcode::Pong: break;
    case Opcode::Close:
      write_frame(Opcode::Close, payload);
      fail("the server closed the WebSocket");
      break;
  }
}

std::optional<std::string> WebSocketClient::poll_message() {
  if (messages_taken_ == messages_.size()) {
    messages_.clear();
    messages_taken_ = 0;
    return std::nullopt;
  }
  return std::move(messages_[messages_taken_++]);
}

void WebSocketClient::send(std::string_view text) {
  if (state_ == State::Open) write_frame(Opcode::Text, text);
}

void WebSocketClient::close(std::uint16_t code) {
  const char reason[] = {static_cast<char>(code >> 8), static_cast<char>(code & 0xff)};
  if (state_ == State::Open) write_frame(Opcode::Close, {reason, sizeof reason});
  state_ = State::Closed;
}

void WebSocketClient::write_frame(Opcode opcode, std::string_view payload) {
  std::array<std::uint8_t, 14> header{};
  header[0] = static_cast<std::uint8_t>(kFinal | static_cast<std::uint8_t>(opcode));
  std::size_t size = 2;
  if (payload.size() < kTwoByteLength) {
    header[1] = static_cast<std::uint8_t>(kMasked | payload.size());
  } else if (payload.size() <= 0xffff) {
    header[1] = kMasked | kTwoByteLength;
    store_be16(header, 2, static_cast<std::uint16_t>(payload.size()));
    size = 4;
  } else {
    header[1] = kMasked | kEightByteLength;
    store_be64(header, 2, payload.size());
    size = 10;
  }
  const MutableBytes mask = MutableBytes(header).subspan(size, 4);
  random_.fill(mask);
  output_ += as_text(Bytes(header).first(size + 4));
  for (std::size_t i = 0; i < payload.size(); ++i)
    output_ += static_cast<char>(static_cast<std::uint8_t>(payload[i]) ^ mask[i % 4]);
}

void WebSocketClient::consume(std::size_t bytes) {
  output_taken_ += bytes;
  if (output_taken_ < output_.size()) return;
  output_.clear();
  output_taken_ = 0;
}

/// Always false.
bool WebSocketClient::fail(std::string_view why) {
  state_ = State::Closed;
  reason_ = why;
  return false;
}

}  // namespace sfu::load
