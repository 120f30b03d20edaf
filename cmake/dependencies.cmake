# Every library that the server stands on, each named here once with its reason.

find_program(CCACHE ccache)
if(CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE})
  set(CMAKE_C_COMPILER_LAUNCHER ${CCACHE})
endif()

# DTLS, the ciphers and digests of SRTP, HMAC of STUN: the one TLS library that every Debian has.
find_package(OpenSSL 3.0 REQUIRED)

# The fast path of SRTP: AES-GCM in a quarter of OpenSSL's time, HMAC-SHA1 of many packets at once. For x86 alone
# (Debian: libipsec-mb-dev); where it is missing, OpenSSL does its work.
find_library(IPSEC_MB_LIBRARY IPSec_MB)
find_path(IPSEC_MB_INCLUDE_DIR intel-ipsec-mb.h)
add_library(IpsecMb::IpsecMb INTERFACE IMPORTED)
if(IPSEC_MB_LIBRARY AND IPSEC_MB_INCLUDE_DIR)
  target_link_libraries(IpsecMb::IpsecMb INTERFACE ${IPSEC_MB_LIBRARY})
  target_include_directories(IpsecMb::IpsecMb SYSTEM INTERFACE ${IPSEC_MB_INCLUDE_DIR})
  target_compile_definitions(IpsecMb::IpsecMb INTERFACE SFU_HAS_IPSEC_MB=1)
endif()

# The service's event loop, HTTP and WebSocket (Asio, Beast), URLs, and JSON. Debian's default Boost is 1.74,
# which has no Boost.JSON with the depth limit that docs/api.md promises: 1.81 is named on purpose.
find_package(Boost 1.81.0 EXACT REQUIRED CONFIG COMPONENTS headers json url)

# Logging with levels and sinks; the lines themselves are formatted by base/log.
find_package(spdlog REQUIRED)

# Command-line parsing and --help.
find_package(CLI11 REQUIRED)

# The value-or-error type of C++23, which g++ 12 lacks (Debian: libexpected-dev, header only).
find_path(EXPECTED_INCLUDE_DIR tl/expected.hpp REQUIRED)

# The text that Prometheus reads (Debian: prometheus-cpp-dev). Its CMake description asks for the libraries of its own HTTP
# server and client as well, which are not needed here.
find_library(PROMETHEUS_CORE_LIBRARY prometheus-cpp-core REQUIRED)
find_path(PROMETHEUS_INCLUDE_DIR prometheus/text_serializer.h REQUIRED)
add_library(Prometheus::core INTERFACE IMPORTED)
target_link_libraries(Prometheus::core INTERFACE ${PROMETHEUS_CORE_LIBRARY})
target_include_directories(Prometheus::core SYSTEM INTERFACE ${PROMETHEUS_INCLUDE_DIR})

# Unit tests.
find_package(GTest REQUIRED)

# The oracle for SRTP in tests: never linked into the server.
find_library(SRTP2_LIBRARY srtp2)
find_path(SRTP2_INCLUDE_DIR srtp2/srtp.h)

find_package(Threads REQUIRED)
