#include "srtp/ipsec_mb_backend.h"

#if SFU_HAS_IPSEC_MB

// Its names of old clash with OpenSSL's.
#define NO_COMPAT_IMB_API_053
#include <intel-ipsec-mb.h>

#include <algorithm>
#include <string>
#include <utility>

#include "base/check.h"
#include "crypto/hmac.h"

namespace sfu::srtp {
namespace {

struct FreeLibraryState {
  void operator()(IMB_MGR* state) const { free_mb_mgr(state); }
};
using LibraryState = std::unique_ptr<IMB_MGR, FreeLibraryState>;

/// The library's functions for one size of key, for the instructions that this processor has.
struct GcmFunctions {
  aes_gcm_pre_t expand_key;
  aes_gcm_enc_dec_t encrypt;
  aes_gcm_enc_dec_t decrypt;
};

/// The library stores the keys of a packet's tables with instructions that crash elsewhere; its own
/// header asks for no alignment (but where a macro LINUX is defined, which no compiler does).
struct alignas(16) GcmTables : gcm_key_data {};

void seal_with(const GcmFunctions& functions, const gcm_key_data& key, const GcmCipher::Iv& iv,
               Bytes associated_data, Bytes plain, std::uint8_t* out) {
  gcm_context_data context;
  // Without a payload `plain` may be null, which the library takes for a mistake.
  const std::uint8_t* const in = plain.empty() ? out : plain.data();
  functions.encrypt(&key, &context, out, in, plain.size(), iv.data(), associated_data.data(),
                    associated_data.size(), out + plain.size(), GcmCipher::kTagSize);
}

bool open_with(const GcmFunctions& functions, const gcm_key_data& key, const GcmCipher::Iv& iv,
               Bytes associated_data, MutableBytes text, Bytes tag) {
  gcm_context_data context;
  std::array<std::uint8_t, GcmCipher::kTagSize> expected;
  functions.decrypt(&key, &context, text.data(), text.data(), text.size(), iv.data(),
                    associated_data.data(), associated_data.size(), expected.data(),
                    expected.size());
  return crypto::constant_time_equal(expected, tag);
}

/// With the tables of its key, 1 KB.
class GcmWithTables final : public GcmCipher {
 public:
  GcmWithTables(const GcmFunctions& functions, Bytes key) : functions_(functions) {
    functions.expand_key(key.data(), &tables_);
  }
  void seal(const Iv& iv, Bytes associated_data, Bytes plain, std::uint8_t* out) override {
    seal_with(functions_, tables_, iv, associated_data, plain, out);
  }
  bool open(const Iv& iv, Bytes associated_data, MutableBytes text, Bytes tag) override {
    return open_with(functions_, tables_, iv, associated_data, text, tag);
  }

 private:
  const GcmFunctions& functions_;
  GcmTables tables_;
};

/// With nothing but its key: to make the tables anew for each packet takes 106 ns, to keep them 1
/// KB for each direction of each transport.
class GcmWithoutTables final : public GcmCipher {
 public:
  GcmWithoutTables(const GcmFunctions& functions, Bytes key) : functions_(functions) {
    std::ranges::copy(key, key_.begin());
  }
  void seal(const Iv& iv, Bytes associated_data, Bytes plain, std::uint8_t* out) override {
    GcmTables tables;
    functions_.expand_key(key_.data(), &tables);
    seal_with(functions_, tables, iv, associated_data, plain, out);
  }
  bool open(const Iv& iv, Bytes associated_data, MutableBytes text, Bytes tag) override {
    GcmTables tables;
    functions_.expand_key(key_.data(), &tables);
    return open_with(functions_, tables, iv, associated_data, text, tag);
  }

 private:
  const GcmFunctions& functions_;
  std::array<std::uint8_t, 32> key_{};
};

/// A burst of one job: in counter mode that costs as little for each as many.
class IpsecMbCounterCipher final : public CounterCipher {
 public:
  IpsecMbCounterCipher(IMB_MGR& state, Bytes key) : state_(state) {
    SFU_CHECK(key.size() == IMB_KEY_128_BYTES);
    alignas(16) std::uint8_t not_needed[sizeof round_keys_];
    IMB_AES_KEYEXP_128(&state_, key.data(), round_keys_, not_needed);
  }

  void crypt(const Iv& iv, Bytes in, std::uint8_t* out) override {
    if (in.empty()) return;
    IMB_JOB job{};
    job.enc_keys = round_keys_;
    job.key_len_in_bytes = IMB_KEY_128_BYTES;
    job.src = in.data();
    job.dst = out;
    job.msg_len_to_cipher_in_bytes = in.size();
    job.iv = iv.data();
    job.iv_len_in_bytes = iv.size();
    IMB_SUBMIT_CIPHER_BURST_NOCHECK(&state_, &job, 1, IMB_CIPHER_CNTR, IMB_DIR_ENCRYPT,
                                    IMB_KEY_128_BYTES);
    SFU_CHECK((job.status & IMB_STATUS_COMPLETED_CIPHER) != 0);
  }

