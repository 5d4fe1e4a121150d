#include "controlplane/handoff/listen_directory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "absl/strings/match.h"
#include "controlplane/errors/error.h"

namespace goferd::handoff {
namespace {

using errors::Reason;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

const std::string kOne(16, '\x01');
const std::string kTwo(16, '\xfe');

class ListenDirectoryTest : public testing::Test {
 protected:
  ListenDirectoryTest() {
    std::string pattern = testing::TempDir() + "listen-XXXXXX";
    base_ = ::mkdtemp(pattern.data());
    config_.set_path(base_ + "/attach.sock");
  }
  ~ListenDirectoryTest() override { std::filesystem::remove_all(base_); }

  std::string directory() const { return config_.path() + ".d"; }
  mode_t ModeOf(const std::string& path) const {
    struct stat status = {};
    EXPECT_EQ(::lstat(path.c_str(), &status), 0) << path;
    return status.st_mode & 07777;
  }

  std::string base_;
  config::v1::AttachConfig config_;
};

TEST_F(ListenDirectoryTest, ListensAtAPathUntilItIsRemoved) {
  auto directory = ListenDirectory::Open(config_);
  ASSERT_TRUE(directory.ok()) << directory.status();
  EXPECT_EQ(directory->PathOf(kOne),
            base_ + "/attach.sock.d/01010101010101010101010101010101");
  ASSERT_TRUE(directory->Listen(kOne).ok());
  ASSERT_TRUE(directory->Listen(kTwo).ok());
  EXPECT_THAT(directory->List(), UnorderedElementsAre(kOne, kTwo));
  EXPECT_EQ(ModeOf(directory->PathOf(kOne)), 0600u);
  directory->Remove(kOne);
  EXPECT_THAT(directory->List(), UnorderedElementsAre(kTwo));
}

TEST_F(ListenDirectoryTest, SocketsHaveTheModeOfTheAttachSocket) {
  config_.set_mode(0666);
  auto directory = ListenDirectory::Open(config_);
  ASSERT_TRUE(directory.ok()) << directory.status();
  ASSERT_TRUE(directory->Listen(kOne).ok());
  EXPECT_EQ(ModeOf(directory->PathOf(kOne)), 0666u);
}

TEST_F(ListenDirectoryTest, NobodyElseMayListTheDirectory) {
  ASSERT_EQ(::mkdir(directory().c_str(), 0755), 0);
  ASSERT_TRUE(ListenDirectory::Open(config_).ok());
  EXPECT_EQ(ModeOf(directory()), 0711u);
}

// Everybody can read the names that sockets were bound to.
TEST_F(ListenDirectoryTest, TheKernelsListDoesNotShowThePath) {
  auto directory = ListenDirectory::Open(config_);
  ASSERT_TRUE(directory.ok()) << directory.status();
  const auto socket = directory->Listen(kOne);
  ASSERT_TRUE(socket.ok());
  std::ifstream file("/proc/self/net/unix");
  const std::string all((std::istreambuf_iterator<char>(file)), {});
  EXPECT_TRUE(absl::StrContains(all, "/.new-"));
  EXPECT_FALSE(absl::StrContains(all, "0101010101010101"));
}

TEST_F(ListenDirectoryTest, FindsTheTicketsOfAnEarlierRun) {
  {
    auto directory = ListenDirectory::Open(config_);
    ASSERT_TRUE(directory.ok()) << directory.status();
    ASSERT_TRUE(directory->Listen(kOne).ok());
  }
  std::ofstream(directory() + "/.new-7");
  std::ofstream(directory() + "/somebody-elses");
  auto next = ListenDirectory::Open(config_);
  ASSERT_TRUE(next.ok()) << next.status();
  EXPECT_THAT(next->List(), UnorderedElementsAre(kOne));
  EXPECT_FALSE(std::filesystem::exists(directory() + "/.new-7"));
  EXPECT_TRUE(std::filesystem::exists(directory() + "/somebody-elses"));
  // The new socket takes the place of the dead one.
  EXPECT_TRUE(next->Listen(kOne).ok());
  next->Remove(kOne);
  EXPECT_THAT(next->List(), IsEmpty());
}

TEST_F(ListenDirectoryTest, ADirectoryThatOthersMayWriteToIsRefused) {
  ASSERT_EQ(::mkdir(directory().c_str(), 0700), 0);
  ASSERT_EQ(::chmod(directory().c_str(), 0777), 0);
  EXPECT_EQ(errors::ReasonOf(ListenDirectory::Open(config_).status()),
            Reason::HOST_PERMISSION);
}

TEST_F(ListenDirectoryTest, ADirectoryThatIsALinkIsRefused) {
  ASSERT_EQ(::mkdir((base_ + "/real").c_str(), 0700), 0);
  ASSERT_EQ(::symlink("real", directory().c_str()), 0);
  EXPECT_FALSE(ListenDirectory::Open(config_).ok());
}

TEST(CheckListenPathsTest, CountsWhatTheAddressHolds) {
  config::v1::AttachConfig config;
  // With ".d/" and the socket's name behind it, this makes 107 bytes.
  config.set_path("/" + std::string(71, 'p'));
  EXPECT_TRUE(CheckListenPaths(config).ok());
  config.set_path("/" + std::string(72, 'p'));
  const absl::Status refused = CheckListenPaths(config);
  EXPECT_EQ(errors::ReasonOf(refused), Reason::FIELD_INVALID);
  EXPECT_THAT(std::string(refused.message()),
              testing::HasSubstr("1 bytes shorter"));
}

}  // namespace
}  // namespace goferd::handoff
