#pragma once

#include <boost/asio/awaitable.hpp>

namespace sfu::service {

class MediasoupServer;
class Request;

// The requests of the peer-to-peer rooms. They never wait. All but `ready` need the room that they
// name, and relays one who is in it.

boost::asio::awaitable<void> enter_peer_to_peer_room(MediasoupServer& server, Request& request);
boost::asio::awaitable<void> leave_peer_to_peer_room(MediasoupServer& server, Request& request);

/// call-user, make-answer, ice-candidate and their like for screens: what one says to another.
boost::asio::awaitable<void> relay_to_peer(MediasoupServer& server, Request& request);

boost::asio::awaitable<void> start_screen_share(MediasoupServer& server, Request& request);
boost::asio::awaitable<void> stop_screen_share(MediasoupServer& server, Request& request);
boost::asio::awaitable<void> connect_screen_share(MediasoupServer& server, Request& request);
boost::asio::awaitable<void> change_media_state(MediasoupServer& server, Request& request);

boost::asio::awaitable<void> send_chat_message(MediasoupServer& server, Request& request);
/// chat:typing-start, chat:typing-stop.
boost::asio::awaitable<void> tell_typing(MediasoupServer& server, Request& request);

}  // namespace sfu::service
