// ServedMount: one connection of a container, its socket and what it serves.

#ifndef GOFER_SERVER_RUNSC_SERVED_MOUNTS_H_
#define GOFER_SERVER_RUNSC_SERVED_MOUNTS_H_

#include <cstddef>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "server/lisafs/options.h"
#include "server/runsc/gofer_flags.h"
#include "server/runsc/oci_spec.h"

namespace gofer::runsc {

struct ServedMount {
  int io_fd = -1;
  // Index into OciSpec::mounts; none is the root.
  std::optional<size_t> mount;
  lisafs::Access access = lisafs::Access::kReadWrite;
};

struct ServedMountsError {
  std::string text;  // One line without a newline.
};

// Gives each served mount its socket: the root the first, then the bind mounts
// in the spec's order. Errors: sockets too few or too many.
//
// An overlay keeps all changes in the sandbox, so what is below one is served
// read-only. Source: gVisor runsc/cmd/gofer.go, Dec 2022, Nov 2023, Aug 2026.
std::variant<std::vector<ServedMount>, ServedMountsError> MatchSockets(
    const OciSpec& spec, const GoferFlags& flags);

// Whether the root, or its mount, may be mounted read-only.
bool RootIsReadonly(const OciSpec& spec, const GoferFlags& flags);

}  // namespace gofer::runsc

#endif  // GOFER_SERVER_RUNSC_SERVED_MOUNTS_H_
