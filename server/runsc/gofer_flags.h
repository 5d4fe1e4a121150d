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

// The flag that says how each mount is served. What a release of runsc asks is
// told by such signs, never by guessing the release: behaviours.h lists them.
enum class MountWords {
  kNone,            // Until 2023: the overlay flags speak for all mounts.
  kOverlayMediums,  // --overlay-mediums, 2023-05 to 2023-10.
  kMountConfs,      // --gofer-mount-confs, since 2023-10.
};

// How one mount is served, in the words of --gofer-mount-confs: by a gofer or
// an EROFS image below, and with or without an overlay above.
struct MountConf {
  bool served = true;
  bool overlaid = false;
};

// Each is told by --goferd-runsc-traits, which names what install-runsc found
// in the program, and without that flag by the surest sign of the command line.
struct RunscTraits {
  // Has --character-device-policy, whose default is left off the command line.
  bool device_policy = false;
  // Wants its gofer to make the working directory ("makes-cwd").
  bool makes_cwd = true;
  // Has its gofer run createContainer hooks ("create-container-hooks").
  bool create_container_hooks = false;
  // Its overlay takes the extended attributes of files ("xattr-lists").
  bool xattr_lists = false;
  // Its sandbox takes single mounts out of directfs ("mount-directfs").
  bool mount_directfs = false;
};

// Descriptors are numbers that were inherited, or -1. Source: gVisor
// runsc/cmd/gofer.go and runsc/config/flags.go, Dec 2022 to Aug 2026.
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
  // A socket on which runsc sends a pidfd of the sandbox.
  int sync_sentry_exit_fd = -1;
  // Kept open until we exit, which is all that it is for.
  int pin_ring_fd = -1;
  // Where runsc opens mount sources for us (HostMountOpener).
  int rpc_fd = -1;
  // The connection that serves /dev with the devices of the spec.
  int dev_io_fd = -1;
  uint32_t uid = 0;
  uint32_t gid = 0;
  MountWords mount_words = MountWords::kNone;
  // 0 for no overlay, [0] is the root.
  std::vector<int> overlay_mediums;
  std::vector<MountConf> mount_confs;

  int log_fd = -1;
  int debug_log_fd = -1;
  bool debug = false;
  bool overlay_root = false;    // With MountWords::kNone.
  bool overlay_mounts = false;  // Likewise.
  bool directfs = true;         // False with MountWords::kNone.
  bool allow_flag_override = false;
  bool unsafe_nonroot = false;
  bool rdmaproxy = false;  // RDMA devices are among the accelerators.
  std::optional<uint64_t> max_fds;
  hostfs::HostOptions host;

  bool print_sandbox_plan = false;
  // Names of flags that mean nothing to a gofer.
  std::vector<std::string> ignored;

  // Flags of the dispatcher, not of runsc. The directory where goferd looks for
  // gofers; may be empty.
  std::string state_dir;
  // What this runsc does that no flag shows.
  RunscTraits traits;
  // The word behind all flags; empty where runsc gives none, as until 2025.
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
// other flags are left out. Opens nothing. A flag that we do not know is an
// error: it may change what the sandbox has to see (flag_names.h).
std::variant<GoferFlags, FlagsError> ParseGoferFlags(
    int argc, const char* const* argv,
    const std::map<std::string, std::string>& overrides = {});

}  // namespace gofer::runsc

#endif  // GOFER_SERVER_RUNSC_GOFER_FLAGS_H_
