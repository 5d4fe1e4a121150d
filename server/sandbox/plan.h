// Plan: how a process is going to confine itself, before any of it is done. A
// plan is pure data: the start-up code writes it, MountTree and Confine carry
// it out, ToJson (plan_json.h) prints it, and tests compare it.

#ifndef GOFER_SERVER_SANDBOX_PLAN_H_
#define GOFER_SERVER_SANDBOX_PLAN_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace gofer::sandbox {

enum class PropagationKind { kPrivate, kSlave, kUnbindable };

// How mounts of the host, made later, appear in a mount of the tree.
struct Propagation {
  PropagationKind kind;
  bool recursive;

  friend bool operator==(const Propagation&, const Propagation&) = default;
};

// Successive ids.
struct IdRange {
  uint32_t host;     // The first one as files of the host have it.
  uint32_t visible;  // The first one as the process and its clients see it.
  uint32_t count;

  friend bool operator==(const IdRange&, const IdRange&) = default;
};

// How the owners of files appear. With an empty list they appear as they are.
// Ids in no range of a list appear as the overflow id and cannot be given to a
// file; 0 has to be visible, since the process itself makes files as root.
struct IdMapPlan {
  std::vector<IdRange> users = {};
  std::vector<IdRange> groups = {};

  friend bool operator==(const IdMapPlan&, const IdMapPlan&) = default;
};

// One file or directory of the host that is mounted in the tree.
struct BindMount {
  // An absolute path of the host. Its symlinks are followed, since it is the
  // administrator's.
  std::string source;
  // As the administrator wrote it. Resolved inside the tree, whose symlinks
  // cannot lead out of it; what is missing is created.
  std::string destination;
  // Whether the mounts below the source come along.
  bool recursive = true;
  // MOUNT_ATTR_* to set, on all that is mounted.
  uint64_t attributes = 0;
  // Absent: the source's own propagation, made a slave.
  std::optional<Propagation> propagation = {};
  // How the owners of the source's files appear, on the mounts below it too
  // only with `map_recursive` or when the tree has a map, which this one
  // replaces. Then the mounts are private.
  std::optional<IdMapPlan> id_map = {};
  bool map_recursive = false;
  // Whether MountTree asks its delegate for the source, when this process may
  // not reach it or may not map its ids.
  bool delegated = false;

  friend bool operator==(const BindMount&, const BindMount&) = default;
};

// The file tree that becomes all that the process can reach.
struct TreePlan {
  // An absolute path of the host, which may be "/". "" stands for an empty
  // tmpfs of our own, for a tree that consists of its binds. Or ".", the
  // working directory: it follows the process into a mount namespace of its
  // own, which descriptors do not.
  std::string root;
  // Where the tree is put together, an absolute path of the host: a directory
  // that the process does not need any more. Programs that run when the tree is
  // ready find the tree here.
  std::string stage = "/proc";
  // Whether MountTree calls its delegate when the tree is ready.
  bool announce_ready = false;
  // Whether the root's own mount becomes read-only, after the mount points have
  // been made. Binds have their own attributes.
  bool readonly = false;
  Propagation propagation{PropagationKind::kSlave, true};
  // Mounted in this order: a later bind may lie in an earlier bind.
  std::vector<BindMount> binds = {};
  // Directories that are made in the tree where they are missing (0755 and the
  // umask), such as the working directory.
  std::vector<std::string> directories = {};
  // The map of all mounts of the tree, except binds that have their own. The
  // mounts are private then: what the host mounts below them later would appear
  // with ids that are not mapped.
  std::optional<IdMapPlan> id_map = {};
  // False only when the launcher has put us into a mount namespace of our own:
  // all mounts of the namespace are changed, which would hit the host.
  bool new_namespace = true;

  friend bool operator==(const TreePlan&, const TreePlan&) = default;
};

// The capabilities that the process keeps. It loses all others from every set.
struct CapabilityPlan {
  std::vector<int> keep = {};  // CAP_*

  friend bool operator==(const CapabilityPlan&,
                         const CapabilityPlan&) = default;
};

// The system calls that the process may still make. Calls that serving files
// takes are always among them; each member that is set adds more.
struct SyscallPlan {
  bool connect = false;        // Connect to UNIX sockets of the host.
  bool bind = false;           // Bind UNIX sockets in the tree.
  bool credentials = false;    // Threads that connect as another user.
  bool donate_mounts = false;  // Copy mounts, for clients.
  bool control = false;        // Accept on a control socket.
  bool sandbox_exit = false;   // Receive a descriptor of the sandbox's process.

  friend bool operator==(const SyscallPlan&, const SyscallPlan&) = default;
};

struct Plan {
  // When absent, mounts are left alone.
  std::optional<TreePlan> tree = {};
  // Whether the process gets network, IPC and UTS namespaces of its own. In the
  // host's network namespace a client could connect a donated socket to the
  // host's abstract sockets. runsc's gofer is started in its own.
  bool new_namespaces = false;
  // RLIMIT_NOFILE, soft and hard.
  std::optional<uint64_t> max_fds = {};
  // When absent, capabilities are left alone.
  std::optional<CapabilityPlan> capabilities = {};
  bool no_new_privileges = true;
  // Whether to use Landlock where the kernel has ABI 2 or later: earlier ABIs
  // forbid renaming between directories.
  bool landlock = true;
  // The paths that stay accessible under Landlock. After MountTree they are
  // paths of the tree.
  std::vector<std::string> landlock_roots{"/"};
  // When absent, there is no filter.
  std::optional<SyscallPlan> syscalls = {};

  friend bool operator==(const Plan&, const Plan&) = default;
};

}  // namespace gofer::sandbox

#endif  // GOFER_SERVER_SANDBOX_PLAN_H_
