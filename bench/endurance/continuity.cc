#include "endurance/continuity.h"

#include <algorithm>

namespace sfu::endurance {
namespace {

/// For so long after its recovery a fault is named beside a failure, and takes gaps that end late.
constexpr TimeDelta kRemembered = std::chrono::seconds(60);

std::string milliseconds(TimeDelta span) { return std::to_string(span.count() / 1000) + " ms"; }

}  // namespace

std::uint32_t Continuity::begin_fault(Timestamp now, FaultKind kind, std::string person) {
  Fault fault;
  fault.number = next_fault_++;
  fault.kind = kind;
  fault.person = std::move(person);
  fault.begun = now;
  faults_.push_back(std::move(fault));
  return faults_.back().number;
}

void Continuity::end_fault(Timestamp now, std::uint32_t number) {
  for (Fault& fault : faults_)
    if (fault.number == number) fault.ended = now;
}

void Continuity::excuse_own_absence(Timestamp from, Timestamp until) {
  absences_.push_back({from, until});
}

bool Continuity::touches(const Fault& fault, const Stream& stream) const {
  const FaultRule& rule = rule_of(fault.kind);
  if (fault.person.empty()) return true;
  return (rule.touched != Touched::Nothing && fault.person == stream.viewer) ||
         (rule.touched == Touched::All && fault.person == stream.publisher);
}

std::vector<Continuity::Window> Continuity::windows_of(const Stream& stream,
                                                       const Record& record) const {
  std::vector<Window> windows(absences_.begin(), absences_.end());
  windows.push_back({record.appears_by - kAppear, record.appears_by});
  for (const Fault& fault : faults_) {
    const TimeDelta recovery = rule_of(fault.kind).recovery;
    if (recovery == TimeDelta(0) || !touches(fault, stream)) continue;
    windows.push_back({fault.begun, fault.ended ? *fault.ended + recovery : Timestamp::max()});
  }
  std::ranges::sort(windows, {}, &Window::from);
  return windows;
}

std::optional<Timestamp> Continuity::first_unexcused(const Stream& stream, const Record& record,
                                                     Timestamp until) const {
  Timestamp excused = record.last + kContinuous;
  if (excused >= until) return std::nullopt;
  for (const Window& window : windows_of(stream, record)) {
    if (window.from > excused) break;
    excused = std::max(excused, window.until);
  }
  return excused < until ? std::optional(excused) : std::nullopt;
}

/// A gap that several faults may have caused says nothing of any of them.
void Continuity::note_in_faults(const Stream& stream, Timestamp from, Timestamp until) {
  const auto meets = [&](const Fault& fault) {
    const Timestamp end = fault.ended.value_or(until) + rule_of(fault.kind).recovery;
    // What a fault without a recovery has to leave alone is still looked at for a second.
    return until >= fault.begun && from <= std::max(end, fault.begun + kContinuous);
  };
  const auto excuses = [&](const Fault& fault) {
    return rule_of(fault.kind).recovery != TimeDelta(0) && touches(fault, stream);
  };
  for (Fault& fault : faults_) {
    const bool is_of_person =
        fault.person.empty() || fault.person == stream.viewer || fault.person == stream.publisher;
    const bool is_alone = std::ranges::none_of(faults_, [&](const Fault& other) {
      return &other != &fault && excuses(other) && meets(other);
    });
    if (!is_of_person || !is_alone || !meets(fault)) continue;
    fault.longest_gap = std::max(fault.longest_gap, until - from);
    if (fault.ended && from <= *fault.ended && until > *fault.ended)
      fault.recovered = std::max(fault.recovered, until - *fault.ended);
  }
}

std::string Continuity::describe_faults(const Stream& stream, Timestamp now) const {
  std::string text;
  for (const Fault& fault : faults_) {
    if (!fault.person.empty() && fault.person != stream.viewer && fault.person != stream.publisher)
      continue;
    text += "; fault " + std::to_string(fault.number) + " (" +
            std::string(endurance::to_string(fault.kind)) + " of " +
            (fault.person.empty() ? "everybody" : fault.person) + ") began " +
            milliseconds(now - fault.begun) + " ago";
    if (fault.ended) text += ", ended " + milliseconds(now - *fault.ended) + " ago";
  }
  return text.empty() ? "; no fault near" : text;
}

void Continuity::judge(Timestamp now, const Stream& stream, Record& record, bool over) {
  if (record.reported) return;
  const auto unexcused = first_unexcused(stream, record, now);
  if (!unexcused) return;
  record.reported = true;
  ++failures_;
  longest_unexcused_ = std::max(longest_unexcused_, now - *unexcused);
  on_failure_(stream.to_string() + ": no frame " + (over ? "had come for " : "has come for ") +
              milliseconds(now - record.last) + describe_faults(stream, now));
}

void Continuity::observe(Timestamp now, const Stream& stream, bool expected, std::uint64_t frames) {
  Record& record = records_[stream];
  if (expected && !record.expected) {
    record.appears_by = now + kAppear;
    record.last = now;
    record.reported = false;
    record.frames = frames;
  }
  record.expected = expected;
  if (!expected) return;
  const bool came = frames != record.frames;
  judge(now, stream, record, came);
  if (!came) return;
  note_in_faults(stream, record.last, now);
  record.frames = frames;
  record.last = now;
  record.reported = false;
}

void Continuity::forget(const std::string& person) {
  std::erase_if(records_, [&](const auto& entry) {
    return entry.first.viewer == person || entry.first.publisher == person;
  });
}

void Continuity::tidy(Timestamp now) {
  while (!absences_.empty() && absences_.front().until + kRemembered < now) absences_.pop_front();
  std::erase_if(faults_, [&](const Fault& fault) {
    if (!fault.ended || *fault.ended + rule_of(fault.kind).recovery + kRemembered > now)
      return false;
    Summary& summary = summaries_[static_cast<std::size_t>(fault.kind)];
    summary.gaps.push_back(fault.longest_gap);
    summary.recoveries.push_back(fault.recovered);
    return true;
  });
}

std::size_t Continuity::expected_streams() const {
  return static_cast<std::size_t>(
      std::ranges::count_if(records_, [](const auto& entry) { return entry.second.expected; }));
}

}  // namespace sfu::endurance
