// ChannelSet: the channels of one connection and the threads that serve them.

#ifndef GOFER_SERVER_LISAFS_CHANNEL_SET_H_
#define GOFER_SERVER_LISAFS_CHANNEL_SET_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "server/base/errno.h"
#include "server/base/mutex.h"
#include "server/base/thread.h"
#include "server/base/unique_fd.h"
#include "server/comm/channel_offer.h"
#include "server/flipcall/packet_window_allocator.h"
#include "server/lisafs/connection_stats.h"

namespace gofer::lisafs {

class Connection;

// A new channel's window and descriptors for its client, in donation order.
struct OpenedChannel {
  flipcall::WindowExtent window;
  base::UniqueFd data_fd;
  base::UniqueFd fd_socket;
};

// Part of a Connection, which outlives it. Thread-safe. A channel that its
// client broke keeps its place until the connection ends.
class ChannelSet {
 public:
  // `limit`: as ConnectionOptions::max_channels. `max_payload`:
  // bytes.
  ChannelSet(Connection& connection, uint32_t limit, uint32_t max_payload);
  ~ChannelSet();
  ChannelSet(const ChannelSet&) = delete;
  ChannelSet& operator=(const ChannelSet&) = delete;

  // Makes a channel and starts to serve it. Errors: ENOMEM at a limit, ENOSYS
  // once closed, EIO when there is no window, EAGAIN when there is no thread.
  base::ErrnoOr<OpenedChannel> Open();

  // Ends all channels now; does not wait.
  void Shutdown();
  // Ends all channels, waits for their threads and unmaps their windows.
  void Close();

  // Channels that have not been unmapped.
  size_t open_count() const;
  // Channels ever opened.
  size_t size() const;
  void AddStatsTo(ConnectionStats& sums) const;
  void AddInFlightTo(std::vector<InFlightRequest>& requests) const;

 private:
  struct Channel {
    std::unique_ptr<comm::ChannelCommunicator> communicator;
    std::unique_ptr<PathwayStats> stats;
    base::Thread thread;
  };

  base::ErrnoOr<OpenedChannel> OpenOne() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  Connection& connection_;
  const uint32_t limit_;
  const uint32_t max_payload_;

  mutable base::Mutex mu_;
  bool closed_ ABSL_GUARDED_BY(mu_) = false;
  uint32_t attempts_ ABSL_GUARDED_BY(mu_) = 0;
  // Null after Close, together with its memory file.
  std::unique_ptr<flipcall::PacketWindowAllocator> windows_
      ABSL_GUARDED_BY(mu_);
  std::vector<Channel> channels_ ABSL_GUARDED_BY(mu_);
};

}  // namespace gofer::lisafs

#endif  // GOFER_SERVER_LISAFS_CHANNEL_SET_H_
