#include <algorithm>
#include <array>

#include "fuzz/script.h"
#include "stun/message.h"
#include "stun/message_builder.h"

namespace {

using namespace sfu;

using sfu::fuzz::require;

void require_inside(Bytes part, Bytes whole) {
  require(part.empty() || (part.data() >= whole.data() &&
                           part.data() + part.size() <= whole.data() + whole.size()));
}

constexpr std::array kTypes = {
    stun::AttributeType::MappedAddress,
    stun::AttributeType::Username,
    stun::AttributeType::MessageIntegrity,
    stun::AttributeType::ErrorCode,
    stun::AttributeType::Realm,
    stun::AttributeType::Nonce,
    stun::AttributeType::XorMappedAddress,
    stun::AttributeType::Priority,
    stun::AttributeType::UseCandidate,
    stun::AttributeType::Software,
    stun::AttributeType::Fingerprint,
    stun::AttributeType::IceControlled,
    stun::AttributeType::IceControlling,
    stun::AttributeType::Nomination,
};

/// Writes all that `from` was understood to say.
Bytes written_again(const stun::MessageView& from, MutableBytes buffer) {
  stun::MessageBuilder to(buffer, from.message_class(), from.method(), from.transaction_id());
  if (const auto value = from.username()) to.username(*value);
  if (const auto value = from.priority()) to.priority(*value);
  if (from.use_candidate()) to.use_candidate();
  if (const auto value = from.ice_controlling()) to.ice_controlling(*value);
  if (const auto value = from.ice_controlled()) to.ice_controlled(*value);
  if (const auto value = from.nomination()) to.nomination(*value);
  if (const auto value = from.xor_mapped_address()) to.xor_mapped_address(*value);
  if (const auto value = from.error_code()) to.error_code(value->code, value->reason);
  if (const auto value = from.software()) to.software(*value);
  to.message_integrity("password").fingerprint();
  return to.bytes();
}

void require_same(const stun::MessageView& a, const stun::MessageView& b) {
  require(a.message_class() == b.message_class() && a.method() == b.method());
  require(a.transaction_id() == b.transaction_id());
  require(a.username() == b.username() && a.software() == b.software());
  require(a.priority() == b.priority() && a.nomination() == b.nomination());
  require(a.use_candidate() == b.use_candidate());
  require(a.ice_controlling() == b.ice_controlling() && a.ice_controlled() == b.ice_controlled());
  require(a.xor_mapped_address() == b.xor_mapped_address());
  require(a.error_code().has_value() == b.error_code().has_value());
  if (a.error_code())
    require(a.error_code()->code == b.error_code()->code &&
            a.error_code()->reason == b.error_code()->reason);
}

}  // namespace

/// Properties: what an accepted message hands out lies inside the datagram; what is written from it
/// reads the same and verifies; peeking at the ufrag agrees with parsing.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Bytes datagram(data, size);
  const auto message = stun::MessageView::parse(datagram);
  const auto ufrag = stun::peek_local_ufrag(datagram);
  if (!message) {
    require(!ufrag);
    return 0;
  }

  for (const stun::AttributeType type : kTypes)
    if (const auto value = message->attribute(type)) require_inside(*value, datagram);
  require(message->unknown_required().list().size() <= stun::UnknownTypes::kMax);
  if (ufrag) {
    require(message->is_binding_request());
    require_inside(as_bytes(*ufrag), datagram);
    require(message->username()->starts_with(*ufrag));
    require((*message->username())[ufrag->size()] == ':');
  }
  message->verify_integrity("password");
  message->verify_fingerprint();

  if (size > 4096) return 0;
  std::array<std::uint8_t, 8192> buffer;
  const auto again = stun::MessageView::parse(written_again(*message, buffer));
  require(again.has_value());
  require_same(*message, *again);
  require(again->verify_integrity("password") && again->verify_fingerprint());
  require(!again->has_malformed_attribute() && again->unknown_required().empty());
  return 0;
}
