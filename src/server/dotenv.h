#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace sfu::server {

/// What a `.env` file says. Lines that are no `KEY=VALUE` are told by number and never shown: they
/// may be part of a secret.
struct Dotenv {
  std::map<std::string, std::string> values;
  std::vector<std::size_t> ignored_lines;       ///< 1-based.
  std::vector<std::string> unclosed_quotes_of;  ///< Keys whose value never ends.
};

/// Reads the format that npm's dotenv made usual: comments, `export`, values bare, in single quotes
/// (as they stand) or in double quotes (with \n, \r, \t, \\ and \"), quoted ones over several
/// lines. A bare value ends at " #". Of a key that comes twice the later counts.
Dotenv parse_dotenv(std::string_view text);

}  // namespace sfu::server
