#include "dtls/retransmission.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace sfu::dtls {

void Retransmission::start(Timestamp now, std::vector<Flight> flights) {
  flights_ = std::move(flights);
  current_ = 0;
  delay_ = kInitialDelay;
  deadline_ = now + delay_;
}

void Retransmission::stop_timer() { deadline_.reset(); }

void Retransmission::forget() {
  flights_.clear();
  deadline_.reset();
}

void Retransmission::handle_timeout(Timestamp now, Fifo<DatagramBytes>& outbox) {
  if (!deadline_ || now < *deadline_) return;
  repeat(outbox);
  delay_ = std::min(2 * delay_, kMaxDelay);
  deadline_ = now + delay_;
}

void Retransmission::repeat_on_demand(Timestamp now, Fifo<DatagramBytes>& outbox) {
  if (last_demand_ && now < *last_demand_ + kInitialDelay) return;
  last_demand_ = now;
  repeat(outbox);
}

void Retransmission::repeat(Fifo<DatagramBytes>& outbox) {
  if (flights_.empty()) return;
  current_ = std::min(current_ + 1, flights_.size() - 1);
  std::ranges::copy(flights_[current_], std::back_inserter(outbox));
}

}  // namespace sfu::dtls
