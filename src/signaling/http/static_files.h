#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "base/http.h"

namespace sfu::signaling {

/// The files of a directory as answers. No path leads out of it: "..", hidden files and links that
/// point elsewhere are not found.
class StaticFiles {
 public:
  explicit StaticFiles(const std::filesystem::path& directory);

  /// The answer to a GET of `request.path` (304 where the client's copy is current), or nothing
  /// where there is no such file. "/" is index.html.
  std::optional<HttpResponse> find(const HttpRequest& request) const;

 private:
  std::filesystem::path directory_;
};

/// The media type by the file name's ending.
std::string_view content_type(const std::filesystem::path& file);

}  // namespace sfu::signaling
