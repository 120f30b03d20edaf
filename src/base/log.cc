#include "base/log.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>

namespace sfu {
namespace {

bool is_plain(unsigned char c) { return c > ' ' && c != '"' && c != '=' && c != '\\' && c < 0x7f; }

void append_escaped(std::string& out, unsigned char c) {
  switch (c) {
    case '"': out += "\\\""; return;
    case '\\': out += "\\\\"; return;
    case '\n': out += "\\n"; return;
    case '\r': out += "\\r"; return;
    case '\t': out += "\\t"; return;
    default: break;
  }
  if (c >= 0x20 && c != 0x7f) {
    out += static_cast<char>(c);
    return;
  }
  constexpr std::string_view kDigits = "0123456789abcdef";
  out += "\\u00";
  out += kDigits[c >> 4];
  out += kDigits[c & 0x0f];
}

spdlog::level::level_enum spdlog_level(LogLevel level) {
  constexpr std::array kLevels = {spdlog::level::debug, spdlog::level::info, spdlog::level::warn,
                                  spdlog::level::err, spdlog::level::off};
  return kLevels[static_cast<std::size_t>(level)];
}

}  // namespace

std::string log_value(std::string_view text) {
  if (!text.empty() && std::all_of(text.begin(), text.end(),
                                   [](char c) { return is_plain(static_cast<unsigned char>(c)); }))
    return std::string(text);
  std::string quoted = "\"";
  for (const char c : text) append_escaped(quoted, static_cast<unsigned char>(c));
  return quoted += '"';
}

struct Logger::Sink {
  spdlog::logger logger;
};

Logger::Logger(std::string component, LogLevel level)
    : level_(level),
      sink_(new Sink{spdlog::logger(std::move(component),
                                    std::make_shared<spdlog::sinks::stderr_sink_mt>())}) {
  sink_->logger.set_pattern("%Y-%m-%dT%H:%M:%S.%eZ %l %n: %v", spdlog::pattern_time_type::utc);
  sink_->logger.set_level(spdlog_level(level));
  sink_->logger.flush_on(spdlog::level::debug);
}

Logger::~Logger() = default;

void Logger::write(LogLevel level, std::string_view message,
                   std::initializer_list<LogField> fields) {
  if (!enabled(level)) return;
  std::string line(message);
  for (const LogField& field : fields) {
    line += ' ';
    line += field.key;
    line += '=';
    line += log_value(field.value);
  }
  sink_->logger.log(spdlog_level(level), "{}", line);
}

void Logger::debug(std::string_view m, std::initializer_list<LogField> f) {
  write(LogLevel::Debug, m, f);
}
void Logger::info(std::string_view m, std::initializer_list<LogField> f) {
  write(LogLevel::Info, m, f);
}
void Logger::warn(std::string_view m, std::initializer_list<LogField> f) {
  write(LogLevel::Warn, m, f);
}
void Logger::error(std::string_view m, std::initializer_list<LogField> f) {
  write(LogLevel::Error, m, f);
}

}  // namespace sfu