 private:
  static constexpr std::size_t kRounds = 10;  // FIPS 197, for 128 bits

  IMB_MGR& state_;
  alignas(16) std::uint8_t round_keys_[16 * (kRounds + 1)];  // Elsewhere the library crashes.
};

const std::uint8_t* bytes_of(const HmacSha1::State& state) {
  return reinterpret_cast<const std::uint8_t*>(state.data());
}

class IpsecMbBackend final : public CipherBackend {
 public:
  IpsecMbBackend(LibraryState state, std::string name)
      : state_(std::move(state)),
        name_(std::move(name)),
        gcm_128_{state_->gcm128_pre, state_->gcm128_enc, state_->gcm128_dec},
        gcm_256_{state_->gcm256_pre, state_->gcm256_enc, state_->gcm256_dec} {
    for (std::size_t i = 0; i < kMaxHmacBatch; ++i) {
      jobs_[i].auth_tag_output = tags_[i].data();
      jobs_[i].auth_tag_output_len_in_bytes = tags_[i].size();
    }
  }

  std::string_view name() const override { return name_; }

  std::unique_ptr<GcmCipher> make_gcm(Bytes key, KeyUse use) override {
    SFU_CHECK(key.size() == IMB_KEY_128_BYTES || key.size() == IMB_KEY_256_BYTES);
    const GcmFunctions& functions = key.size() == IMB_KEY_256_BYTES ? gcm_256_ : gcm_128_;
    if (use == KeyUse::NowAndThen) return std::make_unique<GcmWithoutTables>(functions, key);
    return std::make_unique<GcmWithTables>(functions, key);
  }

  std::unique_ptr<CounterCipher> make_counter(Bytes key) override {
    return std::make_unique<IpsecMbCounterCipher>(*state_, key);
  }

  void authenticate(std::span<const HmacJob> jobs) override {
    if (jobs.size() < kWorthBatching) return authenticate_one_by_one(jobs);
    SFU_CHECK(jobs.size() <= kMaxHmacBatch);
    for (std::size_t i = 0; i < jobs.size(); ++i) {
      IMB_JOB& job = jobs_[i];
      job.src = jobs[i].message;
      job.msg_len_to_hash_in_bytes = jobs[i].size;
      job.u.HMAC._hashed_auth_key_xor_ipad = bytes_of(jobs[i].hmac->inner());
      job.u.HMAC._hashed_auth_key_xor_opad = bytes_of(jobs[i].hmac->outer());
    }
    IMB_SUBMIT_HASH_BURST_NOCHECK(state_.get(), jobs_.data(),
                                  static_cast<std::uint32_t>(jobs.size()), IMB_AUTH_HMAC_SHA_1);
    for (std::size_t i = 0; i < jobs.size(); ++i) {
      SFU_CHECK((jobs_[i].status & IMB_STATUS_COMPLETED_AUTH) != 0);
      std::copy_n(tags_[i].begin(), kHmacTagSize, jobs[i].tag);
    }
  }

 private:
  /// Its lanes all run to the end of the longest message: with fewer messages one by one is faster.
  static constexpr std::size_t kWorthBatching = 4;

  const LibraryState state_;
  const std::string name_;
  const GcmFunctions gcm_128_, gcm_256_;
  std::array<IMB_JOB, kMaxHmacBatch> jobs_{};
  /// The library writes 12 bytes, which a packet that ends with the tag has no room for.
  std::array<std::array<std::uint8_t, 12>, kMaxHmacBatch> tags_{};
};

std::string_view instruction_set(IMB_ARCH arch) {
  switch (arch) {
    case IMB_ARCH_SSE: return "SSE";
    case IMB_ARCH_AVX: return "AVX";
    case IMB_ARCH_AVX2: return "AVX2";
    case IMB_ARCH_AVX512: return "AVX512";
    default: return {};
  }
}

}  // namespace

std::unique_ptr<CipherBackend> make_ipsec_mb_backend() {
  LibraryState state(alloc_mb_mgr(0));
  if (!state) return nullptr;
  IMB_ARCH arch = IMB_ARCH_NONE;
  init_mb_mgr_auto(state.get(), &arch);
  if (imb_get_errno(state.get()) != 0) return nullptr;
  const bool failed_its_test = (state->features & IMB_FEATURE_SELF_TEST) != 0 &&
                               (state->features & IMB_FEATURE_SELF_TEST_PASS) == 0;
  const std::string_view set = instruction_set(arch);
  if (failed_its_test || set.empty()) return nullptr;
  return std::make_unique<IpsecMbBackend>(
      std::move(state),
      std::string("libipsec-mb ") + imb_get_version_str() + " (" + std::string(set) + ")");
}

}  // namespace sfu::srtp

#else

namespace sfu::srtp {

std::unique_ptr<CipherBackend> make_ipsec_mb_backend() { return nullptr; }

}  // namespace sfu::srtp

#endif
