#pragma once

#include <optional>
#include <utility>

#include "base/token_bucket.h"

namespace sfu::service {

/// What costs something to find out: it is found out as often as the rate allows, and whoever asks
/// more often is told what was found last.
template <class Answer>
class KeptAnswer {
 public:
  KeptAnswer(const Rate& rate, Timestamp now) : bucket_(rate, now) {}

  /// What there is to repeat. Nothing where it is to be found out anew; keep() is to follow.
  const Answer* repeat(Timestamp now) { return bucket_.take(now) || !last_ ? nullptr : &*last_; }
  const Answer& keep(Answer answer) {
    last_ = std::move(answer);
    return *last_;
  }

 private:
  TokenBucket bucket_;
  std::optional<Answer> last_;
};

}  // namespace sfu::service
