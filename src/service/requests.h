#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <span>
#include <string_view>

namespace sfu::service {

namespace asio = boost::asio;

class MediasoupServer;
class Request;

/// When a request may be made.
enum class Stage : std::uint8_t {
  Anytime,
  InRoom,         // After join-room.
  WithTransport,  // After the first transport of this stay in the room.
};

/// One event that clients may send.
struct RequestInfo {
  std::string_view event;
  std::string_view reply_event;  // Empty where only an acknowledgement answers.
  std::string_view failure;      // The fixed text of an `error`.
  Stage stage;
  asio::awaitable<void> (*handle)(MediasoupServer& server, Request& request);
  bool takes_binary = false;  // The payload may have attachments.
  /// Never waits, and what others are sent because of it counts against Rates::peer_bytes.
  bool reaches_peers = false;
};
std::span<const RequestInfo> request_table();
/// nullptr where there is no such event.
const RequestInfo* find_request(std::string_view event);

// Each answers its request once, having done all of it or nothing.

asio::awaitable<void> join_room(MediasoupServer& server, Request& request);
asio::awaitable<void> leave_room(MediasoupServer& server, Request& request);

asio::awaitable<void> create_transport(MediasoupServer& server, Request& request);
asio::awaitable<void> connect_transport(MediasoupServer& server, Request& request);
asio::awaitable<void> restart_ice(MediasoupServer& server, Request& request);

asio::awaitable<void> create_producer(MediasoupServer& server, Request& request);
asio::awaitable<void> pause_producer(MediasoupServer& server, Request& request);
asio::awaitable<void> resume_producer(MediasoupServer& server, Request& request);
asio::awaitable<void> close_producer(MediasoupServer& server, Request& request);
asio::awaitable<void> produce_data(MediasoupServer& server, Request& request);

asio::awaitable<void> set_rtp_capabilities(MediasoupServer& server, Request& request);
asio::awaitable<void> pause_consumer(MediasoupServer& server, Request& request);
asio::awaitable<void> resume_consumer(MediasoupServer& server, Request& request);
asio::awaitable<void> resume_all_consumers(MediasoupServer& server, Request& request);
asio::awaitable<void> set_preferred_layers(MediasoupServer& server, Request& request);
asio::awaitable<void> set_consumer_priority(MediasoupServer& server, Request& request);
asio::awaitable<void> request_key_frame(MediasoupServer& server, Request& request);

asio::awaitable<void> get_participant_stats(MediasoupServer& server, Request& request);

}  // namespace sfu::service
