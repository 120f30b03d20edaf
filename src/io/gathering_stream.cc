#include "io/gathering_stream.h"

#include <boost/asio/write.hpp>

namespace sfu::io {

std::string& GatheringStream::chunk_for(std::size_t size) {
  const bool none_open = chunks_.empty() || (sending_ && chunks_.size() == 1);
  // What an operation waits for is not to grow under it.
  if (none_open || chunks_.back().on_written || chunks_.back().bytes.size() + size > kChunkBytes)
    chunks_.emplace_back();
  return chunks_.back().bytes;
}

void GatheringStream::async_send(Sent sent) {
  sending_ = true;
  const std::string& bytes = chunks_.front().bytes;
  boost::asio::async_write(
      stream_, boost::asio::buffer(bytes),
      [this, sent = std::move(sent)](error_code error, std::size_t) { finish_send(error, sent); });
}

/// After an error nothing leaves any more: whoever waits for later chunks hears of it too.
void GatheringStream::finish_send(error_code error, const Sent& sent) {
  sending_ = false;
  std::size_t size = 0;
  do {
    Chunk done = std::move(chunks_.front());
    chunks_.pop_front();
    size += done.bytes.size();
    gathered_bytes_ -= done.bytes.size();
    if (done.on_written) std::move(done.on_written)(error, error ? 0 : done.written);
  } while (error && !chunks_.empty());
  sent(error, size);
}

}  // namespace sfu::io
