#include "load/run_load.h"

#include "crypto/certificate.h"
#include "crypto/random.h"
#include "io/clock.h"
#include "io/socket_address.h"
#include "load/load_run.h"

namespace sfu::load {
namespace {

constexpr std::chrono::seconds kNtpToUnix{2'208'988'800};  // RFC 5905, figure 4

rtp::NtpClock ntp_clock() {
  const auto unix_time = std::chrono::microseconds(io::wall_clock_us());
  return {kNtpToUnix + unix_time - to_timestamp(monotonic_now()).time_since_epoch()};
}

}  // namespace

Result<Outcome, std::string> run_load(const Options& options) {
  const auto server = ServerAddress::resolve(options.url);
  if (!server) return fail(server.error());
  const auto certificate = crypto::Certificate::generate();
  const dtls::Context dtls(certificate, options.profiles);
  crypto::SystemRandom random;
  const auto ciphers = srtp::make_cipher_backend();
  auto metrics = std::make_unique<Metrics>();
  Poller poller;
  const auto context = std::make_unique<RunContext>(
      RunContext{.server = *server,
                 .server_ip = io::from_sockaddr(*server->address.get()).ip,
                 .shared = {dtls, *ciphers, random},
                 .fingerprint = certificate.sha256_fingerprint(),
                 .ntp = ntp_clock(),
                 .poller = poller,
                 .run = random.next_u32(),
                 .publishers = {},
                 .has_layers = options.shape.simulcast,
                 .window = {},
                 .metrics = *metrics,
                 .batch = {}});
  LoadRun load(options, *context);
  if (const auto ran = load.run(); !ran) return fail(ran.error());
  return Outcome{std::move(metrics), load.results()};
}

}  // namespace sfu::load
