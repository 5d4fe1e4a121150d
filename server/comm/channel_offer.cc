#include "server/comm/channel_offer.h"

#include <cerrno>
#include <utility>

#include "server/flipcall/layout.h"
#include "server/flipcall/packet_window.h"
#include "server/uds/unix_socket.h"
#include "server/wire/headers.h"

namespace gofer::comm {

base::ErrnoOr<ChannelOffer> MakeChannelOffer(
    flipcall::PacketWindowAllocator& allocator, uint32_t max_payload) {
  const auto extent =
      allocator.Allocate(flipcall::kPacketHeaderBytes +
                         sizeof(wire::ChannelHeader) + uint64_t{max_payload});
  if (!extent.ok()) return base::Errno(EIO);
  auto window = flipcall::PacketWindow::Map(allocator.fd(), extent->offset,
                                            extent->length);
  if (!window.ok()) return base::Errno(EIO);
  auto sockets = uds::MakeSocketPair(uds::SocketType::kSeqPacket);
  if (!sockets.ok()) return sockets.error();
  auto data_fd = base::DupFd(allocator.fd());
  if (!data_fd.ok()) return data_fd.error();
  return ChannelOffer{
      .window = *extent,
      .data_fd = *std::move(data_fd),
      .fd_socket = std::move(sockets->second),
      .communicator = std::make_unique<ChannelCommunicator>(
          *std::move(window), std::move(sockets->first), max_payload)};
}

}  // namespace gofer::comm
