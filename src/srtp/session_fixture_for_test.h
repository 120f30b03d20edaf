#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "srtp/inbound_session.h"
#include "srtp/outbound_session.h"

namespace sfu::srtp {

using ByteVector = std::vector<std::uint8_t>;

/// The same numbers for the same seed.
class TestRandom {
 public:
  explicit TestRandom(std::uint32_t seed) : engine_(seed) {}
  std::uint32_t below(std::uint32_t limit) { return static_cast<std::uint32_t>(engine_()) % limit; }

 private:
  std::mt19937 engine_;
};

inline constexpr std::uint32_t kTestSsrc = 0x1234'5678;

inline KeyMaterial test_keys(Profile profile) {
  ByteVector key(parameters(profile).key_size), salt(parameters(profile).salt_size);
  for (std::size_t i = 0; i < key.size(); ++i) key[i] = static_cast<std::uint8_t>(i * 7 + 1);
  for (std::size_t i = 0; i < salt.size(); ++i) salt[i] = static_cast<std::uint8_t>(200 - i);
  return {profile, key, salt};
}

inline ByteVector rtp_header(std::uint16_t sequence_number, std::uint32_t ssrc = kTestSsrc) {
  ByteVector header = {0x80, 96, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0};
  store_be16(header, 2, sequence_number);
  store_be32(header, 8, ssrc);
  return header;
}

/// With one one-byte extension element of one byte (RFC 8285 §4.2).
inline ByteVector rtp_header_with_extension(std::uint16_t sequence_number, std::uint8_t value) {
  ByteVector header = rtp_header(sequence_number);
  header[0] |= 0x10;
  header.insert(header.end(), {0xbe, 0xde, 0, 1, 0x50, value, 0, 0});
  return header;
}

/// A sender report's size, with a sender SSRC.
inline ByteVector rtcp_packet(std::uint32_t ssrc = kTestSsrc, std::size_t size = 28) {
  ByteVector packet(size, 0x33);
  packet[0] = 0x80;
  packet[1] = 200;
  store_be16(packet, 2, static_cast<std::uint16_t>(size / 4 - 1));
  store_be32(packet, 4, ssrc);
  return packet;
}

struct Protected {
  Result<std::size_t, ProtectError> size;
  ByteVector packet;
};

inline Protected protect(OutboundSession& session, const ByteVector& header,
                         const ByteVector& payload, bool repeats_payload = false) {
  Protected answer{.size = 0, .packet = ByteVector(header.size() + payload.size() + kMaxTagSize)};
  answer.size = session.protect_rtp({.header = header,
                                     .payload = payload,
                                     .out = answer.packet,
                                     .repeats_payload = repeats_payload});
  if (answer.size) answer.packet.resize(*answer.size);
  return answer;
}

inline Result<ByteVector, UnprotectError> unprotect(InboundSession& session, ByteVector packet) {
  return session.unprotect_rtp(packet).map(
      [](MutableBytes plain) { return ByteVector(plain.begin(), plain.end()); });
}

inline Result<ByteVector, UnprotectError> unprotect_rtcp(InboundSession& session,
                                                         ByteVector packet) {
  return session.unprotect_rtcp(packet).map(
      [](MutableBytes plain) { return ByteVector(plain.begin(), plain.end()); });
}

inline ByteVector joined(ByteVector header, const ByteVector& payload) {
  header.insert(header.end(), payload.begin(), payload.end());
  return header;
}

/// A profile, and the library that carries it out.
using ProfileAndLibrary = std::tuple<Profile, CipherLibrary>;

/// Skips what this machine cannot run.
class EveryProfile : public testing::TestWithParam<ProfileAndLibrary> {
 protected:
  void SetUp() override {
    backend = make_cipher_backend(std::get<CipherLibrary>(GetParam()));
    if (!backend) GTEST_SKIP() << "this build or this processor has not got the library";
    sender.emplace(keys, *backend);
    receiver.emplace(keys, *backend);
  }

  const Profile profile = std::get<Profile>(GetParam());
  const KeyMaterial keys = test_keys(profile);
  std::unique_ptr<CipherBackend> backend;
  std::optional<OutboundSession> sender;
  std::optional<InboundSession> receiver;
};

inline const auto kEveryProfile = testing::Combine(
    testing::Values(Profile::AeadAes128Gcm, Profile::AeadAes256Gcm, Profile::Aes128CmHmacSha1_80),
    testing::Values(CipherLibrary::OpenSsl, CipherLibrary::IpsecMb));

inline std::string profile_test_name(const testing::TestParamInfo<ProfileAndLibrary>& row) {
  const auto [profile, library] = row.param;
  return std::string(parameters(profile).name) +
         (library == CipherLibrary::OpenSsl ? "_OpenSsl" : "_IpsecMb");
}

}  // namespace sfu::srtp
