#ifndef TESTS_UNIT_DEPLOY_RUNSC_DISPATCHER_SPEC_FILE_H_
#define TESTS_UNIT_DEPLOY_RUNSC_DISPATCHER_SPEC_FILE_H_

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <string>

namespace gofer::dispatcher {

// A file with some text, as runsc hands a spec to its helpers.
class SpecFile {
 public:
  explicit SpecFile(const std::string& text)
      : fd_(::memfd_create("spec", MFD_CLOEXEC)) {
    EXPECT_EQ(::write(fd_, text.data(), text.size()),
              static_cast<ssize_t>(text.size()));
    EXPECT_EQ(::lseek(fd_, 3, SEEK_SET), 3);
  }
  ~SpecFile() { ::close(fd_); }
  SpecFile(const SpecFile&) = delete;
  SpecFile& operator=(const SpecFile&) = delete;

  int fd() const { return fd_; }
  std::string Flag() const { return "--spec-fd=" + std::to_string(fd_); }
  bool KeptItsOffset() const { return ::lseek(fd_, 0, SEEK_CUR) == 3; }

 private:
  int fd_;
};

}  // namespace gofer::dispatcher

#endif  // TESTS_UNIT_DEPLOY_RUNSC_DISPATCHER_SPEC_FILE_H_
