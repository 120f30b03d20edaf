#include "media/consumer.h"

#include <algorithm>
#include <utility>

// What a consumer waits for, whom it tells of it, and when.

namespace sfu::media {
namespace {

std::uint32_t bit(std::size_t index) { return std::uint32_t{1} << index; }

}  // namespace

void Consumer::set_viewed(std::optional<std::uint8_t> stream) {
  if (viewed_ == stream) return;
  if (viewed_) source()->end_view(*viewed_);
  viewed_ = stream;
  if (viewed_) source()->begin_view(*viewed_);
}

void Consumer::update_waits(Timestamp now) {
  if (!is_video() || !source()) return;
  std::uint32_t waits = 0;
  if (can_flow()) {
    waits = selector_->wanted(now, *source());
    if (needs_refresh_ && numbering_.active()) waits |= bit(numbering_.stream());
  }
  const std::uint32_t before = std::exchange(waits_, waits);
  for (std::size_t i = 0; i < source()->stream_count(); ++i) {
    if ((waits & ~before & bit(i)) != 0) source()->begin_wait(now, i);
    if ((before & ~waits & bit(i)) != 0) source()->end_wait(i);
  }
  const bool stands_still = can_flow() && !numbering_.active();
  if (!stands_still) {
    stands_still_since_.reset();
  } else if (!stands_still_since_) {
    stands_still_since_ = now;
    told_that_it_waits_ = false;
    note_deadline_moved();
  }
}

void Consumer::update_layers(Timestamp now) {
  if (type_ == ConsumerType::Simple || !source()) return;
  const auto layers = current_layers();
  // An SVC stream's layers are known once its first key picture is complete.
  if (layers == told_layers_) tell_again_.reset();
  if (layers == told_layers_ || (!layers && numbering_.active() && !rests_)) return;
  if (!tellings_.take(now)) {
    if (tell_again_) return;
    tell_again_ = now + kTellingPause;
    note_deadline_moved();
    return;
  }
  told_layers_ = layers;
  tell_again_.reset();
  source()->events().post(LayersChanged{id_, layers});
}

void Consumer::note_deadline_moved() {
  if (tells_deadline_) tells_deadline_ = !source()->events().post(DeadlineMoved{id_});
}

void Consumer::handle_timeout(Timestamp now) {
  if (!source()) return;
  if (silence_check_ && now >= *silence_check_) {
    silence_check_ = selector_->check_silence(now, *source());
    const auto& last = source()->stream(numbering_.stream()).last_media;
    rests_ = numbering_.active() && last && now - *last >= kRest;
    update_waits(now);
    update_layers(now);
  }
  if (tell_again_ && now >= *tell_again_) {
    tell_again_.reset();
    update_layers(now);
  }
  if (stands_still_since_ && !told_that_it_waits_ &&
      now >= *stands_still_since_ + kStandstillReport) {
    told_that_it_waits_ = true;
    source()->events().post(
        Diagnosis{Diagnosis::Kind::WaitsForKeyFrame, id_, producer_, now - *stands_still_since_});
  }
  if (awaits_first_resume_ && now >= created_ + kNeverResumedReport) {
    awaits_first_resume_ = false;
    source()->events().post(
        Diagnosis{Diagnosis::Kind::NeverResumed, id_, producer_, now - created_});
  }
}

std::optional<Timestamp> Consumer::next_timeout() const {
  if (!source()) return std::nullopt;
  std::optional<Timestamp> next = reports_.next_timeout();
  const auto consider = [&](Timestamp at) {
    if (!next || at < *next) next = at;
  };
  if (silence_check_) consider(*silence_check_);
  if (tell_again_) consider(*tell_again_);
  if (stands_still_since_ && !told_that_it_waits_)
    consider(*stands_still_since_ + kStandstillReport);
  if (awaits_first_resume_) consider(created_ + kNeverResumedReport);
  return next;
}

}  // namespace sfu::media
