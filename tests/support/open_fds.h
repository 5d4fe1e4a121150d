// OpenFds: descriptors of this process, for tests that look for leaks.

#ifndef GOFER_TESTS_SUPPORT_OPEN_FDS_H_
#define GOFER_TESTS_SUPPORT_OPEN_FDS_H_

#include <dirent.h>
#include <sys/stat.h>

#include <span>
#include <vector>

#include "server/base/unique_fd.h"

namespace gofer::test {

// How many descriptors the process has open.
inline int CountOpenFds() {
  DIR* const dir = ::opendir("/proc/self/fd");
  if (dir == nullptr) return -1;
  int count = 0;
  while (::readdir(dir) != nullptr) ++count;
  ::closedir(dir);
  return count - 3;  // ".", ".." and the directory itself.
}

// Whether both descriptors are open on the same file.
inline bool IsSameFile(int one, int two) {
  struct stat a;
  struct stat b;
  return ::fstat(one, &a) == 0 && ::fstat(two, &b) == 0 &&
         a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

// The numbers of `fds`, for calls that borrow them.
inline std::vector<int> Borrowed(std::span<const base::UniqueFd> fds) {
  std::vector<int> numbers;
  for (const base::UniqueFd& fd : fds) numbers.push_back(fd.get());
  return numbers;
}

}  // namespace gofer::test

#endif  // GOFER_TESTS_SUPPORT_OPEN_FDS_H_
