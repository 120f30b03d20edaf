#pragma once

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "base/datagram_sink.h"

namespace sfu {

/// A sink for those that carry datagrams otherwise than by sockets: the simulator, and tests.
class CollectingSink final : public DatagramSink {
 public:
  struct Group {
    Path path;
    std::size_t size;
    std::size_t datagram_size;
  };
  using Sent = std::vector<std::pair<Path, std::vector<std::uint8_t>>>;

  MutableBytes room() override { return MutableBytes(buffer_).subspan(used_); }
  void commit(const Path& path, std::size_t size, std::size_t datagram_size) override {
    groups_.push_back({path, size, datagram_size});
    used_ += size;
  }
  void send() override {
    Bytes rest = buffer_;
    for (const Group& group : groups_) {
      for (std::size_t left = group.size; left > 0;) {
        const Bytes datagram = rest.first(std::min(left, group.datagram_size));
        sent_.push_back({group.path, {datagram.begin(), datagram.end()}});
        rest = rest.subspan(datagram.size());
        left -= datagram.size();
      }
    }
    groups_.clear();
    used_ = 0;
  }

  /// What was committed since the last send().
  const std::vector<Group>& groups() const { return groups_; }
  /// Sends, and gives all that was sent since the last call.
  Sent take_sent() {
    send();
    return std::exchange(sent_, {});
  }

 private:
  std::vector<std::uint8_t> buffer_ = std::vector<std::uint8_t>(kMinRoom);
  std::size_t used_ = 0;
  std::vector<Group> groups_;
  Sent sent_;
};

}  // namespace sfu
