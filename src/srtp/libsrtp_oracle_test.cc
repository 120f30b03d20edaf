// Another implementation, libsrtp, must read what we write and write what we read.

#include <gtest/gtest.h>
#include <srtp2/srtp.h>

#include <algorithm>
#include <array>
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

constexpr int kPackets = 100'000;  // Each way, with every profile and library.

/// Before protection. The payload is a piece of a pool of random bytes.
struct PlainPacket {
  ByteVector header;
  Bytes prefix;
  Bytes payload;
  std::uint8_t padding = 0;

  ByteVector bytes() const {
    ByteVector all = header;
    all.insert(all.end(), prefix.begin(), prefix.end());
    all.insert(all.end(), payload.begin(), payload.end());
    if (padding == 0) return all;
    all.resize(all.size() + padding);
    all.back() = padding;
    return all;
  }
};

/// Packets of three streams over several rollovers: now and then thousands are skipped; sizes,
/// CSRCs, extensions, prefixes and padding vary.
class Walk {
 public:
  explicit Walk(std::uint32_t seed) : random_(seed) {
    for (auto& byte : pool_) byte = static_cast<std::uint8_t>(random_.below(256));
  }

  PlainPacket next() {
    const std::uint32_t stream = random_.below(3);
    // A receiver loses count where half a cycle is missing; what comes late must stay above that.
    index_[stream] += random_.below(50) == 0 ? random_.below(0xfff) : 1;
    PlainPacket packet{.header = header(static_cast<std::uint16_t>(index_[stream]), 1000 + stream),
                       .prefix = piece(random_.below(2) == 0 ? random_.below(8) : 0),
                       .payload = piece(random_.below(kMaxPayload + 1))};
    if (random_.below(4) == 0) {
      packet.padding = static_cast<std::uint8_t>(1 + random_.below(255));
      packet.header[0] |= 0x20;
    }
    return packet;
  }

  TestRandom& random() { return random_; }

 private:
  static constexpr std::uint32_t kMaxPayload = 1500, kPoolSize = 0x1'0000;

  ByteVector header(std::uint16_t sequence_number, std::uint32_t ssrc) {
    ByteVector header = rtp_header(sequence_number, ssrc);
    const auto csrc_count =
        static_cast<std::uint8_t>(random_.below(8) == 0 ? random_.below(16) : 0);
    header[0] |= csrc_count;
    header.resize(header.size() + 4u * csrc_count, 0x77);
    if (random_.below(2) == 0) return header;
    const auto words = static_cast<std::uint8_t>(random_.below(5));
    header[0] |= 0x10;
    header.insert(header.end(), {0xbe, 0xde, 0, words});
    header.resize(header.size() + 4u * words, 0x11);
    return header;
  }
  Bytes piece(std::size_t size) {
    return Bytes(pool_).subspan(random_.below(kPoolSize - kMaxPayload), size);
  }

  TestRandom random_;
  ByteVector pool_ = ByteVector(kPoolSize);
  std::array<std::uint64_t, 3> index_ = {0x7fff, 0, 0x100};
};

/// Loses some of the packets, lets others overtake, and hands them to `deliver(plain, sent)`.
template <class Deliver>
class RoughNetwork {
 public:
  RoughNetwork(TestRandom& random, Deliver deliver) : random_(random), deliver_(deliver) {}

  void carry(ByteVector plain, ByteVector sent) {
    constexpr std::size_t kReorderDepth = 20;
    if (random_.below(20) == 0) return;
    under_way_.emplace_back(std::move(plain), std::move(sent));
    if (under_way_.size() < kReorderDepth) return;
    const std::size_t pick = random_.below(4) == 0 ? random_.below(kReorderDepth) : 0;
    std::swap(under_way_[pick], under_way_[0]);
    deliver_(under_way_[0].first, under_way_[0].second);
    under_way_.pop_front();
  }

 private:
  TestRandom& random_;
  Deliver deliver_;
  std::deque<std::pair<ByteVector, ByteVector>> under_way_;
};

/// Protects a batch of up to 60 packets of `walk` and answers plain and protected ones.
std::vector<std::pair<ByteVector, ByteVector>> protect_some(OutboundSession& session, Walk& walk) {
  constexpr std::uint32_t kMaxBatch = 60;
  std::vector<PlainPacket> plain(1 + walk.random().below(kMaxBatch));
  std::vector<ByteVector> outs;
  std::vector<SealJob> jobs;
  for (PlainPacket& packet : plain) {
    packet = walk.next();
    outs.emplace_back(packet.bytes().size() + kMaxRtpOverhead);
    const auto prepared = session.prepare({.header = packet.header,
                                           .payload_prefix = packet.prefix,
                                           .payload = packet.payload,
                                           .padding = packet.padding,
                                           .out = outs.back()});
    EXPECT_TRUE(prepared) << to_string(prepared.error());
    if (prepared) jobs.push_back(*prepared);
  }
  seal(jobs);
  std::vector<std::pair<ByteVector, ByteVector>> pairs;
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    outs[i].resize(jobs[i].size());
    pairs.emplace_back(plain[i].bytes(), std::move(outs[i]));
  }
  return pairs;
}

class LibsrtpOracle : public EveryProfile {};

INSTANTIATE_TEST_SUITE_P(Profiles, LibsrtpOracle, kEveryProfile, profile_test_name);

TEST_P(LibsrtpOracle, ReadsWhatWeWriteThroughLossReorderingAndRollover) {
  LibsrtpSession theirs(keys, ssrc_any_inbound);
  std::size_t read = 0, late = 0;
  Walk walk(1);
  RoughNetwork network(walk.random(), [&](const ByteVector& plain, const ByteVector& sent) {
    const ByteVector got = theirs.run(srtp_unprotect, sent);
    if (got.empty()) {
      ++late;  // Overtaken by a jump of more than its window.
      return;
    }
    ++read;
    EXPECT_EQ(got, plain);
  });
  for (int i = 0; i < kPackets;) {
    for (auto& [plain, sent] : protect_some(*sender, walk)) {
      network.carry(std::move(plain), std::move(sent));
      ++i;
    }
  }
  EXPECT_GT(read, kPackets * 9 / 10);
  EXPECT_LT(late, kPackets * 4 / 100);
}

TEST_P(LibsrtpOracle, WritesWhatWeReadThroughLossReorderingAndRollover) {
  LibsrtpSession theirs(keys, ssrc_any_outbound);
  Walk walk(2);
  RoughNetwork network(walk.random(), [&](const ByteVector& plain, const ByteVector& sent) {
    const auto got = unprotect(*receiver, sent);
    if (got) {
      EXPECT_EQ(*got, plain);
    } else {
      EXPECT_EQ(got.error(), UnprotectError::TooOld);
    }
  });
  for (int i = 0; i < kPackets; ++i) {
    const ByteVector plain = walk.next().bytes();
    ByteVector sent = theirs.run(srtp_protect, plain);
    EXPECT_FALSE(sent.empty());
    network.carry(plain, std::move(sent));
  }
  EXPECT_GT(receiver->counters().rtp_packets, kPackets * 9 / 10);
  EXPECT_EQ(receiver->counters().count(UnprotectError::AuthenticationFailed), 0u);
}

TEST_P(LibsrtpOracle, WritesTheSameBytesAsWeDo) {
  LibsrtpSession theirs(keys, ssrc_any_outbound);
  Walk walk(3);
  for (int i = 0; i < 500;) {
    for (const auto& [plain, sent] : protect_some(*sender, walk)) {
      EXPECT_EQ(sent, theirs.run(srtp_protect, plain));
      ++i;
    }
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
