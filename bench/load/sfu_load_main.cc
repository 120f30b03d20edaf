#include <sched.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <memory>
#include <string>

#include "crypto/certificate.h"
#include "crypto/random.h"
#include "io/clock.h"
#include "io/socket_address.h"
#include "load/load_run.h"
#include "load/options.h"
#include "load/results.h"

namespace {

using namespace sfu;
using namespace sfu::load;

constexpr std::chrono::seconds kNtpToUnix{2'208'988'800};  // RFC 5905, figure 4

/// Two descriptors for each participant.
void raise_descriptor_limit() {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

bool pin_to(int core) {
  cpu_set_t cores;
  CPU_ZERO(&cores);
  CPU_SET(static_cast<std::size_t>(core), &cores);
  return sched_setaffinity(0, sizeof cores, &cores) == 0;
}

rtp::NtpClock ntp_clock() {
  const auto unix_time = std::chrono::microseconds(io::wall_clock_us());
  return {kNtpToUnix + unix_time - to_timestamp(monotonic_now()).time_since_epoch()};
}

int run(const Options& options) {
  const auto server = ServerAddress::resolve(options.url);
  if (!server) {
    std::fprintf(stderr, "%s\n", server.error().c_str());
    return 2;
  }
  const auto certificate = crypto::Certificate::generate();
  const dtls::Context dtls(certificate, options.profiles);
  crypto::SystemRandom random;
  const auto ciphers = srtp::make_cipher_backend();
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
                 .metrics = {},
                 .batch = {}});
  LoadRun load(options, *context);
  if (const auto ran = load.run(); !ran) {
    std::fprintf(stderr, "%s\n", ran.error().c_str());
    return 1;
  }
  print_table(options, context->metrics, load.results());
  if (!options.json_file.empty() && !write_json(options, context->metrics, load.results())) {
    std::fprintf(stderr, "cannot write %s\n", options.json_file.c_str());
    return 1;
  }
  return load.results().unmet(options, context->metrics).empty() ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  int status = 0;
  const auto options = parse_options(argc, argv, status);
  if (!options) return status;
  std::signal(SIGPIPE, SIG_IGN);
  raise_descriptor_limit();
  if (options->core >= 0 && !pin_to(options->core)) {
    std::fprintf(stderr, "cannot run on core %d\n", options->core);
    return 2;
  }
  return run(*options);
}
