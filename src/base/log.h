#pragma once

#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>

namespace sfu {

enum class LogLevel : int { Debug, Info, Warn, Error, None };

/// One key=value of a log line.
struct LogField {
  std::string_view key;
  std::string value;

  LogField(std::string_view k, std::string_view v) : key(k), value(v) {}
  LogField(std::string_view k, const char* v) : key(k), value(v) {}
  LogField(std::string_view k, const std::string& v) : key(k), value(v) {}
  template <class Number>
  requires std::is_arithmetic_v<Number> LogField(std::string_view k, Number v)
      : key(k), value(std::to_string(v)) {}
};

/// Structured lines on standard error: time, level, component, message, then key=value with values
/// quoted where they need it. Thread-safe. Only the outside world logs; protocol code reports
/// events.
class Logger {
 public:
  /// `component` opens each line ("media", "service").
  Logger(std::string component, LogLevel level);
  ~Logger();
  Logger(const Logger&) = delete;
  Logger& operator=(const Logger&) = delete;

  void debug(std::string_view message, std::initializer_list<LogField> fields = {});
  void info(std::string_view message, std::initializer_list<LogField> fields = {});
  void warn(std::string_view message, std::initializer_list<LogField> fields = {});
  void error(std::string_view message, std::initializer_list<LogField> fields = {});

  bool enabled(LogLevel level) const { return level >= level_; }

 private:
  void write(LogLevel level, std::string_view message, std::initializer_list<LogField> fields);

  struct Sink;
  const LogLevel level_;
  const std::unique_ptr<Sink> sink_;
};

/// `text` as it stands in a log line: bare where it is plain, else in quotes with JSON's escapes.
std::string log_value(std::string_view text);

}  // namespace sfu
