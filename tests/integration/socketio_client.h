#pragma once

#include <gmock/gmock.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>

#include "tcp_client.h"

namespace sfu::signaling {

inline constexpr const char* kPolling = "/socket.io/?EIO=4&transport=polling";
inline constexpr const char* kWebSocket = "/socket.io/?EIO=4&transport=websocket";

/// Opens a polling session and returns its target.
inline std::string open_polling(TcpClient& client) {
  constexpr std::size_t kSidAt = 9, kSidSize = 20;  // 0{"sid":"..."
  const std::string opened = client.request("GET", kPolling).body;
  EXPECT_THAT(opened, testing::StartsWith("0{\"sid\":\""));
  return std::string(kPolling) + "&sid=" + opened.substr(std::min(kSidAt, opened.size()), kSidSize);
}

/// The same, connected to the namespace "/".
inline std::string connect_polling(TcpClient& client) {
  std::string poll = open_polling(client);
  EXPECT_EQ(client.request("POST", poll, "", "40").body, "ok");
  EXPECT_THAT(client.request("GET", poll).body, testing::StartsWith("40{"));
  return poll;
}

/// Where the polling session of this target is upgraded.
inline std::string upgrade_of(const std::string& poll) {
  return kWebSocket + poll.substr(poll.find("&sid="));
}

/// A WebSocket that is connected to the namespace "/".
inline std::unique_ptr<TcpClient> connect_websocket(std::uint16_t port, int receive_buffer = 0) {
  auto client = std::make_unique<TcpClient>(port, receive_buffer);
  EXPECT_EQ(client->upgrade(kWebSocket).status(), 101);
  EXPECT_THAT(client->frame(), testing::StartsWith("0{"));
  client->send_frame("40");
  EXPECT_THAT(client->frame(), testing::StartsWith("40{"));
  return client;
}

}  // namespace sfu::signaling
