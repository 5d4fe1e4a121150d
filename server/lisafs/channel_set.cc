#include "server/lisafs/channel_set.h"

#include <sched.h>

#include <algorithm>
#include <utility>

#include "server/lisafs/connection.h"
#include "server/lisafs/server.h"

namespace gofer::lisafs {
namespace {

// The limit of gVisor's server: the CPUs that it may run on, within 2 to 4.
uint32_t DefaultLimit() {
  cpu_set_t cpus;
  if (::sched_getaffinity(0, sizeof(cpus), &cpus) != 0) return 2;
  return static_cast<uint32_t>(std::clamp(CPU_COUNT(&cpus), 2, 4));
}

}  // namespace

ChannelSet::ChannelSet(Connection& connection, uint32_t limit,
                       uint32_t max_payload)
    : connection_(connection),
      limit_(limit != 0 ? std::min(limit, ConnectionOptions::kMostChannels)
                        : DefaultLimit()),
      max_payload_(max_payload),
      windows_(std::make_unique<flipcall::PacketWindowAllocator>()) {
  // Room for all channels, so that nothing can fail once a thread runs.
  channels_.reserve(limit_);
}

ChannelSet::~ChannelSet() { Close(); }

base::ErrnoOr<OpenedChannel> ChannelSet::Open() {
  base::MutexLock lock(mu_);
  if (closed_) return base::Errno(ENOSYS);
  // Failed attempts count, because they use up the window file too.
  if (attempts_ >= limit_) return base::Errno(ENOMEM);
  ChannelLimit& all = connection_.server().channel_limit_;
  if (!all.TryTake()) return base::Errno(ENOMEM);
  ++attempts_;
  base::ErrnoOr<OpenedChannel> opened = OpenOne();
  if (!opened.ok()) all.GiveBack();
  return opened;
}

base::ErrnoOr<OpenedChannel> ChannelSet::OpenOne() {
  base::ErrnoOr<comm::ChannelOffer> offer =
      comm::MakeChannelOffer(*windows_, max_payload_);
  if (!offer.ok()) return offer.error();

  Channel channel{std::move(offer->communicator),
                  std::make_unique<PathwayStats>(PathwayStats::Kind::kChannel),
                  base::Thread()};
  comm::ChannelCommunicator* const communicator = channel.communicator.get();
  PathwayStats* const stats = channel.stats.get();
  base::ErrnoOr<base::Thread> thread =
      base::Thread::Start("gofer-channel", [this, communicator, stats] {
        connection_.Serve(*communicator, *stats);
      });
  if (!thread.ok()) return thread.error();
  channel.thread = std::move(*thread);
  channels_.push_back(std::move(channel));
  return OpenedChannel{offer->window, std::move(offer->data_fd),
                       std::move(offer->fd_socket)};
}

void ChannelSet::Shutdown() {
  base::MutexLock lock(mu_);
  for (Channel& channel : channels_) {
    if (channel.communicator) channel.communicator->Shutdown();
  }
}

void ChannelSet::Close() {
  std::vector<base::Thread> threads;
  {
    base::MutexLock lock(mu_);
    closed_ = true;
    for (Channel& channel : channels_) {
      if (channel.communicator) channel.communicator->Shutdown();
      threads.push_back(std::move(channel.thread));
    }
  }
  // Joined without the lock: a handler may be asking for one more channel.
  for (base::Thread& thread : threads) thread.Join();
  // Destroyed without the lock, which whoever looks at the connection needs.
  std::vector<std::unique_ptr<comm::ChannelCommunicator>> communicators;
  std::unique_ptr<flipcall::PacketWindowAllocator> windows;
  base::MutexLock lock(mu_);
  for (Channel& channel : channels_) {
    if (!channel.communicator) continue;
    connection_.server().channel_limit_.GiveBack();
    communicators.push_back(std::move(channel.communicator));
  }
  windows = std::move(windows_);
}

size_t ChannelSet::size() const {
  base::MutexLock lock(mu_);
  return channels_.size();
}

size_t ChannelSet::open_count() const {
  base::MutexLock lock(mu_);
  return static_cast<size_t>(std::count_if(
      channels_.begin(), channels_.end(),
      [](const Channel& channel) { return channel.communicator != nullptr; }));
}

void ChannelSet::AddStatsTo(ConnectionStats& sums) const {
  base::MutexLock lock(mu_);
  for (const Channel& channel : channels_) channel.stats->AddTo(sums);
}

void ChannelSet::AddInFlightTo(std::vector<InFlightRequest>& requests) const {
  base::MutexLock lock(mu_);
  for (const Channel& channel : channels_) {
    if (const auto request = channel.stats->InFlight()) {
      requests.push_back(*request);
    }
  }
}

}  // namespace gofer::lisafs
