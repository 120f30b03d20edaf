#include "server/dotenv.h"

#include <algorithm>
#include <optional>

#include "server/setting_text.h"

namespace sfu::server {
namespace {

constexpr std::string_view kBlanks = " \t\r";

bool is_key(std::string_view text) {
  const auto is_key_character = [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '.' || c == '-';
  };
  return !text.empty() && std::all_of(text.begin(), text.end(), is_key_character);
}

char unescaped(char letter) {
  switch (letter) {
    case 'n': return '\n';
    case 'r': return '\r';
    case 't': return '\t';
    default: return letter;
  }
}

/// Walks over the text line by line; a quoted value may take several.
class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {
    if (rest_.starts_with("\xef\xbb\xbf")) rest_.remove_prefix(3);  // A byte order mark.
  }

  Dotenv read() {
    while (!rest_.empty()) read_line();
    return std::move(result_);
  }

 private:
  void read_line() {
    ++line_;
    const auto line = trimmed(rest_.substr(0, rest_.find('\n')));
    const auto equals = rest_.substr(0, rest_.find('\n')).find('=');
    if (line.empty() || line.starts_with('#')) return skip_line();

    auto key = equals == std::string_view::npos ? std::string_view{} : rest_.substr(0, equals);
    key = trimmed(key);
    if (key.starts_with("export ") || key.starts_with("export\t")) key = trimmed(key.substr(7));
    if (!is_key(key)) {
      result_.ignored_lines.push_back(line_);
      return skip_line();
    }
    const std::string name(key);
    rest_.remove_prefix(equals + 1);
    read_value(name);
  }

  void read_value(const std::string& name) {
    const auto line = rest_.substr(0, rest_.find('\n'));
    const auto first = line.find_first_not_of(kBlanks);
    const char quote = first == std::string_view::npos ? '\0' : line[first];
    if (quote != '"' && quote != '\'') {
      result_.values[name] = bare(line);
      return skip_line();
    }
    const auto value = quoted(rest_.substr(first + 1), quote);
    if (!value) {
      result_.unclosed_quotes_of.push_back(name);
      return skip_line();
    }
    result_.values[name] = *value;
    skip_line();  // What stands behind the closing quote is a comment or nothing.
  }

  static std::string bare(std::string_view line) {
    auto value = trimmed(line);
    if (value.starts_with('#')) return {};
    for (const std::string_view comment : {" #", "\t#"})
      value = value.substr(0, std::min(value.size(), value.find(comment)));
    return std::string(trimmed(value));
  }

  /// The value up to its closing quote; then `rest_` stands behind that.
  std::optional<std::string> quoted(std::string_view text, char quote) {
    std::string value;
    const auto first_line = line_;
    for (std::size_t i = 0; i < text.size(); ++i) {
      if (text[i] == quote) {
        rest_ = text.substr(i + 1);
        return value;
      }
      if (text[i] == '\n') ++line_;
      if (quote == '"' && text[i] == '\\' && i + 1 < text.size())
        value += unescaped(text[++i]);
      else if (text[i] != '\r')
        value += text[i];
    }
    line_ = first_line;
    return std::nullopt;
  }

  void skip_line() {
    const auto end = rest_.find('\n');
    rest_ = end == std::string_view::npos ? std::string_view{} : rest_.substr(end + 1);
  }

  std::string_view rest_;
  std::size_t line_ = 0;
  Dotenv result_;
};

}  // namespace

Dotenv parse_dotenv(std::string_view text) { return Reader(text).read(); }

}  // namespace sfu::server
