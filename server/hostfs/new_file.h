// NewFile: takes back the creation of a file unless it is kept.

#ifndef GOFER_SERVER_HOSTFS_NEW_FILE_H_
#define GOFER_SERVER_HOSTFS_NEW_FILE_H_

#include <fcntl.h>
#include <unistd.h>

namespace gofer::hostfs {

// Stands for `name` in the borrowed `directory`, which was just created there;
// both must outlive it. `unlink_flags`: AT_REMOVEDIR for directories, else 0.
// Taking back is best effort, as in gVisor runsc/fsgofer/lisafs.go, Nov 2023.
class NewFile {
 public:
  NewFile(int directory, const char* name, int unlink_flags)
      : directory_(directory), name_(name), unlink_flags_(unlink_flags) {}
  ~NewFile() {
    if (!kept_) (void)::unlinkat(directory_, name_, unlink_flags_);
  }
  NewFile(const NewFile&) = delete;
  NewFile& operator=(const NewFile&) = delete;

  void Keep() { kept_ = true; }

 private:
  const int directory_;
  const char* const name_;
  const int unlink_flags_;
  bool kept_ = false;
};

}  // namespace gofer::hostfs

#endif  // GOFER_SERVER_HOSTFS_NEW_FILE_H_
