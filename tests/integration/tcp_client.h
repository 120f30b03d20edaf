#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "base/bytes.h"

namespace sfu::signaling {

/// A client's end of one TCP connection, blocking, with a bound on every wait.
class TcpClient {
 public:
  explicit TcpClient(std::uint16_t port, int receive_buffer = 0, in_addr_t from = INADDR_LOOPBACK) {
    fd_ = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in own{};
    own.sin_family = AF_INET;
    own.sin_addr.s_addr = htonl(from);
    EXPECT_EQ(bind(fd_, reinterpret_cast<const sockaddr*>(&own), sizeof own), 0);
    if (receive_buffer > 0)
      setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
    const timeval patience{10, 0};
    setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  }
  ~TcpClient() { close(); }
  TcpClient(const TcpClient&) = delete;
  TcpClient& operator=(const TcpClient&) = delete;

  void close() {
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  }
  /// False once the server has ended the connection, or has taken nothing for the longest wait.
  bool send(std::string_view text) {
    while (!text.empty()) {
      const ssize_t sent = ::send(fd_, text.data(), text.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      text.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }
  /// Exactly `size` bytes, or what there was before the end.
  std::string read(std::size_t size) {
    while (buffer_.size() < size && fill()) {
    }
    std::string out = buffer_.substr(0, size);
    buffer_.erase(0, out.size());
    return out;
  }
  std::string read_until(std::string_view mark) {
    std::size_t at;
    while ((at = buffer_.find(mark)) == std::string::npos)
      if (!fill()) return read(buffer_.size());
    return read(at + mark.size());
  }
  /// Whether the server has ended the connection, and has said nothing more before.
  testing::AssertionResult at_end() {
    if (!buffer_.empty() || fill()) return testing::AssertionFailure() << "it says " << buffer_;
    if (!has_ended_) return testing::AssertionFailure() << "it neither speaks nor closes";
    return testing::AssertionSuccess();
  }

  struct Answer {
    std::string head, body;
    int status() const { return head.size() > 12 ? std::stoi(head.substr(9, 3)) : 0; }
  };
  Answer answer(bool with_body = true) {
    Answer answer{read_until("\r\n\r\n"), ""};
    const std::size_t length = answer.head.find("Content-Length: ");
    if (with_body && length != std::string::npos)
      answer.body = read(std::stoul(answer.head.substr(length + 16)));
    return answer;
  }
  Answer request(std::string_view method, std::string_view target, std::string_view headers = "",
                 std::string_view body = "") {
    std::string text = std::string(method) + " " + std::string(target) +
                       " HTTP/1.1\r\nHost: sfu.example\r\n" + std::string(headers);
    if (!body.empty()) text += "Content-Length: " + std::to_string(body.size()) + "\r\n";
    send(text + "\r\n" + std::string(body));
    return answer(method != "HEAD");
  }

  Answer upgrade(std::string_view target, std::string_view headers = "") {
    return request("GET", target,
                   "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                   "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" +
                       std::string(headers));
  }
  /// One masked frame (RFC 6455 §5.2); the mask is zero, so the payload stands as it is.
  bool send_frame(std::string_view payload, std::uint8_t opcode = 1, bool is_last = true) {
    std::string frame(1, static_cast<char>((is_last ? 0x80 : 0) | opcode));
    if (payload.size() < 126) {
      frame += static_cast<char>(0x80 | payload.size());
    } else if (payload.size() < 65'536) {
      frame += static_cast<char>(0x80 | 126);
      frame += static_cast<char>(payload.size() >> 8);
      frame += static_cast<char>(payload.size() & 0xff);
    } else {
      frame += static_cast<char>(0x80 | 127);
      for (int shift = 56; shift >= 0; shift -= 8)
        frame += static_cast<char>(payload.size() >> shift & 0xff);
    }
    return send(frame + std::string(4, '\0') + std::string(payload));
  }
  /// The next frame's payload; "close" and its code for a close frame; "end" at the end, and
  /// "silence" where the server neither speaks nor closes.
  std::string frame() {
    const std::string head = read(2);
    if (head.size() < 2) return has_ended_ ? "end" : "silence";
    std::size_t size = static_cast<std::uint8_t>(head[1]);
    if (size >= 126) {
      const std::string extended = read(size == 126 ? 2 : 8);
      size = 0;
      for (const char c : extended) size = size << 8 | static_cast<std::uint8_t>(c);
    }
    const std::string payload = read(size);
    if ((head[0] & 0x0f) != 8) return payload;
    return "close " + (payload.size() < 2 ? "" : std::to_string(load_be16(as_bytes(payload), 0)));
  }

 private:
  /// False where nothing comes: at the end, or because the longest wait is over.
  bool fill() {
    char chunk[4096];
    const ssize_t size = recv(fd_, chunk, sizeof chunk, 0);
    if (size > 0) buffer_.append(chunk, static_cast<std::size_t>(size));
    has_ended_ = size == 0 || (size < 0 && errno == ECONNRESET);
    return size > 0;
  }

  int fd_ = -1;
  bool has_ended_ = false;
  std::string buffer_;
};

}  // namespace sfu::signaling
