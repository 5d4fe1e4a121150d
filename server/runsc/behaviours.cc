#include "server/runsc/behaviours.h"

#include <array>

#include "absl/strings/str_cat.h"

namespace gofer::runsc {
namespace {

constexpr std::array<Behaviour, 21> kBehaviours = {{
    {"the overlay flags speak for all mounts; no mount is donated",
     "neither --overlay-mediums nor --gofer-mount-confs", "until 2023-05",
     "runsc/cmd/gofer.go, Dec 2022"},
    {"one word for each mount: overlaid or not", "--overlay-mediums",
     "2023-05 to 2023-10", "runsc/cmd/gofer.go, Sep 2023"},
    {"one word for each mount: what is below it and above it",
     "--gofer-mount-confs", "since 2023-10-13", "runsc/cmd/gofer.go, Nov 2023"},
    {"mounts of type erofs have a word, too",
     "as many words as the root, binds and erofs mounts together",
     "since 2026-01", "runsc/specutils/specutils.go, Feb 2026"},
    {"binds of an EROFS root are put into a tree of their own",
     "--gofer-mount-confs=erofs:..., the first word", "since 2023-11",
     "runsc/cmd/gofer.go, Nov 2023"},
    {"the mount itself is donated, a socket, FIFO or device as an O_PATH "
     "descriptor",
     "--directfs, true unless it is false; with either list of mounts",
     "since 2023-05", "runsc/fsgofer/lisafs.go, Nov 2023"},
    {"a mount that its annotation takes out of directfs is not donated",
     "dev.gvisor.spec.mount.NAME.directfs=off, "
     "dev.gvisor.spec.rootfs.directfs; "
     "a runsc that has the words for it",
     "since 2026-05", "runsc/boot/mount_hints.go, May 2026"},
    {"character devices are opened",
     "no --character-device-policy, and a runsc that does not know the flag",
     "until 2026-08-17", "runsc/fsgofer/lisafs.go, Feb 2026"},
    {"character devices follow the policy, emulated-only by default",
     "--character-device-policy, or a runsc in which the flag was found",
     "since 2026-08-17", "runsc/config/flags.go, Aug 2026"},
    {"the working directory is made where it is missing",
     "a runsc that has the words for it; else no container name behind the "
     "flags",
     "until 2025-07", "runsc/cmd/gofer.go, Feb 2025"},
    {"mount points below a read-only bind are made before it is read-only",
     "the spec's mounts", "all", "runsc/cmd/gofer.go, Nov 2023"},
    {"sources that we may not read are opened by runsc", "--rpc-fd",
     "since 2024-11-18", "runsc/container/gofer_to_host_rpc.go, Feb 2025"},
    {"owners of a mount are mapped, by us or, in a user namespace, by runsc",
     "uidMappings and gidMappings of a mount; --rpc-fd", "since 2026-06-01",
     "runsc/container/gofer_to_host_rpc.go, Aug 2026"},
    {"createContainer hooks are run when the tree is ready",
     "the spec's hooks, a root that we serve, a container name behind the "
     "flags",
     "since 2026-05-20", "runsc/cmd/sandboxsetup/gofer_mount.go, Aug 2026"},
    {"/dev is served, with the accelerators of the spec", "--dev-io-fd",
     "since 2023-11", "runsc/cmd/gofer.go, Nov 2023"},
    {"we wait for the ends of these sockets before we confine ourselves",
     "--sync-nvproxy-fd, --sync-chroot-fd, --sync-userns-fd",
     "2023; since 2024-12; all", "runsc/cmd/gofer.go, Aug 2026"},
    {"we stay until the sandbox's process has ended, at most 500 ms",
     "--sync-sentry-exit-fd, --pin-ring-fd", "since 2026-08",
     "pkg/pinring/pinring.go, Aug 2026"},
    {"reads may be stale: the option overlayfs_stale_read",
     "a bind that lies on overlayfs", "all", "runsc/cmd/gofer.go, Dec 2022"},
    {"handles are not shared: the option disable_file_handle_sharing",
     "a bind that lies on NFS or FUSE", "since 2023-11-20",
     "runsc/cmd/sandboxsetup/fs.go, Aug 2026"},
    {"below an overlay extended attributes are not listed: copying a file up "
     "would fail for a name that the upper layer does not take",
     "an overlaid mount, and a runsc whose own gofer does not list them",
     "until 2026-05-20", "pkg/sentry/fsimpl/overlay, Feb 2026"},
    {"messages up to RenameAt2 are announced", "--gofer-mount-confs",
     "since 2023-10-13; older clients pass over what they do not know",
     "pkg/lisafs/message.go, Aug 2026"},
}};

}  // namespace

std::span<const Behaviour> Behaviours() { return kBehaviours; }

std::string BehavioursText() {
  std::string text =
      "What runsc asks of its gofer, by the sign that shows it\n";
  for (const Behaviour& row : Behaviours()) {
    absl::StrAppend(&text, "\n", row.what, "\n  sign:   ", row.sign,
                    "\n  asked:  ", row.since, "\n  source: gVisor ",
                    row.source, "\n");
  }
  return text;
}

}  // namespace gofer::runsc
