#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/units.h"
#include "endurance/fault_plan.h"

namespace sfu::endurance {

/// Judges whether every viewer's media went on, but for what faults excuse. Time without a decoded
/// frame is a gap; the part of it beyond kContinuous has to lie within the time of faults that
/// touched the stream's viewer or its publisher, each with its recovery. Knows no clock.
class Continuity {
 public:
  /// A frame is decoded this often, whatever a busy machine does.
  static constexpr TimeDelta kContinuous = std::chrono::seconds(1);
  /// From the moment at which a stream could flow to its first frame.
  static constexpr TimeDelta kAppear = std::chrono::seconds(5);

  struct Stream {
    std::string viewer, publisher, media;
    friend auto operator<=>(const Stream&, const Stream&) = default;
    std::string to_string() const { return viewer + " seeing " + media + " of " + publisher; }
  };
  struct Fault {
    std::uint32_t number = 0;
    FaultKind kind = FaultKind::Garbage;
    std::string person;  // Empty: everybody.
    Timestamp begun;
    std::optional<Timestamp> ended;
    TimeDelta longest_gap{};  // Of the streams it touched.
    TimeDelta recovered{};    // From its end to the slowest of them.
  };
  /// What is known of all faults of a kind that ended.
  struct Summary {
    std::vector<TimeDelta> gaps;
    std::vector<TimeDelta> recoveries;
  };
  using OnFailure = std::function<void(const std::string& what)>;

  explicit Continuity(OnFailure on_failure) : on_failure_(std::move(on_failure)) {}

  /// Returns the fault's number.
  std::uint32_t begin_fault(Timestamp now, FaultKind kind, std::string person);
  void end_fault(Timestamp now, std::uint32_t number);
  /// This process itself did not run in that time: what it saw meanwhile proves nothing.
  void excuse_own_absence(Timestamp from, Timestamp until);

  /// What is seen of a stream: whether it has to flow, and its decoded frames so far. To be called
  /// for each stream at short intervals.
  void observe(Timestamp now, const Stream& stream, bool expected, std::uint64_t frames);
  /// Its viewer or publisher is gone for good.
  void forget(const std::string& person);
  /// Takes what no longer matters into the summary.
  void tidy(Timestamp now);

  const std::array<Summary, kFaultKinds>& summaries() const { return summaries_; }
  std::size_t expected_streams() const;
  TimeDelta longest_unexcused() const { return longest_unexcused_; }
  std::uint64_t failures() const { return failures_; }

 private:
  struct Window {
    Timestamp from, until;
  };
  struct Record {
    bool expected = false;
    bool reported = false;
    std::uint64_t frames = 0;
    Timestamp last;
    Timestamp appears_by;
  };

  bool touches(const Fault& fault, const Stream& stream) const;
  std::vector<Window> windows_of(const Stream& stream, const Record& record) const;
  /// Where in the gap the first moment is that nothing excuses.
  std::optional<Timestamp> first_unexcused(const Stream& stream, const Record& record,
                                           Timestamp until) const;
  void judge(Timestamp now, const Stream& stream, Record& record, bool over);
  void note_in_faults(const Stream& stream, Timestamp from, Timestamp until);
  std::string describe_faults(const Stream& stream, Timestamp now) const;

  OnFailure on_failure_;
  std::map<Stream, Record> records_;
  std::deque<Fault> faults_;  // Running, or ended a while ago.
  std::deque<Window> absences_;
  std::array<Summary, kFaultKinds> summaries_;
  std::uint32_t next_fault_ = 1;
  TimeDelta longest_unexcused_{};
  std::uint64_t failures_ = 0;
};

}  // namespace sfu::endurance
