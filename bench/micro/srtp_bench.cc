#include <benchmark/benchmark.h>

#include <memory>
#include <string>
#include <vector>

#include "base/check.h"
#include "bench/micro/packets.h"
#include "crypto/random.h"
#include "srtp/cipher_backend.h"
#include "srtp/inbound_session.h"
#include "srtp/outbound_session.h"

// One packet protected for each of a batch of receivers, and one opened, by each library.

namespace sfu::micro {
namespace {

constexpr std::size_t kReceivers = 64;

srtp::KeyMaterial keys_of(srtp::Profile profile, RandomSource& random) {
  std::vector<std::uint8_t> key(srtp::parameters(profile).key_size);
  std::vector<std::uint8_t> salt(srtp::parameters(profile).salt_size);
  random.fill(key);
  random.fill(salt);
  return {profile, key, salt};
}

/// Null, with the benchmark skipped, where this machine lacks the library.
std::unique_ptr<srtp::CipherBackend> make_backend(benchmark::State& state,
                                                  srtp::CipherLibrary library) {
  auto backend = srtp::make_cipher_backend(library);
  if (backend)
    state.SetLabel(std::string(backend->name()));
  else
    state.SkipWithError("the library is not here");
  return backend;
}

/// A packet with another sequence number for each round, as no index may be used twice.
class NumberedPacket {
 public:
  explicit NumberedPacket(std::size_t size) : bytes_(make_packet(size, 0)) {}

  void advance() { store_be16(bytes_, 2, ++sequence_number_); }
  Bytes bytes() const { return bytes_; }
  Bytes header() const { return bytes().first(kHeaderSize); }
  Bytes payload() const { return bytes().subspan(kHeaderSize); }

 private:
  std::vector<std::uint8_t> bytes_;
  std::uint16_t sequence_number_ = 0;
};

void Protect(benchmark::State& state, srtp::CipherLibrary library, srtp::Profile profile) {
  const auto backend = make_backend(state, library);
  if (!backend) return;
  const auto size = static_cast<std::size_t>(state.range(0));
  const auto batch = static_cast<std::size_t>(state.range(1));
  crypto::SeededRandom random(1);
  std::vector<srtp::OutboundSession> sessions;
  for (std::size_t i = 0; i < kReceivers; ++i)
    sessions.emplace_back(keys_of(profile, random), *backend);
  NumberedPacket packet(size);
  std::vector<std::vector<std::uint8_t>> outs(
      kReceivers, std::vector<std::uint8_t>(size + srtp::kMaxRtpOverhead));
  std::vector<srtp::SealJob> jobs;

  std::size_t receiver = 0;
  for (auto _ : state) {
    if (receiver == 0) packet.advance();
    jobs.clear();
    for (std::size_t i = 0; i < batch; ++i, ++receiver) {
      const auto job = sessions[receiver].prepare(
          {.header = packet.header(), .payload = packet.payload(), .out = outs[receiver]});
      SFU_CHECK(job);
      jobs.push_back(*job);
    }
    srtp::seal(jobs);
    receiver %= kReceivers;
  }
  benchmark::DoNotOptimize(outs.front().data());
  state.SetItemsProcessed(state.iterations() * state.range(1));
}

void Unprotect(benchmark::State& state, srtp::CipherLibrary library, srtp::Profile profile) {
  const auto backend = make_backend(state, library);
  if (!backend) return;
  const auto size = static_cast<std::size_t>(state.range(0));
  constexpr std::size_t kRound = 1024;
  crypto::SeededRandom random(1);
  const srtp::KeyMaterial keys = keys_of(profile, random);
  srtp::OutboundSession sender(keys, *backend);
  srtp::InboundSession receiver(keys, *backend);
  NumberedPacket packet(size);
  std::vector<std::vector<std::uint8_t>> round(
      kRound, std::vector<std::uint8_t>(size + srtp::kMaxRtpOverhead));
  std::size_t next = kRound;
  for (auto _ : state) {
    if (next == kRound) {
      state.PauseTiming();
      for (auto& bytes : round) {
        packet.advance();
        bytes.resize(size + srtp::kMaxRtpOverhead);
        bytes.resize(*sender.protect_rtp(
            {.header = packet.header(), .payload = packet.payload(), .out = bytes}));
      }
      next = 0;
      state.ResumeTiming();
    }
    const auto opened = receiver.unprotect_rtp(round[next++]);
    SFU_CHECK(opened);
  }
  state.SetItemsProcessed(state.iterations());
}

void sizes_and_batches(benchmark::internal::Benchmark* benchmark) {
  benchmark->ArgNames({"size", "batch"})->ArgsProduct({{kAudioPacket, kVideoPacket}, {1, 16, 64}});
}
void sizes(benchmark::internal::Benchmark* benchmark) {
  benchmark->ArgName("size")->Arg(kAudioPacket)->Arg(kVideoPacket);
}

using Library = srtp::CipherLibrary;
using Profile = srtp::Profile;

BENCHMARK_CAPTURE(Protect, mb_gcm128, Library::IpsecMb, Profile::AeadAes128Gcm)
    ->Apply(sizes_and_batches);
BENCHMARK_CAPTURE(Protect, mb_gcm256, Library::IpsecMb, Profile::AeadAes256Gcm)
    ->Apply(sizes_and_batches);
BENCHMARK_CAPTURE(Protect, mb_cm, Library::IpsecMb, Profile::Aes128CmHmacSha1_80)
    ->Apply(sizes_and_batches);
BENCHMARK_CAPTURE(Protect, openssl_gcm128, Library::OpenSsl, Profile::AeadAes128Gcm)
    ->Apply(sizes_and_batches);
BENCHMARK_CAPTURE(Protect, openssl_gcm256, Library::OpenSsl, Profile::AeadAes256Gcm)
    ->Apply(sizes_and_batches);
BENCHMARK_CAPTURE(Protect, openssl_cm, Library::OpenSsl, Profile::Aes128CmHmacSha1_80)
    ->Apply(sizes_and_batches);
BENCHMARK_CAPTURE(Unprotect, mb_gcm128, Library::IpsecMb, Profile::AeadAes128Gcm)->Apply(sizes);
BENCHMARK_CAPTURE(Unprotect, mb_cm, Library::IpsecMb, Profile::Aes128CmHmacSha1_80)->Apply(sizes);
BENCHMARK_CAPTURE(Unprotect, openssl_gcm128, Library::OpenSsl, Profile::AeadAes128Gcm)
    ->Apply(sizes);
BENCHMARK_CAPTURE(Unprotect, openssl_cm, Library::OpenSsl, Profile::Aes128CmHmacSha1_80)
    ->Apply(sizes);

}  // namespace
}  // namespace sfu::micro
