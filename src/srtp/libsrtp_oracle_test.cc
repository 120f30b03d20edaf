// Another implementation, libsrtp, must read what we write and write what we read.

#include <gtest/gtest.h>
#include <srtp2/srtp.h>

#include <algorithm>
#include <deque>
#include <string>

#include "srtp/session_fixture_for_test.h"

namespace sfu::srtp {
namespace {

class LibsrtpSession {
 public:
  LibsrtpSession(const KeyMaterial& keys, srtp_ssrc_type_t direction, std::uint32_t ssrc = 0) {
    static const bool initialised = srtp_init() == srtp_err_status_ok;
    EXPECT_TRUE(initialised);
    srtp_policy_t policy{};
    const auto set =
        keys.profile() == Profile::AeadAes128Gcm   ? srtp_crypto_policy_set_aes_gcm_128_16_auth
        : keys.profile() == Profile::AeadAes256Gcm ? srtp_crypto_policy_set_aes_gcm_256_16_auth
                                                   : srtp_crypto_policy_set_rtp_default;
    set(&policy.rtp);
    set(&policy.rtcp);
    policy.ssrc.type = direction;
    policy.ssrc.value = ssrc;
    policy.window_size = 1024;
    ByteVector key(keys.key().begin(), keys.key().end());
    key.insert(key.end(), keys.salt().begin(), keys.salt().end());
    policy.key = key.data();
    EXPECT_EQ(srtp_create(&session_, &policy), srtp_err_status_ok);
  }
  ~LibsrtpSession() { srtp_dealloc(session_); }
  LibsrtpSession(const LibsrtpSession&) = delete;
  LibsrtpSession& operator=(const LibsrtpSession&) = delete;

  /// As if `count` cycles of this stream had passed.
  void set_rollover_count(std::uint32_t ssrc, std::uint32_t count) {
    EXPECT_EQ(srtp_set_stream_roc(session_, ssrc, count), srtp_err_status_ok);
  }

  using Operation = srtp_err_status_t (*)(srtp_t, void*, int*);
  /// Empty where libsrtp refuses.
  ByteVector run(Operation operation, ByteVector packet) {
    int size = static_cast<int>(packet.size());
    packet.resize(packet.size() + SRTP_MAX_TRAILER_LEN + 4);
    if (operation(session_, packet.data(), &size) != srtp_err_status_ok) return {};
    packet.resize(static_cast<std::size_t>(size));
    return packet;
  }

