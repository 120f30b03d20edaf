#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <vector>

#include "base/ids.h"
#include "base/units.h"
#include "media/audio_meter.h"

namespace sfu::media {

/// Who speaks, so that a meeting can show one person large. Whoever begins is it at once; after
/// that another one must have been clearly louder for a while, so that a cough or a "yes" moves
/// nobody. Who pauses for breath stays; after kSilenceSpan without a word of anybody it is nobody.
class SpeakerElection {
 public:
  /// Quieter is no speech.
  static constexpr int kSpeech = -60;
  static constexpr TimeDelta kSilenceSpan = std::chrono::seconds(2);
  /// Reports in a row in which another one has to be ahead.
  static constexpr int kReportsAhead = 2;

  /// The volumes of one report, about three a second; who is not in it is silent.
  void handle_report(Timestamp now, const std::vector<AudioLevel>& levels);
  /// Those of whom `sounds(ProducerId)` is false have closed or paused: they count no more.
  template <class Sounds>
  void forget_unless(Sounds&& sounds) {
    std::erase_if(activity_, [&](const auto& entry) { return !sounds(entry.first); });
    if (speaker_ && !sounds(*speaker_)) speaker_.reset();
    if (challenger_ && !sounds(*challenger_)) challenger_.reset();
  }
  const std::optional<ProducerId>& speaker() const { return speaker_; }

 private:
  /// How much each has spoken lately: decibels above kSpeech, smoothed. Only those above nothing.
  std::map<ProducerId, float> activity_;
  std::optional<ProducerId> speaker_;
  std::optional<ProducerId> challenger_;
  int reports_ahead_ = 0;
  Timestamp last_speech_{};
};

/// What a whole room, on whatever workers it is, is told of its volumes: the latest reports of all
/// workers in one, no more often than kInterval, and who speaks.
class RoomLevels {
 public:
  static constexpr TimeDelta kInterval = std::chrono::milliseconds(300);
  /// A report older than this says nothing any more: its worker has fallen silent.
  static constexpr TimeDelta kReportAge = std::chrono::seconds(1);

  /// What the room is to be told now; silence is told once.
  struct News {
    bool levels = false;
    bool speaker = false;
  };
  /// What `worker` has heard since its last report.
  News handle_report(Timestamp now, std::size_t worker, std::vector<AudioLevel> levels);
  /// As SpeakerElection has it, for what all workers have reported.
  template <class Sounds>
  void forget_unless(Sounds&& sounds) {
    for (auto& [worker, report] : reports_)
      std::erase_if(report.levels,
                    [&](const AudioLevel& level) { return !sounds(level.producer); });
    election_.forget_unless(sounds);
  }

  /// Loudest first, at most AudioMeters::kMaxLevels.
  const std::vector<AudioLevel>& levels() const { return levels_; }
  const std::optional<ProducerId>& speaker() const { return election_.speaker(); }
  /// There has been news of a speaker.
  bool has_told_speaker() const { return has_told_speaker_; }

 private:
  struct Report {
    Timestamp at{};
    std::vector<AudioLevel> levels;
  };
  std::map<std::size_t, Report> reports_;  // By worker.
  std::vector<AudioLevel> levels_;
  std::optional<Timestamp> told_at_;
  bool told_silence_ = true;
  std::optional<ProducerId> told_speaker_;
  bool has_told_speaker_ = false;
  SpeakerElection election_;
};

}  // namespace sfu::media
