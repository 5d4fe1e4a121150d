// HostOptions: what the host backend lets one connection do with the special
// files of the host.

#ifndef GOFER_SERVER_HOSTFS_HOST_OPTIONS_H_
#define GOFER_SERVER_HOSTFS_HOST_OPTIONS_H_

#include <cstdint>

namespace gofer::hostfs {

// A bit set. Open: the client may connect to sockets of the host. Since Aug
// 2026 the client says as which user and group, any of them, and the host's
// server sees these (SO_PEERCRED) where we have CAP_SETUID and CAP_SETGID; so a
// service that trusts a user by its id should not be within the root. Create:
// the client may bind sockets that the host can connect to. Source: gVisor
// runsc/config/config.go, Nov 2023.
enum class HostUds : uint8_t { kNone = 0, kOpen = 1, kCreate = 2, kAll = 3 };

// Whether the client may open FIFOs of the host.
enum class HostFifo : uint8_t { kNone, kOpen };

// Whether the client may open character devices of the host. kByLevel follows
// the connection's protocol level: Nov 2023 opens them, Aug 2026 does not.
enum class CharDevicePolicy : uint8_t { kRefuse, kOpen, kByLevel };

struct HostOptions {
  HostUds host_uds = HostUds::kNone;
  HostFifo host_fifo = HostFifo::kNone;
  CharDevicePolicy char_devices = CharDevicePolicy::kByLevel;
  // Whether a client that is given its mount point may open devices below it
  // through that descriptor: for the devices that an administrator has put into
  // a tree of their own.
  bool donate_devices = false;
  // Whether the messages that list and remove extended attributes are
  // announced. A sandbox of before May 2026 whose overlay lies on the mount
  // fails to copy a file up when it learns of a name that its upper layer does
  // not take.
  bool list_xattrs = true;

  bool may_connect() const { return HasBit(HostUds::kOpen); }
  bool may_bind() const { return HasBit(HostUds::kCreate); }

 private:
  bool HasBit(HostUds bit) const {
    return (static_cast<uint8_t>(host_uds) & static_cast<uint8_t>(bit)) != 0;
  }
};

}  // namespace gofer::hostfs

#endif  // GOFER_SERVER_HOSTFS_HOST_OPTIONS_H_
