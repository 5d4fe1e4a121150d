// GoferChild: a real `gofer` process under test.

#ifndef GOFER_TESTS_INTEGRATION_GOFER_CHILD_H_
#define GOFER_TESTS_INTEGRATION_GOFER_CHILD_H_

#include <sys/types.h>

#include <string>
#include <vector>

#include "server/base/unique_fd.h"

namespace gofer::test {

// Killed and reaped at the latest when it is destroyed.
class GoferChild {
 public:
  // The number that the first inherited descriptor has in the gofer.
  static constexpr int kFirstFd = 3;

  // Runs `gofer` with `arguments`. The borrowed descriptor inherited[n] becomes
  // its kFirstFd + n; it has no other ones but stdio. `wrapper` is a program
  // and its arguments that becomes the gofer, such as setpriv(1).
  explicit GoferChild(const std::vector<std::string>& arguments,
                      const std::vector<int>& inherited = {},
                      const std::vector<std::string>& wrapper = {});
  GoferChild(const GoferChild&) = delete;
  GoferChild& operator=(const GoferChild&) = delete;
  ~GoferChild();

  pid_t pid() const { return pid_; }
  void Signal(int signal) const;

  // Blocks until it has ended. Returns its exit status, or 128 + n when signal
  // n ended it.
  int Wait();
  bool HasEnded();

  // What it has written so far.
  std::string Stdout() const;
  std::string Stderr() const;

 private:
  pid_t pid_ = -1;
  const base::UniqueFd stdout_;
  const base::UniqueFd stderr_;
  bool reaped_ = false;
  int status_ = 0;
};

// A directory that is removed with all that is in it.
class ScratchDirectory {
 public:
  ScratchDirectory();
  ScratchDirectory(const ScratchDirectory&) = delete;
  ScratchDirectory& operator=(const ScratchDirectory&) = delete;
  ~ScratchDirectory();

  // Without a slash at its end.
  const std::string& path() const { return path_; }
  std::string operator/(const std::string& name) const {
    return path_ + "/" + name;
  }

  // The file `name`, as the host sees it.
  void Write(const std::string& name, const std::string& content) const;
  std::string Read(const std::string& name) const;
  bool Has(const std::string& name) const;
  // The names in it, sorted.
  std::vector<std::string> List() const;

 private:
  std::string path_;
};

}  // namespace gofer::test

#endif  // GOFER_TESTS_INTEGRATION_GOFER_CHILD_H_
