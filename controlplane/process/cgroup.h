// Cgroup: a control group of version 2 that holds one gofer.

#ifndef GOFERD_CONTROLPLANE_PROCESS_CGROUP_H_
#define GOFERD_CONTROLPLANE_PROCESS_CGROUP_H_

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace goferd::process {

// Names a group, which stays when the object is destroyed. Errors are those of
// the host, by errors::FromErrno.
class Cgroup {
 public:
  // Makes `name` below the group whose directory is `parent`. An old group of
  // that name is removed first, unless processes are in it. `max_memory_bytes`
  // 0 sets no limit. A group that could not be limited is removed again.
  static absl::StatusOr<Cgroup> Make(const std::string& parent,
                                     const std::string& name,
                                     int64_t max_memory_bytes);

  // Finds the group that Make has made, if the process is in it.
  static std::optional<Cgroup> Find(const std::string& parent,
                                    const std::string& name, pid_t process);

  // Moves a process into the group.
  absl::Status Add(pid_t process) const;
  // Sets the limit; 0 stands for no limit.
  absl::Status SetMaxMemory(int64_t max_memory_bytes) const;
  // The memory in use, and the limit.
  struct Memory {
    int64_t used_bytes = 0;
    int64_t max_bytes = 0;
  };
  // Memory of cached files does not count as used: the kernel drops it when it
  // needs room. Returns nothing for a group without a limit.
  std::optional<Memory> ReadMemory() const;
  // The file that the kernel modifies when the group reaches its limit.
  std::string EventsPath() const { return path_ + "/memory.events"; }
  // Whether the kernel has killed a process of the group for want of memory.
  bool HadOutOfMemory() const;
  // Removes the group; does nothing while a process is in it.
  void Remove() const;

 private:
  explicit Cgroup(std::string path) : path_(std::move(path)) {}

  std::string path_;
};

// Writes to one of the files of the group whose directory is `group`.
absl::Status WriteCgroupFile(const std::string& group, const std::string& file,
                             const std::string& text);

}  // namespace goferd::process

#endif  // GOFERD_CONTROLPLANE_PROCESS_CGROUP_H_
