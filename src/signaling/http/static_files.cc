#include "signaling/http/static_files.h"

#include <array>
#include <charconv>
#include <fstream>
#include <iterator>
#include <system_error>

namespace sfu::signaling {

namespace {

namespace fs = std::filesystem;

constexpr std::uintmax_t kMaxFileSize = 64 * 1024 * 1024;

/// Whether each part of the decoded path is a plain name.
bool is_safe(std::string_view path) {
  if (!path.starts_with('/') || path.find('\0') != std::string_view::npos ||
      path.find('\\') != std::string_view::npos)
    return false;
  return path.find("/.") == std::string_view::npos;
}

/// "%2e" and the like; unlike in a query, '+' stands for itself.
std::string decode_path(std::string_view path) {
  std::string escaped;
  for (const char c : path) {
    if (c == '+') {
      escaped += "%2B";
    } else {
      escaped += c;
    }
  }
  return decode_form(escaped);
}

/// Changes whenever the file is built anew.
std::string etag_of(const fs::path& file, std::uintmax_t size) {
  std::error_code error;
  const auto written = fs::last_write_time(file, error).time_since_epoch().count();
  std::array<char, 40> text{};
  char* end = std::to_chars(text.data(), text.data() + 20, size, 16).ptr;
  *end++ = '-';
  end = std::to_chars(end, text.data() + text.size(), written, 16).ptr;
  return "\"" + std::string(text.data(), end) + "\"";
}

}  // namespace

StaticFiles::StaticFiles(const fs::path& directory) {
  std::error_code error;
  directory_ = fs::weakly_canonical(directory, error);
}

std::optional<HttpResponse> StaticFiles::find(const HttpRequest& request) const {
  const std::string path = decode_path(request.path);
  if (!is_safe(path)) return std::nullopt;
  std::error_code error;
  const fs::path file = fs::canonical(
      directory_ / (path.ends_with('/') ? path.substr(1) + "index.html" : path.substr(1)), error);
  if (error || !fs::is_regular_file(file, error)) return std::nullopt;
  const auto [rest, end] =
      std::mismatch(directory_.begin(), directory_.end(), file.begin(), file.end());
  if (rest != directory_.end()) return std::nullopt;
  const std::uintmax_t size = fs::file_size(file, error);
  if (error || size > kMaxFileSize) return std::nullopt;

  HttpResponse response;
  response.content_type = content_type(file);
  const std::string etag = etag_of(file, size);
  // The bundler names all but the page itself by content.
  const bool named_by_content = path.starts_with("/assets/");
  response.headers = {
      {"ETag", etag},
      {"Cache-Control", named_by_content ? "public, max-age=31536000, immutable" : "no-cache"},
      {"X-Content-Type-Options", "nosniff"}};
  if (request.header("if-none-match") == etag) {
    response.status = 304;
    return response;
  }
  std::ifstream stream(file, std::ios::binary);
  if (!stream) return std::nullopt;
  response.body.assign(std::istreambuf_iterator<char>(stream), {});
  return response;
}

std::string_view content_type(const fs::path& file) {
  struct Type {
    std::string_view extension, type;
  };
  static constexpr std::array<Type, 14> kTypes = {{
      {".html", "text/html; charset=UTF-8"},
      {".js", "text/javascript; charset=UTF-8"},
      {".mjs", "text/javascript; charset=UTF-8"},
      {".css", "text/css; charset=UTF-8"},
      {".json", "application/json"},
      {".map", "application/json"},
      {".svg", "image/svg+xml"},
      {".png", "image/png"},
      {".ico", "image/x-icon"},
      {".webp", "image/webp"},
      {".woff2", "font/woff2"},
      {".wasm", "application/wasm"},
      {".txt", "text/plain; charset=UTF-8"},
      {".webmanifest", "application/manifest+json"},
  }};
  const std::string extension = file.extension().string();
  for (const Type& type : kTypes)
    if (type.extension == extension) return type.type;
  return "application/octet-stream";
}

}  // namespace sfu::signaling
