#include "dtls/datagram_bio.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace sfu::dtls {
namespace {

DatagramPipe& pipe_of(BIO* bio) { return *static_cast<DatagramPipe*>(BIO_get_data(bio)); }

int read_datagram(BIO* bio, char* data, int size) {
  BIO_clear_retry_flags(bio);
  if (size <= 0) return 0;
  const std::size_t got =
      pipe_of(bio).read({reinterpret_cast<std::uint8_t*>(data), static_cast<std::size_t>(size)});
  if (got > 0) return static_cast<int>(got);
  BIO_set_retry_read(bio);
  return -1;
}

int write_records(BIO* bio, const char* data, int size) {
  BIO_clear_retry_flags(bio);
  if (size <= 0) return 0;
  pipe_of(bio).write({reinterpret_cast<const std::uint8_t*>(data), static_cast<std::size_t>(size)});
  return size;
}

long control(BIO* bio, int command, long, void*) {
  switch (command) {
    case BIO_CTRL_FLUSH: return 1;
    case BIO_CTRL_DGRAM_QUERY_MTU:
    case BIO_CTRL_DGRAM_GET_FALLBACK_MTU: return static_cast<long>(pipe_of(bio).mtu());
    default: return 0;
  }
}

int on_create(BIO* bio) {
  BIO_set_init(bio, 1);
  return 1;
}

}  // namespace

std::vector<Flight> DatagramPipe::take_flights() {
  end_flight();
  return std::exchange(flights_, {});
}

std::size_t DatagramPipe::read(MutableBytes out) {
  const std::size_t size = std::min(input_.size(), out.size());
  std::copy_n(input_.begin(), size, out.begin());
  input_ = {};
  return size;
}

void DatagramPipe::write(Bytes records) {
  // OpenSSL sends each message of a repeated flight by itself: join what fits one datagram.
  if (open_flight_.empty() || open_flight_.back().size() + records.size() > mtu_)
    open_flight_.emplace_back();
  open_flight_.back().insert(open_flight_.back().end(), records.begin(), records.end());
}

void DatagramPipe::end_flight() {
  if (!open_flight_.empty()) flights_.push_back(std::exchange(open_flight_, {}));
}

BIO_METHOD* make_datagram_bio_method() {
  BIO_METHOD* const method = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "datagram pipe");
  SFU_CHECK(method != nullptr);
  BIO_meth_set_read(method, read_datagram);
  BIO_meth_set_write(method, write_records);
  BIO_meth_set_ctrl(method, control);
  BIO_meth_set_create(method, on_create);
  return method;
}

}  // namespace sfu::dtls
