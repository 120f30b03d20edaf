#pragma once

#include <string_view>
#include <vector>

namespace sfu::server {

/// Without the blanks and line ends around it.
std::string_view trimmed(std::string_view text);

/// The parts of "a, b,c", each trimmed; of an empty text one empty part.
std::vector<std::string_view> split_at_commas(std::string_view text);

}  // namespace sfu::server
