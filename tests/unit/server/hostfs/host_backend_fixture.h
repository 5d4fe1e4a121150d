// HostBackendTest: a scratch directory of the host and a client of it.

#ifndef GOFER_TESTS_UNIT_SERVER_HOSTFS_HOST_BACKEND_FIXTURE_H_
#define GOFER_TESTS_UNIT_SERVER_HOSTFS_HOST_BACKEND_FIXTURE_H_

#include <memory>
#include <string>

#include "gtest/gtest.h"
#include "tests/unit/server/hostfs/host_session.h"
#include "tests/unit/server/hostfs/temp_directory.h"

namespace gofer::hostfs {

// The number of `result`'s errno, 0 for success.
template <class T>
int ErrorOf(const base::ErrnoOr<T>& result) {
  return result.ok() ? 0 : result.error().number();
}

class HostBackendTest : public testing::Test {
 protected:
  // All special files allowed, unless a test says otherwise.
  HostBackendTest() {
    host_options_.host_uds = HostUds::kAll;
    host_options_.host_fifo = HostFifo::kOpen;
    host_options_.char_devices = CharDevicePolicy::kByLevel;
  }

  void SetLevel(lisafs::ProtocolLevel level) {
    options_ = lisafs::ConnectionOptions::ForLevel(level);
  }
  // Connects and mounts; `session_` and `root_` are there after it.
  void Start(const std::string& mount_path = "/") {
    session_ = std::make_unique<HostSession>(directory_.path(), host_options_,
                                             options_, mount_path);
    const auto root = session_->Mount();
    ASSERT_TRUE(root.ok());
    root_ = root->control_fd;
  }
  wire::FdId WalkTo(absl::string_view name) {
    const auto inode = session_->Walk(root_, name);
    EXPECT_TRUE(inode.ok()) << std::string(name);
    return inode.ok() ? inode->control_fd : wire::FdId::kInvalid;
  }
  wire::CreateCommon In(wire::FdId directory, uint16_t mode) {
    return {.dir_fd = directory,
            .uid = wire::kNoId,
            .gid = wire::kNoId,
            .mode = mode};
  }

  const TempDirectory directory_;
  HostOptions host_options_;
  lisafs::ConnectionOptions options_;
  std::unique_ptr<HostSession> session_;
  wire::FdId root_{};
};

}  // namespace gofer::hostfs

#endif  // GOFER_TESTS_UNIT_SERVER_HOSTFS_HOST_BACKEND_FIXTURE_H_
