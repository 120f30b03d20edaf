#include "io/websockets.h"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket.hpp>
#include <string>
#include <utility>

#include "io/clock.h"
#include "io/gathering_stream.h"
#include "io/reading_pace.h"

namespace sfu::io {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
namespace websocket = beast::websocket;
using boost::system::error_code;

namespace {

constexpr auto kAwait = asio::as_tuple(asio::use_awaitable);
/// A slow reader is found no later than by this part of the time that it may take.
constexpr int kLooksInQueuedTime = 4;
/// A read buffer that grew beyond this is given back once empty.
constexpr std::size_t kKeptReadBuffer = 4096;
/// A peer may send so much more than one whole message of what is none: frames without content.
constexpr std::size_t kMostFraming = 65'536;
/// What may wait, waits so long for more: nobody sees that somebody joined so much later.
constexpr TimeDelta kDeferral = std::chrono::milliseconds(50);

}  // namespace

struct WebSockets::Peer {
  Peer(WebSocketId i, AddressSlot s, beast::tcp_stream socket, const HttpLimits& limits,
       SharedBounds& shared)
      : id(i),
        slot(std::move(s)),
        stream(std::move(socket), limits.max_message_bytes + kMostFraming),
        deadline(stream.get_executor()),
        pause(stream.get_executor()),
        control_frames(limits.control_frames, monotonic_now()),
        pace(limits.message_bytes, monotonic_now()),
        message(shared.unfinished),
        waiting(shared.untaken) {}

  GatheringStream& gathered() { return stream.next_layer(); }

  /// After this nothing of it moves any more: every pending operation completes with an error.
  void cut() {
    beast::get_lowest_layer(stream).close();
    pause.cancel();
  }

