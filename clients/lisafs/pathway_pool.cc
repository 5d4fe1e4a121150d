#include "clients/lisafs/pathway_pool.h"

#include <algorithm>
#include <cerrno>

namespace gofer::client {

using base::MutexLock;

PathwayLease::~PathwayLease() {
  if (pathway_ == nullptr) return;
  if (dead_) {
    pool_->Discard(pathway_);
  } else {
    pool_->Release(pathway_);
  }
}

PathwayPool::PathwayPool(base::UniqueFd socket) : socket_(std::move(socket)) {}

base::ErrnoOr<PathwayLease> PathwayPool::Acquire() {
  MutexLock lock(mu_);
  for (;;) {
    if (closed_) return base::Errno(ECONNRESET);
    if (comm::ClientCommunicator* pathway = TakeIdleLocked()) {
      return PathwayLease(this, pathway);
    }
    released_.Wait(mu_);
  }
}

comm::ClientCommunicator* PathwayPool::TakeIdleLocked() {
  if (use_ == Pathway::kChannels && !idle_.empty()) {
    comm::ClientChannel* const channel = idle_.back();
    idle_.pop_back();
    ++channel_calls_;
    return channel;
  }
  if (socket_busy_) return nullptr;
  socket_busy_ = true;
  ++socket_calls_;
  return &socket_;
}

base::ErrnoOr<PathwayLease> PathwayPool::Adopt(
    std::unique_ptr<comm::ClientChannel> channel) {
  MutexLock lock(mu_);
  if (closed_) return base::Errno(ECONNRESET);
  channels_.push_back(std::move(channel));
  return PathwayLease(this, channels_.back().get());
}

void PathwayPool::Use(Pathway pathway) {
  MutexLock lock(mu_);
  use_ = pathway;
  released_.NotifyAll();
}

void PathwayPool::Shutdown() {
  MutexLock lock(mu_);
  closed_ = true;
  socket_.Shutdown();
  // A thread that this wakes needs mu_ only after it has left the channel.
  for (const auto& channel : channels_) channel->Shutdown();
  released_.NotifyAll();
}

PathwayPool::Counters PathwayPool::counters() const {
  MutexLock lock(mu_);
  return {socket_calls_, channel_calls_, channels_.size()};
}

void PathwayPool::Release(comm::ClientCommunicator* pathway) {
  MutexLock lock(mu_);
  if (pathway == &socket_) {
    socket_busy_ = false;
  } else {
    idle_.push_back(static_cast<comm::ClientChannel*>(pathway));
  }
  released_.NotifyOne();
}

void PathwayPool::Discard(comm::ClientCommunicator* pathway) {
  if (pathway == &socket_) {
    Shutdown();
    Release(pathway);
    return;
  }
  std::unique_ptr<comm::ClientChannel> dead;
  MutexLock lock(mu_);
  const auto found =
      std::find_if(channels_.begin(), channels_.end(),
                   [pathway](const auto& c) { return c.get() == pathway; });
  dead = std::move(*found);
  channels_.erase(found);
}

}  // namespace gofer::client
