// GoferFlags: the command line with which runsc starts its gofer, as a value.

#ifndef GOFER_SERVER_RUNSC_GOFER_FLAGS_H_
#define GOFER_SERVER_RUNSC_GOFER_FLAGS_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "absl/strings/string_view.h"
#include "server/hostfs/host_options.h"

namespace gofer::runsc {

// The release of runsc, told by the flags that only later releases have.
enum class Release { kDec2022, kNov2023, kAug2026 };

// How one mount is served, in the words of runsc since 2026: by a gofer or an
// EROFS image below, and with or without an overlay above.
struct MountConf {
  bool served = true;
  bool overlaid = false;
};

// Descriptors are numbers that were inherited, or -1. Source: gVisor
// runsc/cmd/gofer.go and runsc/config/config.go, Dec 2022, Nov 2023, Aug 2026.
struct GoferFlags {
  std::string bundle;
  int spec_fd = -1;
  int mounts_fd = -1;
  std::vector<int> io_fds;  // The root's first, then one per served mount.
  bool setup_root = true;
  bool apply_caps = true;
  // Made when its parent closes the other end.
  int sync_userns_fd = -1;
  int sync_nvproxy_fd = -1;
  int sync_chroot_fd = -1;
  int sync_sentry_exit_fd = -1;
  int dev_io_fd = -1;
  uint32_t uid = 0;
  uint32_t gid = 0;
  // Nov 2023: 0 for no overlay, [0] is the root. Aug 2026: mount_confs.
  std::vector<int> overlay_mediums;
  std::vector<MountConf> mount_confs;

  int log_fd = -1;
  int debug_log_fd = -1;
  bool debug = false;
  bool overlay_root = false;    // Dec 2022, for all servers of the sandbox.
  bool overlay_mounts = false;  // Likewise.
  bool directfs = true;         // Only since Nov 2023.
  bool allow_flag_override = false;
  bool unsafe_nonroot = false;
  std::optional<uint64_t> max_fds;
  hostfs::HostOptions host;

  bool print_sandbox_plan = false;
  Release release = Release::kDec2022;
  // Names of flags that mean nothing to a gofer, or that we do not know.
  std::vector<std::string> ignored;

  // A flag of the dispatcher, not of runsc: the directory where goferd looks
  // for gofers. May be empty.
  std::string state_dir;
  // The word behind all flags, which is empty where runsc gives none.
  std::string container_id;
};

// What is wrong, in one line without a newline, and the log in which runsc
// wants to read it, if that flag could be understood.
struct FlagsError {
  std::string text;
  int log_fd = -1;
};

// Whether the command line is runsc's call of its gofer. `argv[0]` counts.
bool IsGoferCommand(int argc, const char* const* argv);

// Looks at argv[1] and what follows. `overrides` (flag name without dashes, and
// value) come last and win, if they are flags that a container's user may set;
// other flags are left out. Opens nothing.
std::variant<GoferFlags, FlagsError> ParseGoferFlags(
    int argc, const char* const* argv,
    const std::map<std::string, std::string>& overrides = {});

}  // namespace gofer::runsc

#endif  // GOFER_SERVER_RUNSC_GOFER_FLAGS_H_
