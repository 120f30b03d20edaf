#pragma once

#include <boost/json/value.hpp>
#include <cstdint>
#include <string_view>

#include "signaling/socketio/server.h"

namespace sfu::service {

/// Emits, and counts the bytes of it: one event to a hundred people counts a hundred times.
class CountedEmitter {
 public:
  using ConnectionId = signaling::socketio::ConnectionId;

  /// `signaling` outlives it.
  explicit CountedEmitter(signaling::socketio::Server& signaling) : signaling_(signaling) {}

  void emit(ConnectionId to, const signaling::socketio::Encoded& event) {
    for (const auto& frame : event.frames) bytes_ += frame.data.size();
    signaling_.emit(to, event);
  }
  void emit(ConnectionId to, std::string_view event, const boost::json::value& payload) {
    emit(to, signaling::socketio::Server::encode(event, payload));
  }

  std::uint64_t bytes() const { return bytes_; }

 private:
  signaling::socketio::Server& signaling_;
  std::uint64_t bytes_ = 0;
};

}  // namespace sfu::service
