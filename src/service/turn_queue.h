#pragma once

#include <boost/asio/any_completion_handler.hpp>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <deque>
#include <string>
#include <unordered_map>
#include <utility>

namespace sfu::service {

namespace asio = boost::asio;

/// Lets one coroutine at a time work on each key, in the order in which they asked. At most as many
/// wait as there are connections, as each runs one request at a time.
class TurnQueue {
 public:
  explicit TurnQueue(asio::any_io_executor executor) : executor_(std::move(executor)) {}

  /// Runs `work` when it is its turn.
  asio::awaitable<void> run(std::string key, asio::awaitable<void> work) {
    co_await enter(key);
    try {
      co_await std::move(work);
    } catch (...) {
      leave(key);
      throw;
    }
    leave(key);
  }

  std::size_t busy_keys() const { return waiting_.size(); }

 private:
  using Waiter = asio::any_completion_handler<void()>;

  asio::awaitable<void> enter(const std::string& key) {
    const auto [entry, is_free] = waiting_.try_emplace(key);
    if (is_free) co_return;
    std::deque<Waiter>& line = entry->second;
    co_await asio::async_initiate<const asio::use_awaitable_t<>&, void()>(
        [&line](auto handler) { line.emplace_back(std::move(handler)); }, asio::use_awaitable);
  }

  void leave(const std::string& key) {
    const auto entry = waiting_.find(key);
    if (entry->second.empty()) {
      waiting_.erase(entry);
      return;
    }
    Waiter next = std::move(entry->second.front());
    entry->second.pop_front();
    asio::post(executor_, std::move(next));
  }

  const asio::any_io_executor executor_;
  std::unordered_map<std::string, std::deque<Waiter>> waiting_;  // A key is here while it is busy.
};

}  // namespace sfu::service
