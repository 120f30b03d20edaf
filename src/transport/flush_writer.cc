#include "transport/flush_writer.h"

#include <span>
#include <utility>

#include "base/check.h"

namespace sfu::transport {

void FlushWriter::begin(DatagramSink& sink) {
  sink_ = &sink;
  room_ = sink.room();
}

void FlushWriter::finish() {
  commit_run();
  seal();
  sink_ = nullptr;
}

MutableBytes FlushWriter::reserve(std::size_t size) {
  if (room_.size() < size) {
    commit_run();
    seal();
    sink_->send();
    room_ = sink_->room();
    SFU_CHECK(room_.size() >= size);
  }
  return room_;
}

void FlushWriter::add(const Path& path, std::size_t size) {
  const bool joins =
      run_.size != 0 && !run_.is_closed && size <= run_.datagram_size && path == run_.path;
  if (!joins) {
    commit_run();
    run_ = {.path = path, .size = 0, .datagram_size = size};
  }
  run_.size += size;
  run_.is_closed = size < run_.datagram_size;
  room_ = room_.subspan(size);
}

void FlushWriter::add(const Path& path, const srtp::SealJob& job, PacketBuffer&& payload) {
  add(path, job.size());
  ++counters_.media_packets;
  counters_.padding_bytes += job.padding;
  jobs_[job_count_] = job;
  payloads_[job_count_] = std::move(payload);
  if (++job_count_ == kBurst) seal();
}

void FlushWriter::commit_run() {
  if (run_.size != 0) sink_->commit(run_.path, run_.size, run_.datagram_size);
  run_ = {};
}

void FlushWriter::seal() {
  srtp::seal(std::span(jobs_).first(job_count_));
  for (std::size_t i = 0; i < job_count_; ++i) payloads_[i] = {};
  job_count_ = 0;
}

}  // namespace sfu::transport
