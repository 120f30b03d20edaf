#include "server/ending.h"

#include <algorithm>
#include <utility>

#include "io/clock.h"

namespace sfu::server {

Ending::Ending(boost::asio::io_context& context, service::MediasoupServer& service,
               signaling::Gateway& gateway, Logger& log, TimeDelta longest_drain)
    : service_(service),
      gateway_(gateway),
      log_(log),
      longest_drain_(longest_drain),
      shutdown_(longest_drain),
      timer_(context) {}

void Ending::begin(Shutdown::Wish wish, std::function<void()> ended) {
  if (!ended_) ended_ = std::move(ended);
  const auto before = shutdown_.phase();
  shutdown_.handle_wish(io::monotonic_now(), wish);
  follow(before);
}

/// Does what lies between the phase before and the one now.
void Ending::follow(Shutdown::Phase before) {
  const auto now = shutdown_.phase();
  if (now == before) return;
  arm_timer();
  if (before == Shutdown::Phase::Serving) {
    const bool drains = now == Shutdown::Phase::Draining;
    const TimeDelta left = drains ? longest_drain_ : TimeDelta(0);
    log_.info(
        drains && service_.has_meetings() ? "draining: meetings may end, none begins" : "ending",
        {{"rooms", service_.rooms().size()},
         {"peer_to_peer_rooms", service_.peer_to_peer().room_count()},
         {"seconds", std::chrono::duration_cast<std::chrono::seconds>(left).count()}});
    service_.drain(left, [this] {
      const auto phase = shutdown_.phase();
      shutdown_.handle_no_meetings(io::monotonic_now());
      follow(phase);
    });
  }
  if (now == Shutdown::Phase::Closing) {
    if (service_.has_meetings())
      log_.info("meetings end", {{"rooms", service_.rooms().size()},
                                 {"peer_to_peer_rooms", service_.peer_to_peer().room_count()}});
    gateway_.stop([this] {
      const auto phase = shutdown_.phase();
      shutdown_.handle_connections_gone();
      follow(phase);
    });
  }
  if (now == Shutdown::Phase::Ended) ended_();
}

void Ending::arm_timer() {
  timer_.cancel();
  const auto next = shutdown_.next_timeout();
  if (!next) return;
  timer_.expires_after(std::max(*next - io::monotonic_now(), TimeDelta(0)));
  timer_.async_wait([this](const boost::system::error_code& error) {
    if (error) return;
    const auto phase = shutdown_.phase();
    shutdown_.handle_timeout(io::monotonic_now());
    follow(phase);
    if (shutdown_.phase() == phase) arm_timer();
  });
}

}  // namespace sfu::server