 private:
  srtp_t session_ = nullptr;
};

/// A random plain packet: sizes, CSRCs and extensions vary.
struct PlainPacket {
  ByteVector header;
  ByteVector payload;
};
PlainPacket random_packet(TestRandom& random, std::uint16_t sequence_number, std::uint32_t ssrc) {
  PlainPacket packet{.header = rtp_header(sequence_number, ssrc),
                     .payload = ByteVector(random.below(1150))};
  const auto csrc_count = static_cast<std::uint8_t>(random.below(8) == 0 ? random.below(16) : 0);
  packet.header[0] = static_cast<std::uint8_t>(0x80 | csrc_count);
  packet.header.resize(packet.header.size() + 4u * csrc_count, 0x77);
  if (random.below(2) == 0) {
    const auto words = static_cast<std::uint8_t>(random.below(5));
    packet.header[0] |= 0x10;
    packet.header.insert(packet.header.end(), {0xbe, 0xde, 0, words});
    packet.header.resize(packet.header.size() + 4u * words, 0x11);
  }
  for (auto& byte : packet.payload) byte = static_cast<std::uint8_t>(random.below(256));
  return packet;
}

/// Walks 10,000 packets of three streams over several rollovers, and hands each to `deliver` after
/// some were lost (now and then thousands in a row), and others overtaken.
template <class Send, class Deliver>
void walk(std::uint32_t seed, const Send& send, const Deliver& deliver) {
  constexpr std::size_t kReorderDepth = 20;
  TestRandom random(seed);
  std::uint64_t index[3] = {0x7fff, 0, 0x100};
  std::deque<std::pair<ByteVector, ByteVector>> under_way;
  for (int i = 0; i < 10'000; ++i) {
    const std::uint32_t stream = random.below(3);
    // libsrtp's receiver loses count where half a cycle is missing; stay below.
    index[stream] += random.below(50) == 0 ? random.below(0x3fff) : 1;
    const auto plain =
        random_packet(random, static_cast<std::uint16_t>(index[stream]), 1000 + stream);
    ByteVector sent = send(plain);
    if (random.below(20) == 0) continue;
    under_way.emplace_back(joined(plain.header, plain.payload), std::move(sent));
    if (under_way.size() < kReorderDepth) continue;
    const std::size_t pick = random.below(4) == 0 ? random.below(kReorderDepth) : 0;
    std::swap(under_way[pick], under_way[0]);
    deliver(under_way[0].first, under_way[0].second);
    under_way.pop_front();
  }
}

class LibsrtpOracle : public EveryProfile {};

INSTANTIATE_TEST_SUITE_P(Profiles, LibsrtpOracle, kEveryProfile, profile_test_name);

TEST_P(LibsrtpOracle, ReadsWhatWeWriteThroughLossReorderingAndRollover) {
  LibsrtpSession theirs(keys, ssrc_any_inbound);
  std::size_t read = 0, late = 0;
  walk(
      1,
      [&](const PlainPacket& plain) {
        const auto sent = protect(*sender, plain.header, plain.payload);
        EXPECT_TRUE(sent.size) << to_string(sent.size.error());
        return sent.packet;
      },
      [&](const ByteVector& plain, const ByteVector& sent) {
        const ByteVector got = theirs.run(srtp_unprotect, sent);
        if (got.empty()) {
          ++late;  // Overtaken by a jump of more than its window.
          return;
        }
        ++read;
        EXPECT_EQ(got, plain);
      });
  EXPECT_GT(read, 9000u);
  EXPECT_LT(late, 400u);
}

TEST_P(LibsrtpOracle, WritesWhatWeReadThroughLossReorderingAndRollover) {
  LibsrtpSession theirs(keys, ssrc_any_outbound);
  walk(
      2,
      [&](const PlainPacket& plain) {
        ByteVector sent = theirs.run(srtp_protect, joined(plain.header, plain.payload));
        EXPECT_FALSE(sent.empty());
        return sent;
      },
      [&](const ByteVector& plain, const ByteVector& sent) {
        const auto got = unprotect(*receiver, sent);
        if (got) {
          EXPECT_EQ(*got, plain);
        } else {
          EXPECT_EQ(got.error(), UnprotectError::TooOld);
        }
      });
  EXPECT_GT(receiver->counters().rtp_packets, 9000u);
  EXPECT_EQ(receiver->counters().count(UnprotectError::AuthenticationFailed), 0u);
}

TEST_P(LibsrtpOracle, WritesTheSameBytesAsWeDo) {
  LibsrtpSession theirs(keys, ssrc_any_outbound);
  TestRandom random(3);
  for (std::uint32_t i = 0; i < 500; ++i) {
    const auto plain = random_packet(random, static_cast<std::uint16_t>(i), 5);
    EXPECT_EQ(protect(*sender, plain.header, plain.payload).packet,
              theirs.run(srtp_protect, joined(plain.header, plain.payload)));
  }
}

TEST_P(LibsrtpOracle, ReadsARolloverCountThatFillsItsFourBytes) {
  constexpr std::uint32_t kRolloverCount = 0x8765'4321;
  constexpr std::uint16_t kSequenceNumber = 0x1234;
  RtpCipher ours(*backend, derive_rtp_keys(keys));
  const ByteVector header = rtp_header(kSequenceNumber), payload(100, 0x42);
  ByteVector sent = header;
  sent.resize(header.size() + payload.size() + ours.tag_size());
  const SealJob job = {.cipher = &ours,
                       .index = std::uint64_t{kRolloverCount} << 16 | kSequenceNumber,
                       .out = sent.data(),
                       .payload = payload,
                       .header_size = static_cast<std::uint32_t>(header.size()),
                       .tag_size = static_cast<std::uint8_t>(ours.tag_size())};
  seal({&job, 1});

  LibsrtpSession theirs(keys, ssrc_specific, kTestSsrc);
  theirs.set_rollover_count(kTestSsrc, kRolloverCount);
  EXPECT_EQ(theirs.run(srtp_unprotect, sent), joined(header, payload));
}

TEST_P(LibsrtpOracle, ReadsAndWritesRtcpAsWeDo) {
  LibsrtpSession reader(keys, ssrc_any_inbound);
  LibsrtpSession writer(keys, ssrc_any_outbound);
  for (std::uint32_t i = 0; i < 10'000; ++i) {
    const ByteVector plain = rtcp_packet(i % 7, 8 + 4 * (i % 40));
    ByteVector ours(plain.size() + kMaxRtcpOverhead);
    const auto size = sender->protect_rtcp(plain, ours);
    ASSERT_TRUE(size);
    ours.resize(*size);
    if (i % 10 != 0) {
      EXPECT_EQ(reader.run(srtp_unprotect_rtcp, ours), plain);
    }
    const auto got = unprotect_rtcp(*receiver, writer.run(srtp_protect_rtcp, plain));
    EXPECT_EQ(got, plain);
  }
}

}  // namespace
}  // namespace sfu::srtp
