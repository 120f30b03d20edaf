#pragma once

#include <cstddef>

namespace sfu {

/// What all connections together hold of bodies and messages that have not come whole, or of
/// answers that have not left. Each is small; many that never end would take all memory.
class UnfinishedBytes {
 public:
  /// Of each, so much is not counted: most requests of honest clients are no larger.
  static constexpr std::size_t kUncounted = 16 * 1024;

  explicit UnfinishedBytes(std::size_t most) : most_(most) {}

  std::size_t held() const { return held_; }

  /// One connection's part, until it is destroyed.
  class Share {
   public:
    explicit Share(UnfinishedBytes& all) : all_(all) {}
    ~Share() { all_.held_ -= counted_; }
    Share(const Share&) = delete;
    Share& operator=(const Share&) = delete;

    /// From now on it holds so many. False where there is no room for more than it held before.
    bool hold(std::size_t bytes) {
      const std::size_t counted = bytes > kUncounted ? bytes : 0;
      if (counted > counted_ && counted - counted_ > all_.most_ - all_.held_) return false;
      all_.held_ = all_.held_ - counted_ + counted;
      counted_ = counted;
      return true;
    }

   private:
    UnfinishedBytes& all_;
    std::size_t counted_ = 0;
  };

 private:
  const std::size_t most_;
  std::size_t held_ = 0;
};

}  // namespace sfu
