#include "media/retransmission_budget.h"

namespace sfu::media {

bool RetransmissionBudget::take(Timestamp now, std::int64_t number, std::size_t bytes,
                                TimeDelta rtt) {
  if (credit_ < static_cast<std::int64_t>(bytes)) return false;
  if (sent_.empty()) sent_.resize(kRemembered);
  Sent& sent = sent_[static_cast<std::size_t>(number) % kRemembered];
  if (sent.number == number && now - sent.at < std::max(rtt, kMinInterval)) return false;
  sent = {number, now};
  credit_ -= static_cast<std::int64_t>(bytes);
  return true;
}

}  // namespace sfu::media
