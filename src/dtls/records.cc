#include "dtls/records.h"

namespace sfu::dtls {
namespace {

constexpr std::size_t kHeaderSize = 13;
constexpr std::uint8_t kDtls1MajorVersion = 0xfe;
constexpr std::uint8_t kFatalLevel = 2;
constexpr std::uint8_t kClientHello = 1;

}  // namespace

//   0         1                   3               5
//   +---------+---------+---------+---------------+-- - - - - - - --+
//   |  type   | 0xfe    | minor   |     epoch     | sequence number |
//   +---------+---------+---------+---------------+-- - - - - - - --+
//   11                  13
//   +---------+---------+-- - - - - - -
//   |       length      |  fragment
//   +---------+---------+-- - - - - - -
std::optional<Record> take_record(Bytes& rest) {
  if (rest.size() < kHeaderSize || rest[1] != kDtls1MajorVersion) return std::nullopt;
  if (rest[0] < static_cast<std::uint8_t>(ContentType::ChangeCipherSpec) ||
      rest[0] > static_cast<std::uint8_t>(ContentType::ApplicationData))
    return std::nullopt;
  const std::size_t length = load_be16(rest, 11);
  if (kHeaderSize + length > rest.size()) return std::nullopt;

  const Bytes whole = rest.first(kHeaderSize + length);
  rest = rest.subspan(whole.size());
  return Record{.type = static_cast<ContentType>(whole[0]),
                .epoch = load_be16(whole, 3),
                .whole = whole,
                .fragment = whole.subspan(kHeaderSize)};
}

bool is_client_hello(const Record& record) {
  return record.type == ContentType::Handshake && record.epoch == 0 && !record.fragment.empty() &&
         record.fragment[0] == kClientHello;
}

std::optional<std::uint8_t> fatal_alert(const Record& record) {
  if (record.type != ContentType::Alert || record.epoch != 0 || record.fragment.size() != 2)
    return std::nullopt;
  if (record.fragment[0] != kFatalLevel) return std::nullopt;
  return record.fragment[1];
}

}  // namespace sfu::dtls
