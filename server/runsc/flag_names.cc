#include "server/runsc/flag_names.h"

#include <algorithm>
#include <array>

namespace gofer::runsc {
namespace {

// Flags of all of runsc, which it repeats for each of its processes. Sorted.
// Source: gVisor runsc/config/flags.go and runsc/cli, Dec 2022 to Aug 2026.
constexpr std::array<absl::string_view, 108> kGlobalFlags = {{
    "EXPERIMENTAL-afxdp",
    "EXPERIMENTAL-reproduce-nat",
    "EXPERIMENTAL-xdp",
    "EXPERIMENTAL-xdp-need-wakeup",
    "EXPERIMENTAL-xdp-redirect-host",
    "TESTONLY-afs-syscall-panic",
    "TESTONLY-allow-packet-endpoint-write",
    "TESTONLY-autosave-image-path",
    "TESTONLY-autosave-resume",
    "TESTONLY-nftables",
    "TESTONLY-save-restore-netstack",
    "TESTONLY-test-name-env",
    "allow-connected-on-save",
    "allow-live-tcp-migration",
    "allow-packet-socket-write",
    "allow-rootfs-tar-annotation",
    "allow-suid",
    "alsologtostderr",
    "app-huge-pages",
    "buffer-pooling",
    "cgroupfs",
    "control-rpc-stop-timeout",
    "coverage-fd",
    "coverage-report",
    "cpu-num-from-quota",
    "dcache",
    "debug-command",
    "debug-log",
    "debug-log-format",
    "debug-to-user-log",
    "enable-core-tags",
    "file-access",
    "file-access-mounts",
    "final-metrics-log",
    "fuse",
    "gofer-network-namespace",
    "gso",
    "gvisor-gro",
    "gvisor-marker-file",
    "host-settings",
    "ignore-cgroups",
    "iouring",
    "kvm-use-cpu-nums",
    "log",
    "log-format",
    "log-packets",
    "metric-exporter-prefix",
    "metric-server",
    "metric-server-allow-unknown-root",
    "mount-cgroup-v2",
    "net-disconnect-ok",
    "net-raw",
    "network",
    "network-processors-per-channel",
    "num-network-channels",
    "nvproxy",
    "nvproxy-allow-unsupported-driver",
    "nvproxy-allowed-driver-capabilities",
    "nvproxy-docker",
    "nvproxy-driver-version",
    "oci-seccomp",
    "override-procs",
    "panic-log",
    "panic-log-fd",
    "panic-signal",
    "pause-external-networking",
    "pcap-log",
    "platform",
    "platform_device_path",
    "pod-init-config",
    "profile",
    "profile-block",
    "profile-cpu",
    "profile-gc-interval",
    "profile-heap",
    "profile-mutex",
    "profiling-metrics",
    "profiling-metrics-fd",
    "profiling-metrics-log",
    "profiling-metrics-rate-us",
    "qdisc",
    "qdisc-tbf-burst",
    "qdisc-tbf-rate",
    "ref-leak-mode",
    "reproduce-nat",
    "reproduce-nftables",
    "restore-spec-validation",
    "root",
    "rootless",
    "rx-checksum-offload",
    "save-restore-netstack",
    "shared-root",
    "sidecar-release-enforcement-policy",
    "software-gso",
    "strace",
    "strace-event",
    "strace-log-size",
    "strace-syscalls",
    "systemd-cgroup",
    "systrap-disable-fast-path",
    "systrap-disable-syscall-patching",
    "tpuproxy",
    "trace",
    "traceback",
    "tx-checksum-offload",
    "unsafe-skip-restore-spec-validation",
    "vfs2",
    "watchdog-action",
}};

// Flags of the gofer command that we need nothing of: profiles, which are
// gVisor's own, and the helper that unmounts its /proc. Sorted.
constexpr std::array<absl::string_view, 6> kGoferFlags = {{
    "proc-mount-sync-fd",
    "profile-block-fd",
    "profile-cpu-fd",
    "profile-heap-fd",
    "profile-mutex-fd",
    "trace-fd",
}};

static_assert(std::is_sorted(kGlobalFlags.begin(), kGlobalFlags.end()));
static_assert(std::is_sorted(kGoferFlags.begin(), kGoferFlags.end()));

}  // namespace

bool IsHarmlessGlobalFlag(absl::string_view name) {
  return std::binary_search(kGlobalFlags.begin(), kGlobalFlags.end(), name);
}

bool IsHarmlessGoferFlag(absl::string_view name) {
  return std::binary_search(kGoferFlags.begin(), kGoferFlags.end(), name);
}

}  // namespace gofer::runsc
