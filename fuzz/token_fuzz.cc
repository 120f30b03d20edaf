#include <string>

#include "fuzz/script.h"
#include "signaling/auth/jwt.h"

namespace {

using namespace sfu;
using namespace sfu::signaling::auth;
using fuzz::require;
using fuzz::Script;

constexpr UnixSeconds kNow{1'700'000'000};

Identity identity(Script& script) {
  Identity made;
  made.user_id = "u" + script.text(script.byte() % 8);
  made.email = script.text(script.byte() % 8);
  made.expires_at = kNow + std::chrono::seconds(static_cast<int>(script.byte()) - 128);
  return made;
}

bool is_ascii(const std::string& text) {
  return std::ranges::all_of(text, [](char c) { return c > 0x1f && c < 0x7f; });
}

}  // namespace

/// Properties: a token that was signed here is taken while it lasts and not afterwards; what was
/// changed in any place, signed with another secret, or made up, never is.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const TokenVerifier verifier = TokenVerifier::with_secret("a secret of this server alone");
  static const TokenSigner signer("a secret of this server alone");
  static const TokenSigner other("the secret of another server");
  Script script(data, size);
  const std::uint8_t change = script.byte();
  const std::uint16_t place = script.word();
  const Identity made = identity(script);
  if (is_ascii(made.user_id) && is_ascii(made.email)) {
    std::string token = signer.sign(made, kNow);
    const auto judged = verifier.verify(token, kNow);
    require(judged.has_value() == (*made.expires_at > kNow));
    if (judged) require(judged->user_id == made.user_id && judged->email == made.email);
    require(!verifier.verify(other.sign(made, kNow), kNow));
    // The last character of a base64 text may hold bits that say nothing.
    char& character = token[place % (token.size() - 1)];
    const auto changed = static_cast<char>(character ^ static_cast<char>(change | 1));
    if (changed != character) {
      character = changed;
      require(!verifier.verify(token, kNow));
    }
  }
  require(!verifier.verify(script.text(size), kNow));
  return 0;
}
