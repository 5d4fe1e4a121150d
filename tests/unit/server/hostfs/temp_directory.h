// TempDirectory: a directory for one test, removed with all that is in it.

#ifndef GOFER_TESTS_UNIT_SERVER_HOSTFS_TEMP_DIRECTORY_H_
#define GOFER_TESTS_UNIT_SERVER_HOSTFS_TEMP_DIRECTORY_H_

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <system_error>

#include "gtest/gtest.h"
#include "server/base/check.h"
#include "server/base/unique_fd.h"

namespace gofer::hostfs {

class TempDirectory {
 public:
  TempDirectory() : path_("/tmp/hostfs.XXXXXX") {
    GOFER_CHECK(::mkdtemp(path_.data()) != nullptr);
  }
  ~TempDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TempDirectory(const TempDirectory&) = delete;
  TempDirectory& operator=(const TempDirectory&) = delete;

  const std::string& path() const { return path_; }
  std::string Path(const std::string& name) const { return path_ + "/" + name; }

  void MakeFile(const std::string& name, const std::string& text = "") const {
    std::ofstream(Path(name)) << text;
  }
  void MakeDirectory(const std::string& name) const {
    GOFER_CHECK(::mkdir(Path(name).c_str(), 0755) == 0);
  }
  void MakeSymlink(const std::string& name, const std::string& target) const {
    GOFER_CHECK(::symlink(target.c_str(), Path(name).c_str()) == 0);
  }
  void MakeFifo(const std::string& name) const {
    GOFER_CHECK(::mkfifo(Path(name).c_str(), 0644) == 0);
  }
  std::string Read(const std::string& name) const {
    std::ifstream file(Path(name));
    return std::string(std::istreambuf_iterator<char>(file), {});
  }
  base::UniqueFd Open(const std::string& name, int flags) const {
    return base::UniqueFd(::open(Path(name).c_str(), flags | O_CLOEXEC));
  }
  struct stat Stat(const std::string& name) const {
    struct stat stat = {};
    GOFER_CHECK(::lstat(Path(name).c_str(), &stat) == 0);
    return stat;
  }
  bool Has(const std::string& name) const {
    struct stat stat;
    return ::lstat(Path(name).c_str(), &stat) == 0;
  }

 private:
  std::string path_;
};

}  // namespace gofer::hostfs

#endif  // GOFER_TESTS_UNIT_SERVER_HOSTFS_TEMP_DIRECTORY_H_
