#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <system_error>

#include "base/endpoint.h"
#include "base/http.h"
#include "fuzz/script.h"
#include "signaling/http/cors.h"
#include "signaling/http/static_files.h"

namespace {

namespace fs = std::filesystem;
using namespace sfu;
using fuzz::require;
using fuzz::Script;

void try_address(const std::string& text) {
  const auto address = IpAddress::parse(text);
  if (!address) return;
  require(IpAddress::parse(address->to_string()) == address);
  require(!Endpoint{*address, 1}.to_string().empty());
}

void try_form(const std::string& text) {
  require(decode_form(text).size() <= text.size());
  const auto value = form_parameter(text, "sid");
  require(!value || value->size() <= text.size());
}

std::string lower(std::string text) {
  for (char& c : text)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return text;
}

/// A folder of files with others above it and beside it, one of them under a name that begins as
/// its own. Gone with the process.
class FileTree {
 public:
  FileTree() {
    std::string name = (fs::temp_directory_path() / "text_fuzz-XXXXXX").string();
    require(mkdtemp(name.data()) != nullptr);
    above_ = name;
    for (const char* folder : {"root/a", "roots"}) fs::create_directories(above_ / folder);
    for (const char* file : {"root/index.html", "root/f", "root/a/f"}) write(file, kBelow);
    for (const char* file : {"f", "roots/f", "root/.f"}) write(file, "not to be had");
    fs::create_symlink("../f", above_ / "root/l");
    fs::create_symlink("..", above_ / "root/d");
  }
  FileTree(const FileTree&) = delete;
  FileTree& operator=(const FileTree&) = delete;
  ~FileTree() {
    std::error_code error;
    fs::remove_all(above_, error);
  }

  static constexpr std::string_view kBelow = "below the root";
  fs::path root() const { return above_ / "root"; }

 private:
  void write(const char* file, std::string_view content) const {
    std::ofstream stream(above_ / file);
    require(static_cast<bool>(stream << content));
  }

  fs::path above_;
};

void try_files(const HttpRequest& request) {
  static const FileTree tree;
  static const signaling::StaticFiles files(tree.root());
  static const bool found = files.find({"GET", "/f", {}, {}, {}, {}}).has_value();
  require(found);
  if (const auto response = files.find(request))
    require(response->status == 304 ? response->body.empty() : response->body == FileTree::kBelow);
}

void try_preflight(const signaling::CorsPolicy& policy, const HttpRequest& request) {
  const HttpResponse response = policy.preflight(request);
  require(response.status == 204 && response.body.empty());
  std::size_t allowed = 0;
  for (const auto& [name, value] : response.headers) {
    if (name != "Access-Control-Allow-Headers") continue;
    require(value == request.header("access-control-request-headers"));
    ++allowed;
  }
  require(allowed == (request.header("access-control-request-headers") ? 1 : 0));
}

void try_request(Script& script) {
  static const signaling::CorsPolicy policy({"https://meet.example", "http://localhost:5173"});
  HttpRequest request;
  request.method = script.text(script.byte() % 8);
  request.path = "/" + script.sized_text();
  const std::string origin = script.sized_text();
  request.headers = {
      {"Origin", origin}, {"Host", script.sized_text()}, {"If-None-Match", script.sized_text()}};
  if (!script.done())
    request.headers.emplace_back("Access-Control-Request-Headers", script.sized_text());
  try_files(request);
  try_preflight(policy, request);
  for (const auto& [name, value] : policy.headers(request)) {
    if (name == "Access-Control-Allow-Origin")
      require(lower(value) == "https://meet.example" || lower(value) == "http://localhost:5173");
  }
  if (policy.allows_websocket(request)) {
    // A port that the scheme implies may be named or not.
    std::string host = lower(request.headers[1].second);
    for (const std::string_view port : {":80", ":443"})
      if (host.ends_with(port)) host.resize(host.size() - port.size());
    const std::string from = lower(origin);
    require(from == "https://meet.example" || from == "http://localhost:5173" ||
            from.find("://" + host) != std::string::npos);
  }
}

}  // namespace

/// What comes as text around HTTP: addresses, forms, origins, paths. Properties: an address reads
/// as it writes itself, decoding never grows, no origin but the listed and the request's own host
/// opens a WebSocket, none but the listed is allowed, a preflight allows what was asked for, and no
/// path finds a file above the folder, beside it or hidden in it.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Script script(data, size);
  const std::string text = script.text(size);
  try_address(text);
  try_form(text);
  Script again(data, size);
  try_request(again);
  return 0;
}
