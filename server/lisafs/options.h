// ServerOptions and ConnectionOptions: what a Server and each of its
// connections may do. Plain values, fixed when the object is created.

#ifndef GOFER_SERVER_LISAFS_OPTIONS_H_
#define GOFER_SERVER_LISAFS_OPTIONS_H_

#include <cstdint>
#include <optional>
#include <string>

#include "server/lisafs/protocol_level.h"
#include "server/wire/limits.h"

namespace gofer::lisafs {

enum class Access { kReadWrite, kReadOnly };

// Which host FDs a connection's client is given. A client that holds an FD
// does I/O without us: handler overrides on reads and writes do not see it.
enum class Donation {
  kNone,
  kFiles,               // Regular files, FIFOs and character devices on open.
  kFilesAndMountPoint,  // Also the mount point itself ("directfs").
};

// The options of all connections that have none of their own. Source: gVisor
// pkg/lisafs/server.go, Nov 2023; since Aug 2026 they belong to the connection,
// where they may be overridden here.
struct ServerOptions {
  // The backend's WalkStat is safe without locks on the descendants.
  bool walk_stat_supported = true;
  // SetStat works on deleted files.
  bool set_attr_on_deleted = true;
  // FAllocate works on deleted files.
  bool allocate_on_deleted = true;
};

struct ConnectionOptions {
  Access access = Access::kReadWrite;
  Donation donation = Donation::kFiles;
  ProtocolLevel level = ProtocolLevel::kNov2023;

  // The name by which rules know the connection; may be empty.
  std::string name;

  // In place of the Server's options; nothing means the Server's.
  std::optional<ServerOptions> server_options;
  // OpenAt works on deleted files. Aug 2026 behaviour; see ForLevel.
  bool open_on_deleted = false;

  // Bytes of payload either way, announced by Mount: 4096 to
  // wire::kMaxMessageSize. A backend may announce less.
  uint32_t max_message_size = wire::kMaxMessageSize;
  // The most channels ever opened, at most kMostChannels. 0 means
  // max(2, min(4, CPUs)), which is what gVisor's server allows.
  static constexpr uint32_t kMostChannels = 64;
  uint32_t max_channels = 0;
  // FDs of any kind that may be alive at once; past it the client gets EMFILE.
  uint32_t max_fds = 65536;
  // Tree nodes made by this connection and alive; past it the client gets
  // ENOMEM. Nodes outnumber FDs when a client keeps FDs deep in the tree only.
  // A node takes up to 700 bytes (measured with names of 250).
  uint32_t max_nodes = 1u << 17;

  // The defaults of a connection whose client expects `level`.
  static ConnectionOptions ForLevel(ProtocolLevel level) {
    ConnectionOptions options;
    options.level = level;
    options.open_on_deleted = level == ProtocolLevel::kAug2026;
    return options;
  }
};

}  // namespace gofer::lisafs

#endif  // GOFER_SERVER_LISAFS_OPTIONS_H_
