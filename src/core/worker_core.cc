#include "core/worker_core.h"

#include "core/worker_core_impl.h"

namespace sfu::core {

WorkerCore::WorkerCore(Config config, RandomSource& random)
    : impl_(std::make_unique<Impl>(std::move(config), random)) {}

WorkerCore::~WorkerCore() = default;

PacketArena& WorkerCore::arena() { return impl_->arena(); }

FaultNote& WorkerCore::faults() { return impl_->faults(); }

void WorkerCore::handle_datagram(Timestamp now, const Path& path, PacketBuffer datagram) {
  impl_->handle_datagram(now, path, std::move(datagram));
}

StreamOpening WorkerCore::open_stream(Timestamp now, const Path& path, PacketBuffer datagram) {
  return impl_->open_stream(now, path, datagram.bytes());
}

void WorkerCore::handle_stream_end(Timestamp now, const Path& path) {
  impl_->handle_stream_end(now, path);
}

std::optional<Path> WorkerCore::poll_released_stream() { return impl_->poll_released_stream(); }

void WorkerCore::handle_command(Timestamp now, RequestId request, Command command) {
  impl_->handle_command(now, request, std::move(command));
}

void WorkerCore::handle_link_message(Timestamp now, Bytes message) {
  impl_->handle_link_message(now, message);
}

void WorkerCore::flush_links(Timestamp now) { impl_->flush_links(now); }

void WorkerCore::handle_timeout(Timestamp now) { impl_->handle_timeout(now); }

std::optional<Timestamp> WorkerCore::flush_due() const { return impl_->flush_due(); }
bool WorkerCore::is_batch_full() const { return impl_->is_batch_full(); }

void WorkerCore::flush(Timestamp now, DatagramSink& sink) { impl_->flush(now, sink); }

std::optional<Event> WorkerCore::poll_event() { return impl_->poll_event(); }

std::optional<Timestamp> WorkerCore::next_timeout() const { return impl_->next_timeout(); }

}  // namespace sfu::core
