// ChannelOffer: a new channel, as the answer to a Channel request.

#ifndef GOFER_SERVER_COMM_CHANNEL_OFFER_H_
#define GOFER_SERVER_COMM_CHANNEL_OFFER_H_

#include <cstdint>
#include <memory>

#include "server/base/errno.h"
#include "server/base/unique_fd.h"
#include "server/comm/channel_communicator.h"
#include "server/flipcall/packet_window_allocator.h"

namespace gofer::comm {

// The data and descriptors for the client, and our side of the channel. The
// descriptors go to the client in this order; PrepareDonation is applied to
// them when they are sent.
struct ChannelOffer {
  flipcall::WindowExtent window;
  base::UniqueFd data_fd;    // A duplicate of the memory file.
  base::UniqueFd fd_socket;  // The client's end of the FdChannel.
  std::unique_ptr<ChannelCommunicator> communicator;
};

// Makes a channel whose requests carry at most `max_payload` bytes. The
// window's memory stays taken in `allocator` even on failure. Errors, in the
// order of the steps: EIO when there is no window or it cannot be mapped, as
// gVisor's server answers; then those of socketpair and fcntl. Source: gVisor
// pkg/lisafs/{connection,channel}.go, Nov 2023.
base::ErrnoOr<ChannelOffer> MakeChannelOffer(
    flipcall::PacketWindowAllocator& allocator, uint32_t max_payload);

}  // namespace gofer::comm

#endif  // GOFER_SERVER_COMM_CHANNEL_OFFER_H_
