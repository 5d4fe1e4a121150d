#include "controlplane/handoff/attach_socket.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <string>

#include "controlplane/errors/error.h"

namespace goferd::handoff {
namespace {

using errors::Reason;

class AttachSocketTest : public testing::Test {
 protected:
  AttachSocketTest() {
    std::string pattern = testing::TempDir() + "attach-XXXXXX";
    base_ = ::mkdtemp(pattern.data());
    config_.set_path(base_ + "/attach/attach.sock");
  }
  ~AttachSocketTest() override { std::filesystem::remove_all(base_); }

  Reason ReasonNow() const {
    return errors::ReasonOf(AttachSocket::Listen(config_).status());
  }
  mode_t ModeOf(const std::string& path) const {
    struct stat status = {};
    EXPECT_EQ(::lstat(path.c_str(), &status), 0) << path;
    return status.st_mode & 07777;
  }

  std::string base_;
  config::v1::AttachConfig config_;
};

TEST_F(AttachSocketTest, IsPrivateUnlessToldOtherwise) {
  const auto socket = AttachSocket::Listen(config_);
  ASSERT_TRUE(socket.ok()) << socket.status();
  EXPECT_EQ(ModeOf(config_.path()), 0600u);
  EXPECT_EQ(ModeOf(base_ + "/attach") & 0022u, 0u);
}

TEST_F(AttachSocketTest, HasTheModeOfItsConfiguration) {
  config_.set_mode(0660);
  const auto socket = AttachSocket::Listen(config_);
  ASSERT_TRUE(socket.ok()) << socket.status();
  EXPECT_EQ(ModeOf(config_.path()), 0660u);
}

TEST_F(AttachSocketTest, RemovesItsNameOnDestruction) {
  { ASSERT_TRUE(AttachSocket::Listen(config_).ok()); }
  EXPECT_TRUE(std::filesystem::is_empty(base_ + "/attach"));
}

TEST_F(AttachSocketTest, ReplacesASocketWithoutAListener) {
  ::mkdir((base_ + "/attach").c_str(), 0700);
  ASSERT_EQ(::mknod(config_.path().c_str(), S_IFREG | 0600, 0), 0);
  EXPECT_TRUE(AttachSocket::Listen(config_).ok());
}

TEST_F(AttachSocketTest, DoesNotReplaceASocketWithAListener) {
  const auto first = AttachSocket::Listen(config_);
  ASSERT_TRUE(first.ok());
  EXPECT_EQ(ReasonNow(), Reason::HOST_PERMISSION);
  EXPECT_TRUE(std::filesystem::exists(config_.path()));
}

TEST_F(AttachSocketTest, ADirectoryThatOthersMayWriteToIsRefused) {
  ASSERT_EQ(::mkdir((base_ + "/attach").c_str(), 0700), 0);
  ASSERT_EQ(::chmod((base_ + "/attach").c_str(), 0777), 0);
  EXPECT_EQ(ReasonNow(), Reason::HOST_PERMISSION);
}

TEST_F(AttachSocketTest, ADirectoryThatIsALinkIsRefused) {
  ASSERT_EQ(::mkdir((base_ + "/real").c_str(), 0700), 0);
  ASSERT_EQ(::symlink("real", (base_ + "/attach").c_str()), 0);
  EXPECT_FALSE(AttachSocket::Listen(config_).ok());
}

TEST_F(AttachSocketTest, RefusesUnknownGroupsAndPathsWithoutADirectory) {
  config_.set_group("no-such-group-here");
  EXPECT_EQ(ReasonNow(), Reason::FIELD_INVALID);
  config_.clear_group();
  for (const char* path : {"", "sock", "/sock", "/run/.."}) {
    config_.set_path(path);
    EXPECT_EQ(ReasonNow(), Reason::FIELD_INVALID) << path;
  }
}

TEST_F(AttachSocketTest, AcceptsLongPaths) {
  const std::string parent = base_ + "/" + std::string(200, 'd');
  config_.set_path(parent + "/attach.sock");
  EXPECT_TRUE(AttachSocket::Listen(config_).ok());
}

}  // namespace
}  // namespace goferd::handoff
