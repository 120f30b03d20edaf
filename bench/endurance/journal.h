#pragma once

#include <cstdint>
#include <cstdio>
#include <map>
#include <string>
#include <vector>

#include "base/units.h"

namespace sfu::endurance {

/// What happened when: a line each, as it happens.
class Journal {
 public:
  explicit Journal(Timestamp begun) : begun_(begun), now_(begun) {}

  void set_now(Timestamp now) { now_ = now; }
  void note(const std::string& text) { write("", text); }
  void fail(const std::string& text) {
    write("FAILED: ", text);
    failures_.push_back(at() + " " + text);
  }
  /// What may happen now and then: counted by its text, told once.
  void count(const std::string& text) {
    if (++counts_[text] == 1) note(text + " (told once, counted)");
  }

  const std::vector<std::string>& failures() const { return failures_; }
  const std::map<std::string, std::uint64_t>& counts() const { return counts_; }

 private:
  std::string at() const {
    const auto tenths = (now_ - begun_).count() / 100'000;
    return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10) + " s";
  }
  void write(const char* mark, const std::string& text) {
    std::printf("%10s  %s%s\n", at().c_str(), mark, text.c_str());
    std::fflush(stdout);
  }

  const Timestamp begun_;
  Timestamp now_;
  std::vector<std::string> failures_;
  std::map<std::string, std::uint64_t> counts_;
};

}  // namespace sfu::endurance
