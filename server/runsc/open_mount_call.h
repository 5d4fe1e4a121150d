// OpenMount: the call by which a gofer has a mount's source opened by runsc,
// which runs with the rights of the host's root.

#ifndef GOFER_SERVER_RUNSC_OPEN_MOUNT_CALL_H_
#define GOFER_SERVER_RUNSC_OPEN_MOUNT_CALL_H_

#include <optional>
#include <string>
#include <variant>

#include "absl/strings/string_view.h"
#include "server/oci/oci_spec.h"

namespace gofer::runsc {

// What is sent over --rpc-fd: one JSON object. Source: gVisor pkg/urpc and
// runsc/container/gofer_to_host_rpc.go, Feb 2025 and Aug 2026.
std::string OpenMountRequest(const oci::OciMount& mount, bool readonly);

struct OpenMountDone {};
// Why runsc did not open the source, in its own words on one line.
struct OpenMountError {
  std::string text;
};

// Reads what has arrived so far. Nothing while the answer is not complete; an
// error for what cannot become an answer. The descriptor comes beside the text.
std::optional<std::variant<OpenMountDone, OpenMountError>> ReadOpenMountAnswer(
    absl::string_view text);

}  // namespace gofer::runsc

#endif  // GOFER_SERVER_RUNSC_OPEN_MOUNT_CALL_H_
