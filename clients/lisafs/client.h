// Client: one mount of a LISAFS server's tree, as gVisor's sandbox would have
// it.

#ifndef GOFER_CLIENTS_LISAFS_CLIENT_H_
#define GOFER_CLIENTS_LISAFS_CLIENT_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

#include "clients/lisafs/control_file.h"
#include "clients/lisafs/pathway_pool.h"
#include "clients/lisafs/session.h"
#include "server/base/errno.h"
#include "server/base/unique_fd.h"
#include "server/wire/message_id.h"

namespace gofer::client {

// Owns the handle on the mount point. The handles that come from it
// (ControlFile and the others) share the connection: they may outlive the
// Client, but fail with ECONNRESET after Close, by which the Client's
// destructor ends the connection.
//
// All methods but moves are thread-safe, and so is every handle's const part:
// requests of different threads travel on different channels at the same time.
// A thread of its own watches the socket, so that calls in flight fail when the
// server goes away.
// Source: gVisor pkg/lisafs/client.go, Nov 2023.
class Client {
 public:
  enum class StartOrder { kConcurrent, kSequential };

  // Sends Mount over `socket` (connected, AF_UNIX, SOCK_STREAM; made blocking).
  // Errors: the server's; EIO, EPROTO for a malformed answer; those of
  // starting a thread.
  static base::ErrnoOr<Client> Mount(base::UniqueFd socket);

  Client(Client&& other) noexcept = default;
  Client& operator=(Client&& other) noexcept;
  ~Client() { Close(); }

  // How many channels gVisor asks for: two to four, as there are CPUs.
  static size_t UsualChannelCount();

  // Asks for `wanted` channels more, and returns how many channels there are
  // now. They are fewer than wanted when the server reached its limit (it
  // answers ENOMEM). Errors: ENOMEM when there is no channel at all; otherwise
  // the failure of one of the channels: EBADF when descriptors are missing,
  // EINVAL and EPROTO for an unusable window. The connection goes on with the
  // channels that it got. `order`: all requests at once, as gVisor does, or one
  // after the other.
  base::ErrnoOr<size_t> StartChannels(
      size_t wanted, StartOrder order = StartOrder::kConcurrent);

  // Sets the pathway of all requests from now on. At first it is kChannels.
  void UsePathway(Pathway pathway) { session_->pathways().Use(pathway); }

  const ControlFile& root() const { return *root_; }
  // The mount point's host FD, borrowed; -1 when the server donated none.
  int mount_fd() const { return mount_fd_.get(); }
  // Bytes of payload, either way.
  uint32_t max_message_size() const { return session_->max_message_size(); }
  bool Supports(wire::MessageId id) const { return session_->Supports(id); }
  PathwayPool::Counters counters() const {
    return session_->pathways().counters();
  }

  // FDs are closed in batches of 100, when handles are destroyed; this closes
  // the rest now.
  base::ErrnoOr<void> FlushCloses() { return session_->FlushCloses(); }

  // Ends the connection, as the destructor does. Calls in flight fail.
  void Close();

 private:
  Client(std::shared_ptr<Session> session, ControlFile root,
         base::UniqueFd mount_fd)
      : session_(std::move(session)),
        root_(std::make_unique<ControlFile>(std::move(root))),
        mount_fd_(std::move(mount_fd)) {}

  base::ErrnoOr<void> StartChannel();

  std::shared_ptr<Session> session_;   // Null after a move.
  std::unique_ptr<ControlFile> root_;  // Keeps its address when we are moved.
  base::UniqueFd mount_fd_;
};

}  // namespace gofer::client

#endif  // GOFER_CLIENTS_LISAFS_CLIENT_H_
