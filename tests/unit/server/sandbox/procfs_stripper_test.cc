#include "server/sandbox/procfs_stripper.h"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <string>

#include "gtest/gtest.h"
#include "server/base/unique_fd.h"
#include "tests/unit/server/hostfs/private_mounts.h"
#include "tests/unit/server/hostfs/temp_directory.h"

namespace gofer::sandbox {
namespace {

using hostfs::ChildResult;

bool MayHold(const std::string& path) {
  const base::UniqueFd root(
      ::open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  return MayHoldProcfs(root.get());
}

bool Mount(const char* type, const std::string& path) {
  return (::mkdir(path.c_str(), 0755) == 0 || errno == EEXIST) &&
         ::mount("test", path.c_str(), type, 0, nullptr) == 0;
}

// A kernel before 6.8 tells nothing.
bool KernelTells() {
  constexpr long kListmount = 458;
  return ::syscall(kListmount, nullptr, nullptr, 0, 0) == -1 && errno != ENOSYS;
}

class ProcfsStripperTest : public testing::Test {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root to mount";
  }

  template <class Body>
  void ExpectPassed(Body body) {
    EXPECT_EQ(hostfs::RunWithPrivateMounts([&] {
                return body() ? ChildResult::kPassed : ChildResult::kFailed;
              }),
              ChildResult::kPassed);
  }

  const hostfs::TempDirectory directory_;
  const std::string top_ = directory_.Path("top");
};

TEST_F(ProcfsStripperTest, MountsWithoutProcfsHoldNone) {
  if (!KernelTells()) GTEST_SKIP() << "before Linux 6.8";
  ExpectPassed([&] {
    return Mount("tmpfs", top_) && !MayHold(top_) &&
           Mount("tmpfs", top_ + "/a") && !MayHold(top_);
  });
}

TEST_F(ProcfsStripperTest, FindsAProcfsAtTheRoot) {
  ExpectPassed([&] { return Mount("proc", top_) && MayHold(top_); });
}

TEST_F(ProcfsStripperTest, FindsAProcfsFarBelow) {
  ExpectPassed([&] {
    return Mount("tmpfs", top_) && Mount("tmpfs", top_ + "/a") &&
           Mount("proc", top_ + "/a/proc") && MayHold(top_);
  });
}

TEST_F(ProcfsStripperTest, FindsAProcfsThatIsCovered) {
  ExpectPassed([&] {
    return Mount("tmpfs", top_) && Mount("proc", top_ + "/a") &&
           Mount("tmpfs", top_ + "/a") && MayHold(top_);
  });
}

TEST_F(ProcfsStripperTest, MoreMountsThanItLooksAtMayHoldOne) {
  ExpectPassed([&] {
    if (!Mount("tmpfs", top_)) return false;
    for (int i = 0; i < 100; ++i) {
      if (!Mount("tmpfs", top_ + "/" + std::to_string(i))) return false;
    }
    return MayHold(top_);
  });
}

}  // namespace
}  // namespace gofer::sandbox
