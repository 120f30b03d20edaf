#include "server/shutdown.h"

namespace sfu::server {

void Shutdown::handle_wish(Timestamp now, Wish wish) {
  switch (phase_) {
    case Phase::Serving:
      if (wish == Wish::EndMeetings || longest_drain_ <= TimeDelta(0)) return close(now);
      phase_ = Phase::Draining;
      deadline_ = now + longest_drain_;
      return;
    case Phase::Draining: return close(now);
    case Phase::Closing: return end();
    case Phase::Ended: return;
  }
}

void Shutdown::handle_no_meetings(Timestamp now) {
  if (phase_ == Phase::Draining) close(now);
}

void Shutdown::handle_connections_gone() {
  if (phase_ == Phase::Closing) end();
}

void Shutdown::handle_timeout(Timestamp now) {
  if (!deadline_ || now < *deadline_) return;
  if (phase_ == Phase::Draining)
    close(now);
  else
    end();
}

void Shutdown::close(Timestamp now) {
  phase_ = Phase::Closing;
  deadline_ = now + kLongestClosing;
}

void Shutdown::end() {
  phase_ = Phase::Ended;
  deadline_.reset();
}

}  // namespace sfu::server
