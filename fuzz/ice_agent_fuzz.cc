#include <algorithm>
#include <cstdlib>
#include <set>
#include <vector>

#include "fuzz/script.h"
#include "ice/lite_agent.h"
#include "ice/scripted_check_for_test.h"

namespace {

using namespace sfu;

using fuzz::require;
using fuzz::Script;

Path path_of(std::uint8_t n) {
  std::array<std::uint8_t, 16> six{0x20, 0x01, 0x0d, 0xb8};
  six[15] = n;
  const bool v6 = (n & 0x40) != 0;
  return {{v6 ? IpAddress::v6({0x20, 0x01, 0x0d, 0xb8}) : IpAddress::v4(0xC0000201), 40000},
          {v6 ? IpAddress::v6(six) : IpAddress::v4(0xC6336400U + (n & 0x3F)), 5000},
          (n & 0x80) != 0 ? IpProtocol::Tcp : IpProtocol::Udp};
}

/// What the owner of an agent believes from its events alone.
struct Owner {
  void apply(const ice::Event& event) {
    if (const auto* added = std::get_if<ice::PathAdded>(&event))
      require(paths.insert(added->path).second);
    if (const auto* removed = std::get_if<ice::PathRemoved>(&event))
      require(paths.erase(removed->path) == 1);
    if (const auto* moved = std::get_if<ice::SelectedPathChanged>(&event)) {
      require(moved->from == selected && moved->to != selected);
      selected = moved->to;
    }
    if (const auto* changed = std::get_if<ice::StateChanged>(&event)) {
      require(changed->from == state && changed->to != state);
      require(changed->to != ice::State::New);
      state = changed->to;
    }
  }

  std::set<Path> paths;
  std::optional<Path> selected;
  ice::State state = ice::State::New;
};

class Scenario {
 public:
  explicit Scenario(Bytes bytes) : script_(bytes) {}

  void run() {
    while (!script_.done()) step();
  }

 private:
  void step() {
    switch (script_.byte() % 6) {
      case 0:
      case 1: check(); break;
      case 2: raw(); break;
      case 3: now_ += std::chrono::milliseconds(100) * script_.byte(); break;
      case 4: restart(); break;
      case 5: agent_.forget_path(path_of(script_.byte())); break;
    }
    settle();
    if (const auto deadline = agent_.next_timeout(); deadline && *deadline <= now_) {
      agent_.handle_timeout(now_);
      settle();
      require(!agent_.next_timeout() || *agent_.next_timeout() > now_);
    }
  }

  void check() {
    const std::uint8_t flags = script_.byte();
    const ice::Credentials& credentials =
        (flags & 1) != 0 ? agent_.credentials() : first_credentials_;
    auto check = ice::ScriptedCheck::to(credentials);
    check.use_candidate = (flags & 2) != 0;
    if ((flags & 4) != 0) check.nomination = script_.byte();
    if ((flags & 8) != 0) std::swap(check.controlling, check.controlled);
    if ((flags & 16) != 0) check.unknown_type = script_.byte();
    if ((flags & 32) != 0) check.priority.reset();
    const bool forged = (flags & 64) != 0;
    if (forged) check.password = "guess";
    check.fingerprint = (flags & 128) == 0;
    const Path path = path_of(script_.byte());
    if (script_.byte() % 8 != 0) check = check.numbered(++checks_);
    const auto bytes = check.encode();
    const auto outcome = agent_.handle_datagram(now_, {path, bytes});
    answered_ = outcome == ice::Outcome::Answered || outcome == ice::Outcome::AnsweredWithError;
    require(!forged || !answered_);
    expect_answer(path);
    if (outcome == ice::Outcome::Answered) require(agent_.is_validated(path));
  }

  void raw() {
    const Path path = path_of(script_.byte());
    const Bytes bytes = script_.take(script_.byte());
    const auto selected = agent_.selected_path();
    const auto outcome = agent_.handle_datagram(now_, {path, bytes});
    answered_ = outcome == ice::Outcome::Answered || outcome == ice::Outcome::AnsweredWithError;
    if (outcome != ice::Outcome::Answered) require(agent_.selected_path() == selected);
    expect_answer(path);
  }

  /// An answer goes back along the path of its request, and only to who knows the password.
  void expect_answer(const Path& path) {
    const auto transmit = agent_.poll_transmit();
    require(transmit.has_value() == answered_);
    if (!transmit) return;
    require(transmit->path == path);
    const auto answer = stun::MessageView::parse(transmit->payload);
    require(answer && answer->verify_fingerprint() && answer->has_integrity());
    if (answer->message_class() == stun::Class::SuccessResponse)
      require(answer->xor_mapped_address() == path.remote);
    else
      require(answer->error_code().has_value());
  }

  void restart() {
    const char c = static_cast<char>('a' + script_.byte() % 26);
    agent_.restart({std::string("restarted") + c, "password"});
  }

  /// After each step the events and the agent tell the same story.
  void settle() {
    require(!agent_.poll_transmit());
    while (const auto event = agent_.poll_event()) owner_.apply(*event);
    require(owner_.paths.size() == agent_.path_count());
    require(agent_.path_count() <= ice::LiteAgent::kMaxPaths);
    require(std::all_of(owner_.paths.begin(), owner_.paths.end(),
                        [&](const Path& path) { return agent_.is_validated(path); }));
    require(owner_.selected == agent_.selected_path() && owner_.state == agent_.state());
    require(agent_.selected_path().has_value() == (agent_.path_count() != 0));
    require(!agent_.selected_path() || agent_.is_validated(*agent_.selected_path()));
    require(agent_.next_timeout().has_value() == (agent_.path_count() != 0));
  }

  Script script_;
  const ice::Credentials first_credentials_{"first", "password"};
  ice::LiteAgent agent_{{.credentials = first_credentials_}};
  Owner owner_;
  Timestamp now_{};
  std::uint32_t checks_ = 0;
  bool answered_ = false;
};

}  // namespace

/// Properties: whatever comes, the bound of paths holds, the owner's picture from events is the
/// agent's, forged checks are never answered, and a handled timeout moves on.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Scenario(sfu::Bytes(data, size)).run();
  return 0;
}