  const WebSocketId id;
  AddressSlot slot;
  websocket::stream<GatheringStream> stream;
  asio::steady_timer deadline;  // For the end of a close.
  asio::steady_timer pause;     // Between two reads, where it sends too fast.
  int operations = 0;           // Completions that will still come and use this object.
  TokenBucket control_frames;
  ReadingPace pace;
  UnfinishedBytes::Share message;  // That is coming.
  UnfinishedBytes::Share waiting;  // What was gathered.
  bool writing = false;
  bool deferred = false;  // It is in deferred_.
  Timestamp writing_since;
  /// Nothing more is queued or reported; what was gathered still goes out.
  bool closing = false;
  std::uint16_t close_code = websocket::close_code::normal;  // Of ours.
  bool close_sent = false;                                   // By us, first.
  bool too_slow = false;
  bool broken = false;    // The peer sent what is no frame, no UTF-8, or too large.
  bool too_much = false;  // Pings or empty frames without end, or more than there is room for.
  bool open = false;      // The handler knows of it, from its acceptance to its end.
};

WebSockets::WebSockets(asio::io_context& context, const HttpLimits& limits, SharedBounds& shared,
                       HttpHandler& handler)
    : context_(context),
      limits_(limits),
      shared_(shared),
      handler_(handler),
      deferral_(context),
      slow_readers_(context) {}
WebSockets::~WebSockets() = default;

asio::awaitable<void> WebSockets::accept(WebSocketId id, beast::tcp_stream stream, AddressSlot slot,
                                         const http::request<http::string_body>& upgrade,
                                         const HttpRequest& request) {
  stream.expires_never();
  auto owned = std::make_unique<Peer>(id, std::move(slot), std::move(stream), limits_, shared_);
  Peer& peer = *owned;
  peers_.emplace(id, std::move(owned));
  ++peer.operations;
  peer.gathered().set_wanted([this, &peer] { send_answer(peer); });

  websocket::stream_base::timeout timeout;
  timeout.handshake_timeout = limits_.close_timeout;
  timeout.idle_timeout = websocket::stream_base::none();
  timeout.keep_alive_pings = false;
  peer.stream.set_option(timeout);
  peer.stream.read_message_max(limits_.max_message_bytes);
  peer.stream.auto_fragment(false);  // One message, one frame.
  peer.stream.set_option(websocket::stream_base::decorator(
      [headers = handler_.headers(request)](websocket::response_type& response) {
        for (const auto& [name, value] : headers) response.insert(name, value);
      }));
  auto [error] = co_await peer.stream.async_accept(upgrade, kAwait);
  peer.stream.set_option(websocket::stream_base::decorator([](websocket::response_type&) {}));
  if (error || peer.closing) {
    finish_operation(peer);
    co_return;
  }
  peer.open = true;
  peer.stream.control_callback([this, &peer](websocket::frame_type kind, beast::string_view) {
    // Its end is its Close frame: how long its TCP connection takes to follow is no matter.
    if (kind == websocket::frame_type::close) {
      if (peer.open && !peer.closing) start_deadline(peer);
      return report_closed(peer);
    }
    peer.gathered().take_read_bytes();
    // Each ping is answered before what follows is read: whoever sends nothing else keeps us busy.
    if (peer.control_frames.take(monotonic_now())) return;
    peer.too_much = true;
    peer.cut();  // Ends the read, which reports it.
  });
  asio::co_spawn(context_, read(peer), asio::detached);
  handler_.on_websocket_open(id, request);
}

asio::awaitable<void> WebSockets::read(Peer& peer) {
  beast::flat_buffer buffer;
  TimeDelta pause = shared_.pace.charge(monotonic_now(), peer.slot.host(), 0);
  while (true) {
    if (pause > TimeDelta(0)) {
      peer.pause.expires_after(pause);
      co_await peer.pause.async_wait(kAwait);
    }
    constexpr std::size_t kAsMuchAsFits = 0;
    auto [error, size] = co_await peer.stream.async_read_some(buffer, kAsMuchAsFits, kAwait);
    peer.too_much |= peer.gathered().has_read_too_much();
    if (error) break;
    const bool is_whole = peer.stream.is_message_done();
    if (!peer.message.hold(is_whole ? 0 : buffer.size())) {
      peer.too_much = true;
      break;
    }
    if (is_whole) {
      std::string data(static_cast<const char*>(buffer.data().data()), buffer.size());
      buffer.consume(buffer.size());
      if (buffer.capacity() > kKeptReadBuffer) buffer.shrink_to_fit();
      if (peer.open && !peer.closing)
        handler_.on_websocket_message(peer.id, std::move(data), peer.stream.got_binary());
    }
    const Timestamp now = monotonic_now();
    const std::size_t bytes = peer.gathered().take_read_bytes();
    pause =
        std::max(peer.pace.charge(now, bytes), shared_.pace.charge(now, peer.slot.host(), bytes));
  }
  report_closed(peer);
  peer.cut();
  peer.deadline.cancel();
  finish_operation(peer);
}

void WebSockets::send(WebSocketId id, Bytes data, bool binary, Urgency urgency) {
  const auto found = peers_.find(id);
  if (found == peers_.end()) return;
  Peer& peer = *found->second;
  if (!peer.open || peer.closing || peer.too_slow) return;
  const std::size_t waiting = peer.gathered().gathered_bytes() + data.size();
  if (waiting > limits_.max_queued_bytes || !peer.waiting.hold(waiting)) {
    peer.too_slow = true;
    peer.cut();  // Ends the read, which reports it.
    return;
  }
  error_code closed;  // Then nothing more is to be written; the read reports it.
  peer.stream.binary(binary);
  peer.stream.write(asio::buffer(data.data(), data.size()), closed);
  if (urgency == Urgency::Now || peer.gathered().gathered_bytes() >= GatheringStream::kChunkBytes)
    flush(peer);
  else
    defer(peer);
}

/// What the library writes by itself answers a handshake, a ping or a Close, or says Close to who
/// has broken the rules: that one is gone, however long it takes to hang up.
void WebSockets::send_answer(Peer& peer) {
  flush(peer);
  if (!peer.open || peer.closing || peer.stream.is_open()) return;
  peer.broken = true;
  report_closed(peer);
  start_deadline(peer);
}

void WebSockets::flush(Peer& peer) {
  if (peer.writing) return;
  if (peer.gathered().gathered_bytes() == 0) {
    if (peer.closing && peer.open) send_close(peer);
    return;
  }
  peer.writing = true;
  peer.writing_since = monotonic_now();
  watch_writers();
  ++peer.operations;
  peer.gathered().async_send([this, &peer](const error_code& error, std::size_t) {
    peer.writing = false;
    peer.waiting.hold(peer.gathered().gathered_bytes());
    if (!error) flush(peer);
    finish_operation(peer);
  });
}

void WebSockets::defer(Peer& peer) {
  if (peer.writing || std::exchange(peer.deferred, true)) return;
  deferred_.push_back(peer.id);
  if (deferred_.size() > 1) return;
  deferral_.expires_after(kDeferral);
  deferral_.async_wait([this](const error_code& error) {
    if (!error) flush_deferred();
  });
}

void WebSockets::flush_deferred() {
  for (const WebSocketId id : std::exchange(deferred_, {})) {
    const auto found = peers_.find(id);
    if (found == peers_.end()) continue;
    found->second->deferred = false;
    if (found->second->open) flush(*found->second);
  }
}

/// One timer for all, and none where nobody is being written to.
void WebSockets::watch_writers() {
  if (stopped_ || std::exchange(watching_writers_, true)) return;
  slow_readers_.expires_after(limits_.max_queued_time / kLooksInQueuedTime);
  slow_readers_.async_wait([this](const error_code& error) {
    if (error) return;
    watching_writers_ = false;
    cut_slow_readers();
  });
}

void WebSockets::cut_slow_readers() {
  const Timestamp now = monotonic_now();
  for (const auto& [id, peer] : peers_) {
    if (!peer->writing || peer->too_slow) continue;
    if (now - peer->writing_since < limits_.max_queued_time) {
      watch_writers();
      continue;
    }
    peer->too_slow = true;
    peer->cut();  // Ends the read, which reports it.
  }
}

void WebSockets::close(WebSocketId id) {
  const auto found = peers_.find(id);
  if (found == peers_.end() || !found->second->open) return;
  Peer& peer = *found->second;
  if (std::exchange(peer.closing, true)) return;
  start_deadline(peer);
  flush(peer);
}

void WebSockets::stop(std::function<void()> ended) {
  stopped_ = true;
  slow_readers_.cancel();
  deferral_.cancel();
  ended_ = std::move(ended);
  for (const auto& [id, peer] : peers_) {
    if (std::exchange(peer->closing, true) || !peer->open) continue;
    peer->close_code = websocket::close_code::going_away;
    start_deadline(*peer);
    flush(*peer);
  }
  if (peers_.empty() && ended_) asio::post(context_, std::exchange(ended_, nullptr));
}

void WebSockets::start_deadline(Peer& peer) {
  ++peer.operations;
  peer.deadline.expires_after(limits_.close_timeout);
  peer.deadline.async_wait([this, &peer](const error_code& error) {
    if (!error) peer.cut();
    finish_operation(peer);
  });
}

void WebSockets::send_close(Peer& peer) {
  if (std::exchange(peer.close_sent, true)) return;
  ++peer.operations;
  peer.stream.async_close(peer.close_code,
                          [this, &peer](const error_code&) { finish_operation(peer); });
}

void WebSockets::report_closed(Peer& peer) {
  if (!std::exchange(peer.open, false)) return;
  const bool going_away =
      !peer.close_sent && peer.stream.reason().code == websocket::close_code::going_away;
  handler_.on_websocket_closed(peer.id, peer.too_slow   ? WebSocketEnd::TooSlow
                                        : peer.too_much ? WebSocketEnd::TooMuch
                                        : going_away    ? WebSocketEnd::GoingAway
                                        : peer.broken   ? WebSocketEnd::BrokenFrames
                                                        : WebSocketEnd::Closed);
}

void WebSockets::finish_operation(Peer& peer) {
  if (--peer.operations > 0) return;
  peers_.erase(peer.id);
  if (peers_.empty() && ended_) asio::post(context_, std::exchange(ended_, nullptr));
}

}  // namespace sfu::io
