#include "media/audio_meter.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace sfu::media {
namespace {

constexpr std::size_t kLevels = 128;

/// The power of each level of RFC 6464.
constexpr std::array<float, kLevels> kPower = [] {
  constexpr double kDecibel = 0.7943282347242815;  // Ten of these are a tenth.
  std::array<float, kLevels> powers{};
  double power = 1;
  for (float& entry : powers) {
    entry = static_cast<float>(power);
    power *= kDecibel;
  }
  return powers;
}();

}  // namespace

bool AudioMeters::take_levels(std::vector<AudioLevel>& levels) {
  const std::size_t before = levels.size();
  for (AudioMeter* meter : meters_)
    if (const int volume = meter->take_volume(); volume > kInaudible)
      levels.push_back({meter->producer_, volume});
  const auto first = levels.begin() + static_cast<std::ptrdiff_t>(before);
  std::sort(first, levels.end(),
            [](const AudioLevel& a, const AudioLevel& b) { return a.volume > b.volume; });
  if (levels.size() > before + kMaxLevels) levels.resize(before + kMaxLevels);
  quiet_looks_ = levels.size() > before ? 0 : quiet_looks_ + 1;
  awake_ = quiet_looks_ < kQuietLooks;
  return awake_;
}

void AudioMeters::wake(Timestamp now) {
  quiet_looks_ = 0;
  awake_ = events_.post(RoomAudible{router_, now});
}

AudioMeter::AudioMeter(ProducerId producer, AudioMeters& meters)
    : producer_(producer), meters_(meters), place_(meters.meters_.size()) {
  meters_.meters_.push_back(this);
}

AudioMeter::~AudioMeter() {
  std::vector<AudioMeter*>& all = meters_.meters_;
  all[place_] = all.back();
  all[place_]->place_ = place_;
  all.pop_back();
}

void AudioMeter::handle_level(Timestamp now, std::uint8_t level) {
  power_ += kPower[level & (kLevels - 1)];
  ++packets_;
  if (level < -kInaudible && !meters_.awake_) meters_.wake(now);
}

void AudioMeter::forget() {
  power_ = 0;
  packets_ = 0;
}

int AudioMeter::take_volume() {
  if (packets_ == 0) return kSilence;
  const float decibels = 10 * std::log10(power_ / static_cast<float>(packets_));
  forget();
  return std::clamp(static_cast<int>(std::lround(decibels)), kSilence, 0);
}

}  // namespace sfu::media
