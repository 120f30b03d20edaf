#pragma once

#include <boost/asio/any_completion_handler.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/beast/core/role.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/websocket/teardown.hpp>
#include <boost/system/error_code.hpp>
#include <cstddef>
#include <deque>
#include <functional>
#include <string>
#include <utility>

namespace sfu::io {

/// A TCP stream for a WebSocket above it that gathers what is written: many small frames then leave
/// in one call of the kernel. write_some() always takes everything, at once; async_write_some(),
/// with which the library above answers pings and closes, says `wanted` and completes when what it
/// wrote has left. Whoever owns the stream sends, and says when what was read has meant something:
/// frames of a message that are empty never come out of the library above.
class GatheringStream {
 public:
  using next_layer_type = boost::beast::tcp_stream;
  using executor_type = next_layer_type::executor_type;
  using error_code = boost::system::error_code;
  /// Gets how many bytes left, or with an error how many never will.
  using Sent = std::function<void(error_code, std::size_t)>;

  /// What one send() takes along, but for a message that is larger by itself.
  static constexpr std::size_t kChunkBytes = 16'384;

  /// When more than `most_untaken` bytes are read between two calls of take_read_bytes(), the read
  /// fails.
  GatheringStream(next_layer_type stream, std::size_t most_untaken)
      : stream_(std::move(stream)), most_untaken_(most_untaken) {}
  GatheringStream(const GatheringStream&) = delete;
  GatheringStream& operator=(const GatheringStream&) = delete;

  /// Called when bytes are there that are not to wait.
  void set_wanted(std::function<void()> wanted) { wanted_ = std::move(wanted); }
  /// Not sent yet.
  std::size_t gathered_bytes() const { return gathered_bytes_; }
  /// Sends the oldest chunk. There is one, and none is on its way.
  void async_send(Sent sent);
  /// How many bytes were read since the last call.
  std::size_t take_read_bytes() { return std::exchange(read_bytes_, 0); }
  bool has_read_too_much() const { return read_bytes_ > most_untaken_; }

  // What a WebSocket asks of the stream below it.

  next_layer_type& next_layer() { return stream_; }
  const next_layer_type& next_layer() const { return stream_; }
  executor_type get_executor() { return stream_.get_executor(); }

  template <class Buffers>
  std::size_t read_some(const Buffers& buffers, error_code& error) {
    return stream_.read_some(buffers, error);
  }
  template <class Buffers>
  std::size_t read_some(const Buffers& buffers) {
    return stream_.read_some(buffers);
  }
  template <class Buffers, class Token>
  auto async_read_some(const Buffers& buffers, Token&& token) {
    return boost::asio::async_initiate<Token, void(error_code, std::size_t)>(
        [this](auto handler, const Buffers& wanted) {
          const auto executor = boost::asio::get_associated_executor(handler, get_executor());
          auto count = [this, handler = std::move(handler)](error_code error,
                                                            std::size_t size) mutable {
            read_bytes_ += size;
            if (!error && has_read_too_much()) error = boost::asio::error::connection_aborted;
            std::move(handler)(error, size);
          };
          stream_.async_read_some(wanted, boost::asio::bind_executor(executor, std::move(count)));
        },
        token, buffers);
  }

  template <class Buffers>
  std::size_t write_some(const Buffers& buffers, error_code& error) {
    error = {};
    return write_some(buffers);
  }
  template <class Buffers>
  std::size_t write_some(const Buffers& buffers) {
    const std::size_t size = boost::asio::buffer_size(buffers);
    std::string& chunk = chunk_for(size);
    const std::size_t before = chunk.size();
    chunk.resize(before + size);
    boost::asio::buffer_copy(boost::asio::buffer(chunk.data() + before, size), buffers);
    gathered_bytes_ += size;
    return size;
  }
  template <class Buffers, class Token>
  auto async_write_some(const Buffers& buffers, Token&& token) {
    return boost::asio::async_initiate<Token, void(error_code, std::size_t)>(
        [this](auto handler, const Buffers& written) {
          const std::size_t size = write_some(written);
          chunks_.back().written = size;
          // Swapped in: move assignment of this type calls itself for ever in Boost 1.81.
          Written(std::move(handler)).swap(chunks_.back().on_written);
          wanted_();
        },
        token, buffers);
  }

 private:
  using Written = boost::asio::any_completion_handler<void(error_code, std::size_t)>;
  struct Chunk {
    std::string bytes;
    std::size_t written = 0;  // By the async_write_some() that waits for this chunk.
    Written on_written;
  };

  /// The chunk that takes `size` bytes more, at its end.
  std::string& chunk_for(std::size_t size);
  void finish_send(error_code error, const Sent& sent);

  next_layer_type stream_;
  const std::size_t most_untaken_;
  std::function<void()> wanted_;
  std::deque<Chunk> chunks_;
  std::size_t gathered_bytes_ = 0;
  std::size_t read_bytes_ = 0;
  bool sending_ = false;  // The first chunk is on its way.
};

inline void teardown(boost::beast::role_type role, GatheringStream& stream,
                     boost::system::error_code& error) {
  using boost::beast::websocket::teardown;
  teardown(role, stream.next_layer().socket(), error);
}

template <class Handler>
void async_teardown(boost::beast::role_type role, GatheringStream& stream, Handler&& handler) {
  using boost::beast::websocket::async_teardown;
  async_teardown(role, stream.next_layer(), std::forward<Handler>(handler));
}

}  // namespace sfu::io
