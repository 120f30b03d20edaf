#include "media/room_levels.h"

#include <algorithm>
#include <utility>

namespace sfu::media {
namespace {

/// Of the way to what was heard now: words count soon, pauses late.
constexpr float kAttack = 0.5F;
constexpr float kDecay = 0.2F;
/// Decibels below which a smoothed activity is none.
constexpr float kNothing = 1;
/// Another one is ahead where it has so much more than the speaker.
constexpr float kLeadFactor = 1.25F;
constexpr float kLeadDecibels = 3;

float decibels_of_speech(int volume) {
  return static_cast<float>(std::max(0, volume - SpeakerElection::kSpeech));
}

}  // namespace

void SpeakerElection::handle_report(Timestamp now, const std::vector<AudioLevel>& levels) {
  for (auto& [producer, activity] : activity_) {
    const auto heard = std::ranges::find(levels, producer, &AudioLevel::producer);
    const float speech = heard == levels.end() ? 0 : decibels_of_speech(heard->volume);
    activity += (speech - activity) * (speech > activity ? kAttack : kDecay);
  }
  const AudioLevel* loudest = nullptr;
  for (const AudioLevel& level : levels) {
    const float speech = decibels_of_speech(level.volume);
    if (speech <= 0) continue;
    last_speech_ = now;
    activity_.try_emplace(level.producer, speech * kAttack);
    if (!loudest || activity_.at(level.producer) > activity_.at(loudest->producer))
      loudest = &level;
  }
  std::erase_if(activity_, [](const auto& entry) { return entry.second < kNothing; });

  if (!loudest) {
    if (speaker_ && now - last_speech_ >= kSilenceSpan) speaker_.reset();
    challenger_.reset();
    return;
  }
  const auto activity_of = [&](ProducerId producer) {
    const auto found = activity_.find(producer);
    return found == activity_.end() ? 0 : found->second;
  };
  if (!speaker_) speaker_ = loudest->producer;
  const bool leads =
      *speaker_ != loudest->producer &&
      activity_of(loudest->producer) >= activity_of(*speaker_) * kLeadFactor + kLeadDecibels;
  if (!leads) {
    challenger_.reset();
    return;
  }
  if (challenger_ != loudest->producer) reports_ahead_ = 0;
  challenger_ = loudest->producer;
  if (++reports_ahead_ >= kReportsAhead) speaker_ = std::exchange(challenger_, std::nullopt);
}

RoomLevels::News RoomLevels::handle_report(Timestamp now, std::size_t worker,
                                           std::vector<AudioLevel> levels) {
  reports_[worker] = {now, std::move(levels)};
  if (told_at_ && now - *told_at_ < kInterval) return {};
  std::erase_if(reports_, [now](const auto& entry) { return now - entry.second.at > kReportAge; });
  levels_.clear();
  for (const auto& [index, report] : reports_)
    levels_.insert(levels_.end(), report.levels.begin(), report.levels.end());
  std::ranges::sort(levels_, [](const AudioLevel& a, const AudioLevel& b) {
    return a.volume != b.volume ? a.volume > b.volume : a.producer < b.producer;
  });
  if (levels_.size() > AudioMeters::kMaxLevels) levels_.resize(AudioMeters::kMaxLevels);
  election_.handle_report(now, levels_);
  told_at_ = now;
  const News news{.levels = !levels_.empty() || !told_silence_,
                  .speaker = election_.speaker() != told_speaker_};
  told_silence_ = levels_.empty();
  told_speaker_ = election_.speaker();
  has_told_speaker_ |= news.speaker;
  return news;
}

}  // namespace sfu::media
