// Plan: how a process is going to confine itself, before any of it is done.
// Pure data: written by the start-up code, carried out by MountTree and
// Confine, printed by ToJson (plan_json.h) and compared by tests.

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

// One file or directory of the host that is mounted in the tree.
struct BindMount {
  // Absolute, of the host. Symlinks are followed: it is the administrator's.
  std::string source;
  // As the administrator wrote it. Resolved inside the tree, whose symlinks
  // cannot lead out of it; what is missing is created.
  std::string destination;
  // With the mounts below the source.
  bool recursive = true;
  // MOUNT_ATTR_* to set, on all that is mounted.
  uint64_t attributes = 0;
  // What the source's mount has, made a slave, if absent.
  std::optional<Propagation> propagation = {};

  friend bool operator==(const BindMount&, const BindMount&) = default;
};

// Successive ids.
struct IdRange {
  uint32_t host;     // The first one as files of the host have it.
  uint32_t visible;  // The first one as the process and its clients see it.
  uint32_t count;

  friend bool operator==(const IdRange&, const IdRange&) = default;
};

// How the owners of files appear. An empty list: as they are. Ids in no range
// of a list appear as the overflow id and cannot be given to a file; 0 has to
// be visible, since the process itself makes files as root.
struct IdMapPlan {
  std::vector<IdRange> users = {};
  std::vector<IdRange> groups = {};

  friend bool operator==(const IdMapPlan&, const IdMapPlan&) = default;
};

// The file tree that becomes all that the process can reach.
struct TreePlan {
  // Absolute, of the host; may be "/". Or ".": the working directory, which
  // follows the process into a mount namespace of its own, as descriptors do
  // not.
  std::string root;
  // Of the root's own mount, after the mount points have been made. Binds have
  // their own attributes.
  bool readonly = false;
  Propagation propagation{PropagationKind::kSlave, true};
  // In this order: a later one may lie in an earlier one.
  std::vector<BindMount> binds = {};
  // Made in the tree where missing (0755 and the umask), such as the working
  // directory.
  std::vector<std::string> directories = {};
  // Of all mounts of the tree, which then are private: what the host mounts
  // below them later would appear with ids that are not mapped.
  std::optional<IdMapPlan> id_map = {};
  // False when the launcher has put us into a mount namespace of our own.
  // Otherwise that must be true: the mounts of the namespace are all changed.
  bool new_namespace = true;

  friend bool operator==(const TreePlan&, const TreePlan&) = default;
};

// What the process keeps; loses the others from every set.
struct CapabilityPlan {
  std::vector<int> keep = {};  // CAP_*

  friend bool operator==(const CapabilityPlan&,
                         const CapabilityPlan&) = default;
};

// The system calls that the process may still make: those that serving files
// takes, and with a member set, these also.
struct SyscallPlan {
  bool connect = false;        // To UNIX sockets of the host.
  bool bind = false;           // UNIX sockets in the tree.
  bool credentials = false;    // Threads that connect as another user.
  bool donate_mounts = false;  // Copies of mounts, for clients.
  bool control = false;        // A control socket on which others connect.

  friend bool operator==(const SyscallPlan&, const SyscallPlan&) = default;
};

struct Plan {
  // Absent: mounts are left alone.
  std::optional<TreePlan> tree = {};
  // RLIMIT_NOFILE, soft and hard.
  std::optional<uint64_t> max_fds = {};
  // Absent: left alone.
  std::optional<CapabilityPlan> capabilities = {};
  bool no_new_privileges = true;
  // Where the kernel has it with ABI 2 or later: earlier ones forbid renaming
  // between directories.
  bool landlock = true;
  // What stays accessible under Landlock, of what the process can reach when it
  // confines itself: after MountTree, paths of the tree.
  std::vector<std::string> landlock_roots{"/"};
  // Absent: no filter.
  std::optional<SyscallPlan> syscalls = {};

  friend bool operator==(const Plan&, const Plan&) = default;
};

}  // namespace gofer::sandbox

#endif  // GOFER_SERVER_SANDBOX_PLAN_H_
