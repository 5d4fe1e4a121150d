// GoferMounts and MatchSockets: what a container is served, and over which
// sockets.

#ifndef GOFER_SERVER_RUNSC_SERVED_MOUNTS_H_
#define GOFER_SERVER_RUNSC_SERVED_MOUNTS_H_

#include <cstddef>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "server/lisafs/options.h"
#include "server/oci/oci_spec.h"
#include "server/runsc/gofer_flags.h"

namespace gofer::runsc {

// The root, a bind mount or an EROFS mount of the spec.
struct GoferMount {
  // Index into OciSpec::mounts; absent for the root.
  std::optional<size_t> mount;
  // Whether it has a connection of its own.
  bool served = true;
  lisafs::Access access = lisafs::Access::kReadWrite;
  // Whether the sandbox lays an overlay over it.
  bool overlaid = false;
};

struct ServedMount {
  int io_fd = -1;
  GoferMount of;
};

struct ServedMountsError {
  std::string text;  // One line without a newline.
};

// The root, then the bind mounts in the spec's order, as spec and flags want
// them; the EROFS mounts are among them where the flags have a word for each
// (gVisor since January 2026), which nobody serves. An overlay keeps all
// changes in the sandbox, so what is below it is read-only. Errors: flags that
// have no word for one of the mounts. Source: gVisor runsc/cmd/gofer.go, Dec
// 2022 to Aug 2026.
std::variant<std::vector<GoferMount>, ServedMountsError> GoferMounts(
    const oci::OciSpec& spec, const GoferFlags& flags);

// Gives each served mount its socket. Errors: too few or too many sockets, or a
// socket that is given twice.
std::variant<std::vector<ServedMount>, ServedMountsError> MatchSockets(
    const std::vector<GoferMount>& mounts, const GoferFlags& flags);

}  // namespace gofer::runsc

#endif  // GOFER_SERVER_RUNSC_SERVED_MOUNTS_H_
