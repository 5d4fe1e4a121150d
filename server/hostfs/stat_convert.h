// File attributes: from the host's system calls to the wire's Statx.

#ifndef GOFER_SERVER_HOSTFS_STAT_CONVERT_H_
#define GOFER_SERVER_HOSTFS_STAT_CONVERT_H_

#include <sys/stat.h>

#include "server/base/errno.h"
#include "server/lisafs/protocol_level.h"
#include "server/wire/messages/stat.h"
#include "server/wire/statx.h"

struct statfs;

namespace gofer::hostfs {

// mask is constant 0x7FF and btime zero. Source: gVisor
// runsc/fsgofer/lisafs.go, Nov 2023 (fstatTo).
wire::Statx FromStat(const struct stat& stat);

// mask is the kernel's; attributes are left out. Source: as above, Aug 2026.
wire::Statx FromStatx(const struct statx& stat);

wire::StatFs FromStatFs(const struct statfs& stat);

// Returns the attributes of the borrowed `fd`, which may be O_PATH: by fstat(2)
// at kNov2023, by statx(2) at kAug2026.
base::ErrnoOr<wire::Statx> StatFd(int fd, lisafs::ProtocolLevel level);

// The attributes of `name` in the borrowed `directory`; a symlink's own. The
// same as StatFd gives for an O_PATH descriptor of it, without opening it.
base::ErrnoOr<wire::Statx> StatAt(int directory, const char* name,
                                  lisafs::ProtocolLevel level);

// Whether files of this type are served at all: block devices are not. Source:
// gVisor runsc/fsgofer/lisafs.go, Nov 2023 (checkSupportedFileType).
bool IsServedType(uint32_t mode);

}  // namespace gofer::hostfs

#endif  // GOFER_SERVER_HOSTFS_STAT_CONVERT_H_
