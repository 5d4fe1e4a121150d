#include "server/worker/adopted_directory.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <string>

#include "absl/strings/str_cat.h"

namespace gofer::worker {
namespace {

TEST(AdoptedServerIdTest, IsAlwaysAServersId) {
  EXPECT_EQ(AdoptedServerId("box"), "runsc-box");
  EXPECT_EQ(AdoptedServerId("My_Box.1"), "runsc-my-box-1");
  EXPECT_EQ(AdoptedServerId(""), "runsc");
  const std::regex pattern("[a-z]([a-z0-9-]{0,61}[a-z0-9])?");
  for (const std::string& name :
       {std::string("x"), std::string("--"), std::string("../../etc"),
        std::string("\xff\n/"), std::string(200, 'a'),
        std::string(56, 'a') + std::string(20, '_')}) {
    EXPECT_TRUE(std::regex_match(AdoptedServerId(name), pattern)) << name;
  }
  EXPECT_EQ(AdoptedServerId(std::string(200, 'a')).size(), 63u);
}

TEST(OtherServerIdTest, IsMadeOfTheBundleAndIsAServersId) {
  EXPECT_EQ(OtherServerId("runsc-box", "/a/box"), "runsc-box-04145a73");
  EXPECT_EQ(OtherServerId("runsc-box", "/a/box"),
            OtherServerId("runsc-box", "/a/box"));
  EXPECT_NE(OtherServerId("runsc-box", "/a/box"),
            OtherServerId("runsc-box", "/b/box"));
  const std::regex pattern("[a-z]([a-z0-9-]{0,61}[a-z0-9])?");
  for (const std::string& name :
       {std::string("x"), std::string(200, 'a'),
        std::string(48, 'a') + "-" + std::string(20, 'b'), std::string()}) {
    const std::string id = OtherServerId(AdoptedServerId(name), "/b");
    EXPECT_TRUE(std::regex_match(id, pattern)) << id;
  }
}

class MakeAdoptedDirectoryTest : public testing::Test {
 protected:
  MakeAdoptedDirectoryTest()
      : state_(std::filesystem::temp_directory_path() / "adopted-XXXXXX") {
    EXPECT_NE(::mkdtemp(state_.data()), nullptr);
  }
  ~MakeAdoptedDirectoryTest() override {
    std::error_code ignored;
    std::filesystem::remove_all(state_, ignored);
  }

  std::string state_;
};

TEST_F(MakeAdoptedDirectoryTest, HasASocketAndAPid) {
  const auto listener = MakeAdoptedDirectory(state_, "runsc-a");
  ASSERT_TRUE(listener.ok());
  const std::string directory = state_ + "/adopted/runsc-a";
  struct stat stat;
  ASSERT_EQ(::stat(directory.c_str(), &stat), 0);
  EXPECT_EQ(stat.st_mode & 07777, 0700u);
  ASSERT_EQ(::stat((directory + "/control.sock").c_str(), &stat), 0);
  EXPECT_TRUE(S_ISSOCK(stat.st_mode));
  std::ifstream file(directory + "/pid");
  pid_t pid = 0;
  uint64_t start_time = 0;
  file >> pid >> start_time;
  EXPECT_EQ(pid, ::getpid());
  EXPECT_GT(start_time, 0u);
  ASSERT_EQ(::stat((directory + "/failure").c_str(), &stat), 0);
  EXPECT_EQ(stat.st_size, 0);
}

// The reason why one start failed is not that of the next.
TEST_F(MakeAdoptedDirectoryTest, ForgetsTheFailureOfAnEarlierStart) {
  {
    const auto offer = MakeAdoptedDirectory(state_, "runsc-a");
    ASSERT_TRUE(offer.ok());
    ASSERT_EQ(::write(offer->failure.get(), "why", 3), 3);
  }
  ASSERT_TRUE(MakeAdoptedDirectory(state_, "runsc-a").ok());
  struct stat stat;
  ASSERT_EQ(::stat((state_ + "/adopted/runsc-a/failure").c_str(), &stat), 0);
  EXPECT_EQ(stat.st_size, 0);
}

TEST_F(MakeAdoptedDirectoryTest, ReplacesWhatIsLeftButNotTheLiving) {
  auto listener = MakeAdoptedDirectory(state_, "runsc-a");
  ASSERT_TRUE(listener.ok());
  EXPECT_EQ(MakeAdoptedDirectory(state_, "runsc-a").error(),
            base::Errno(EEXIST));
  *listener = AdoptionOffer();
  EXPECT_TRUE(MakeAdoptedDirectory(state_, "runsc-a").ok());
}

TEST_F(MakeAdoptedDirectoryTest, OfTwoBundlesOfOneNameBothAreFound) {
  const auto first = OfferContainer(state_, "box", "/a/box");
  ASSERT_TRUE(first.ok());
  const auto second = OfferContainer(state_, "box", "/b/box");
  ASSERT_TRUE(second.ok());
  const std::string other = OtherServerId("runsc-box", "/b/box");
  for (const std::string& id : {std::string("runsc-box"), other}) {
    EXPECT_TRUE(
        std::filesystem::is_socket(state_ + "/adopted/" + id + "/control.sock"))
        << id;
  }
  EXPECT_EQ(OfferContainer(state_, "box", "/b/box").error(),
            base::Errno(EEXIST));
}

TEST_F(MakeAdoptedDirectoryTest, LeavesADirectoryThatIsBeingMadeAlone) {
  std::filesystem::create_directories(state_ + "/adopted/runsc-a");
  const base::UniqueFd maker(
      ::open((state_ + "/adopted/runsc-a").c_str(), O_RDONLY | O_DIRECTORY));
  ASSERT_EQ(::flock(maker.get(), LOCK_EX), 0);
  EXPECT_EQ(MakeAdoptedDirectory(state_, "runsc-a").error(),
            base::Errno(EEXIST));
}

TEST_F(MakeAdoptedDirectoryTest, FailsWithoutAStateDirectory) {
  EXPECT_EQ(MakeAdoptedDirectory(state_ + "/none", "runsc-a").error(),
            base::Errno(ENOENT));
  std::filesystem::create_directory_symlink("/tmp", state_ + "/adopted");
  EXPECT_FALSE(MakeAdoptedDirectory(state_, "runsc-a").ok());
}

}  // namespace
}  // namespace gofer::worker
