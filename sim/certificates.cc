#include "sim/certificates.h"

#include <string_view>
#include <utility>

#include "base/check.h"

namespace sfu::sim {
namespace {

constexpr std::string_view kServerCertificate = R"(-----BEGIN CERTIFICATE-----
MIIBjDCCATOgAwIBAgIUa0jPl/edKPhVMqbWDDw6snQaBQswCgYIKoZIzj0EAwIw
GzEZMBcGA1UEAwwQc2ltdWxhdGVkIHNlcnZlcjAgFw0yNjExMjIxMzQ0MTVaGA8y
MTI2MTAyOTEzNDQxNVowGzEZMBcGA1UEAwwQc2ltdWxhdGVkIHNlcnZlcjBZMBMG
ByqGSM49AgEGCCqGSM49AwEHA0IABBKmalzItXrJAGpVeQigc5Gm8WQEwQkpKHd9
YyRB5FrzoVfXcRtB1sVAJW2Zqt/vvlAO39cKXsZUO+2oysl8RQCjUzBRMB0GA1Ud
DgQWBBS78zwApdZxAgglmNhGOVB+7h59EDAfBgNVHSMEGDAWgBS78zwApdZxAggl
mNhGOVB+7h59EDAPBgNVHRMBAf8EBTADAQH/MAoGCCqGSM49BAMCA0cAMEQCIC4E
UvHLFKDjpXtrUfQktv/I5fHDsj/sWbq2yTBPev4+AiALXaTXKAdvzeOZgIGKjatk
hLclQ563lJMuxszFo1V46Q==
-----END CERTIFICATE-----
)";

constexpr std::string_view kServerKey = R"(-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgIXJuJX52gtKtdLRD
cwHpJ3UF30FwuUQjeUV+mOODc7mhRANCAAQSpmpcyLV6yQBqVXkIoHORpvFkBMEJ
KSh3fWMkQeRa86FX13EbQdbFQCVtmarf775QDt/XCl7GVDvtqMrJfEUA
-----END PRIVATE KEY-----
)";

constexpr std::string_view kClientCertificate = R"(-----BEGIN CERTIFICATE-----
MIIBjDCCATOgAwIBAgIUZAkPKnk0y/AzvX208fRpl97oFEcwCgYIKoZIzj0EAwIw
GzEZMBcGA1UEAwwQc2ltdWxhdGVkIGNsaWVudDAgFw0yNjExMjIxMzQ0MTZaGA8y
MTI2MTAyOTEzNDQxNlowGzEZMBcGA1UEAwwQc2ltdWxhdGVkIGNsaWVudDBZMBMG
ByqGSM49AgEGCCqGSM49AwEHA0IABDiybajbrUQqEtqA76Oo2jjY717Ck8wAKWZT
SDgDpT8rltAjC6QLr/z09uM4XbYFXfnC7Nmzee38FEHhqbQgoAmjUzBRMB0GA1Ud
DgQWBBQEcdZCYuDMLA/t4PIfygejnmUqdTAfBgNVHSMEGDAWgBQEcdZCYuDMLA/t
4PIfygejnmUqdTAPBgNVHRMBAf8EBTADAQH/MAoGCCqGSM49BAMCA0cAMEQCIG0c
/pylsSG+VTv0bbuGJtXK0NBypF7m65ZKxvjuvaWoAiAKEXtrMB5WqwmjvTbCmHrx
pCl2qOFGRga4RhwkqrrWQQ==
-----END CERTIFICATE-----
)";

constexpr std::string_view kClientKey = R"(-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgEHn7UOm0llholnH2
1IbF2BYr3/ZMYBFDEKNV0MX26HuhRANCAAQ4sm2o261EKhLagO+jqNo42O9ewpPM
AClmU0g4A6U/K5bQIwukC6/89PbjOF22BV35wuzZs3nt/BRB4am0IKAJ
-----END PRIVATE KEY-----
)";

crypto::Certificate read(std::string_view certificate, std::string_view key) {
  auto fixture = crypto::Certificate::from_pem(certificate, key);
  SFU_CHECK(fixture);
  return std::move(*fixture);
}

}  // namespace

crypto::Certificate server_certificate() { return read(kServerCertificate, kServerKey); }
crypto::Certificate client_certificate() { return read(kClientCertificate, kClientKey); }

}  // namespace sfu::sim
