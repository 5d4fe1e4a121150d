#include "controlplane/state/state_directory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "controlplane/errors/error.h"

namespace goferd::state {
namespace {

using errors::Reason;
using errors::ReasonOf;
using testing::ElementsAre;
using testing::HasSubstr;

class StateDirectoryTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "state-XXXXXX";
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    base_ = pattern;
    path_ = base_ + "/goferd";
  }
  void TearDown() override { std::filesystem::remove_all(base_); }

  StateDirectory Open() {
    auto opened = StateDirectory::Open(path_);
    EXPECT_TRUE(opened.ok()) << opened.status();
    return *std::move(opened);
  }

  std::string base_;
  std::string path_;
};

TEST_F(StateDirectoryTest, IsPrivate) {
  Open();
  const auto mode = [this](const std::string& part) {
    struct stat stat;
    EXPECT_EQ(::stat((path_ + part).c_str(), &stat), 0);
    return stat.st_mode & 07777;
  };
  EXPECT_EQ(mode(""), 0711u);
  EXPECT_EQ(mode("/servers"), 0700u);
  EXPECT_EQ(mode("/adopted"), 0700u);
  EXPECT_EQ(mode("/warm"), 0700u);
  EXPECT_EQ(mode("/lock"), 0600u);
}

TEST_F(StateDirectoryTest, SecondGoferdIsRefusedAndTheFirstUnharmed) {
  StateDirectory first = Open();
  ASSERT_TRUE(first.MakeServer("a").ok());
  const auto second = StateDirectory::Open(path_);
  ASSERT_FALSE(second.ok());
  EXPECT_THAT(std::string(second.status().message()),
              HasSubstr(std::to_string(::getpid())));
  EXPECT_TRUE(first.WriteServerFile("a", "f", "bytes").ok());
  EXPECT_THAT(first.ListServers(), ElementsAre("a"));
}

TEST_F(StateDirectoryTest, TheLockEndsWithItsHolder) {
  { const StateDirectory first = Open(); }
  EXPECT_TRUE(StateDirectory::Open(path_).ok());
}

TEST_F(StateDirectoryTest, RefusesADirectoryThatOthersMayWriteTo) {
  ASSERT_EQ(::mkdir(path_.c_str(), 0700), 0);
  ASSERT_EQ(::chmod(path_.c_str(), 0777), 0);
  EXPECT_EQ(ReasonOf(StateDirectory::Open(path_).status()),
            Reason::HOST_PERMISSION);
}

TEST_F(StateDirectoryTest, SymlinkInPlaceOfADirectoryIsRefused) {
  ASSERT_EQ(::mkdir(path_.c_str(), 0700), 0);
  ASSERT_EQ(::symlink("/tmp", (path_ + "/servers").c_str()), 0);
  EXPECT_FALSE(StateDirectory::Open(path_).ok());
}

TEST_F(StateDirectoryTest, FilesAreReplacedAsAWhole) {
  StateDirectory state = Open();
  ASSERT_TRUE(state.MakeServer("a").ok());
  ASSERT_TRUE(state.WriteServerFile("a", "f", "one").ok());
  ASSERT_TRUE(state.WriteServerFile("a", "f", "two").ok());
  EXPECT_EQ(state.ReadServerFile("a", "f").value_or("?"), "two");
  EXPECT_EQ(ReasonOf(state.ReadServerFile("a", "g").status()),
            Reason::PATH_NOT_FOUND);
  EXPECT_EQ(ReasonOf(state.WriteServerFile("b", "f", "x")),
            Reason::PATH_NOT_FOUND);
  // No half-made file is left.
  int files = 0;
  for (const auto& entry :
       std::filesystem::directory_iterator(path_ + "/servers/a")) {
    EXPECT_EQ(entry.path().filename(), "f");
    ++files;
  }
  EXPECT_EQ(files, 1);
}

TEST_F(StateDirectoryTest, SymlinkInPlaceOfAFileIsNotFollowed) {
  StateDirectory state = Open();
  ASSERT_TRUE(state.MakeServer("a").ok());
  const std::string secret = base_ + "/secret";
  std::ofstream(secret) << "secret";
  ASSERT_EQ(::symlink(secret.c_str(), (path_ + "/servers/a/f").c_str()), 0);
  EXPECT_FALSE(state.ReadServerFile("a", "f").ok());
}

TEST_F(StateDirectoryTest, ListsOnlyIds) {
  StateDirectory state = Open();
  for (const char* name : {"b", "a1", "A", "1", "x-", ".hidden"}) {
    std::filesystem::create_directory(path_ + "/adopted/" + name);
  }
  EXPECT_THAT(state.ListAdopted(), ElementsAre("a1", "b"));
}

TEST_F(StateDirectoryTest, ListsAsManyServersAsAConfigurationAllows) {
  constexpr size_t kServers = 4'200;  // A former bound was 4096.
  std::string in_memory = "/dev/shm/state-XXXXXX";
  if (::mkdtemp(in_memory.data()) != nullptr) {
    std::filesystem::remove_all(base_);
    base_ = in_memory;
    path_ = base_ + "/goferd";
  }
  const StateDirectory state = Open();
  for (size_t i = 0; i < kServers; ++i) {
    std::filesystem::create_directory(path_ + "/servers/s" + std::to_string(i));
  }
  EXPECT_EQ(state.ListServers().size(), kServers);
}

TEST_F(StateDirectoryTest, ListensUnderAPathOfAnyLength) {
  path_ = base_ + "/" + std::string(120, 'x');
  StateDirectory state = Open();
  ASSERT_TRUE(state.MakeServer("a").ok());
  const auto first = state.ListenControl("a");
  ASSERT_TRUE(first.ok()) << first.status();
  int accepts = 0;
  socklen_t size = sizeof(accepts);
  ASSERT_EQ(
      ::getsockopt(first->get(), SOL_SOCKET, SO_ACCEPTCONN, &accepts, &size),
      0);
  EXPECT_EQ(accepts, 1);
  EXPECT_TRUE(std::filesystem::is_socket(state.ControlPath("a")));
  // An earlier gofer may have left its socket.
  EXPECT_TRUE(state.ListenControl("a").ok());
}

TEST_F(StateDirectoryTest, TellsDeadAdoptedGofersApart) {
  StateDirectory state = Open();
  const std::string directory = path_ + "/adopted/runsc-a";
  std::filesystem::create_directory(directory);
  // A gofer without a socket is being started.
  EXPECT_FALSE(state.AdoptedIsDead("runsc-a"));
  {
    const gofer::base::UniqueFd socket(::socket(AF_UNIX, SOCK_SEQPACKET, 0));
    sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = {}};
    const std::string path = state.AdoptedControlPath("runsc-a");
    ASSERT_LT(path.size(), sizeof(address.sun_path));
    path.copy(address.sun_path, path.size());
    ASSERT_EQ(::bind(socket.get(), reinterpret_cast<sockaddr*>(&address),
                     sizeof(address)),
              0);
    ASSERT_EQ(::listen(socket.get(), 1), 0);
    EXPECT_FALSE(state.AdoptedIsDead("runsc-a"));
  }
  EXPECT_TRUE(state.AdoptedIsDead("runsc-a"));
  EXPECT_TRUE(state.RemoveAdopted("runsc-a").ok());
  EXPECT_FALSE(std::filesystem::exists(directory));
}

TEST_F(StateDirectoryTest, AWarmGofersSocketAndPidBecomeAServers) {
  StateDirectory state = Open();
  ASSERT_TRUE(state.ListenWarm("w-1").ok());
  ASSERT_TRUE(state.ListenWarm("w-2").ok());
  ASSERT_TRUE(state.WriteWarmPid("w-1", "7 8\n").ok());
  EXPECT_THAT(state.ListWarm(), ElementsAre("w-1", "w-2"));
  EXPECT_THAT(state.ListServers(), ElementsAre());
  // A server whose gofer died has files already.
  ASSERT_TRUE(state.MakeServer("a").ok());
  ASSERT_TRUE(state.ListenControl("a").ok());
  ASSERT_TRUE(state.WriteServerFile("a", "pid", "1 2\n").ok());
  ASSERT_TRUE(state.WriteServerFile("a", "overrides.pb", "kept").ok());
  ASSERT_TRUE(state.GiveWarm("w-1", "a").ok());
  EXPECT_EQ(*state.ReadServerFile("a", "pid"), "7 8\n");
  EXPECT_EQ(*state.ReadServerFile("a", "overrides.pb"), "kept");
  EXPECT_TRUE(std::filesystem::is_socket(state.ControlPath("a")));
  EXPECT_THAT(state.ListWarm(), ElementsAre("w-2"));
}

TEST_F(StateDirectoryTest, AWarmGoferWithoutAPidIsNotGivenAway) {
  StateDirectory state = Open();
  ASSERT_TRUE(state.ListenWarm("w-1").ok());
  ASSERT_TRUE(state.MakeServer("a").ok());
  EXPECT_EQ(ReasonOf(state.ReadWarmPid("w-1").status()),
            Reason::PATH_NOT_FOUND);
  EXPECT_FALSE(state.GiveWarm("w-1", "a").ok());
  EXPECT_FALSE(state.GiveWarm("w-1", "none").ok());
}

TEST_F(StateDirectoryTest, RevisionsOnlyGrow) {
  StateDirectory state = Open();
  EXPECT_EQ(state.BeginRevisions(1000), 1000);
  EXPECT_EQ(state.BeginRevisions(2000), 2000);
  const int64_t after = state.BeginRevisions(10);
  EXPECT_GT(after, 2000 + 1'000'000'000);
  EXPECT_GT(state.BeginRevisions(10), after);
}

TEST_F(StateDirectoryTest, RevisionsBeginWhateverIsInTheFile) {
  StateDirectory state = Open();
  for (const char* text : {"", "x", "-5", "9223372036854775807"}) {
    std::ofstream(path_ + "/revisions") << text;
    EXPECT_EQ(state.BeginRevisions(1000), 1000) << text;
  }
  std::filesystem::remove(path_ + "/revisions");
  std::filesystem::create_directories(path_ + "/revisions/in/it");
  EXPECT_EQ(state.BeginRevisions(1000), 1000);
  EXPECT_GT(state.BeginRevisions(10), 1000);
}

TEST_F(StateDirectoryTest, RemovesWhateverIsInAServersPlace) {
  StateDirectory state = Open();
  const std::string servers = path_ + "/servers/";
  std::ofstream(servers + "file") << "text";
  std::filesystem::create_symlink("/etc", servers + "link");
  std::filesystem::create_directories(servers + "deep/a/b/c");
  std::ofstream(servers + "deep/a/b/c/file") << "text";
  for (const char* id : {"file", "link", "deep"}) {
    EXPECT_TRUE(state.CheckCanRemove(id).ok()) << id;
    EXPECT_TRUE(state.RemoveServer(id).ok()) << id;
    EXPECT_FALSE(std::filesystem::exists(servers + id)) << id;
  }
  EXPECT_TRUE(std::filesystem::exists("/etc/passwd"));
}

TEST_F(StateDirectoryTest, SaysWhatIsWrongWithAFile) {
  StateDirectory state = Open();
  ASSERT_TRUE(state.MakeServer("a").ok());
  const std::string servers = path_ + "/servers/";
  const auto why = [&](const char* id, const char* file) {
    return std::string(state.ReadServerFile(id, file).status().message());
  };
  EXPECT_EQ(ReasonOf(state.ReadServerFile("a", "pid").status()),
            Reason::PATH_NOT_FOUND);
  std::filesystem::create_directory(servers + "a/pid");
  EXPECT_THAT(why("a", "pid"), HasSubstr("servers/a/pid is no file"));
  std::ofstream(servers + "b") << "text";
  EXPECT_THAT(why("b", "pid"), HasSubstr("servers/b is no directory"));
  std::ofstream(servers + "a/open") << "text";
  ASSERT_EQ(::chmod((servers + "a/open").c_str(), 0666), 0);
  EXPECT_THAT(why("a", "open"), HasSubstr("others may write to it"));
  // What is written takes the place of what should not be there.
  EXPECT_TRUE(state.WriteServerFile("a", "pid", "1 2").ok());
  EXPECT_EQ(*state.ReadServerFile("a", "pid"), "1 2");
}

TEST_F(StateDirectoryTest, NobodyListensWhereThereIsNoSocketOfOurs) {
  StateDirectory state = Open();
  ASSERT_TRUE(state.MakeServer("a").ok());
  EXPECT_EQ(ReasonOf(state.ConnectControl("a").status()),
            Reason::PATH_NOT_FOUND);
  const auto listener = state.ListenControl("a");
  ASSERT_TRUE(listener.ok());
  EXPECT_TRUE(state.ConnectControl("a").ok());
  ASSERT_TRUE(state.MakeServer("b").ok());
  std::filesystem::create_symlink(state.ControlPath("a"),
                                  state.ControlPath("b"));
  EXPECT_EQ(ReasonOf(state.ConnectControl("b").status()),
            Reason::PATH_NOT_FOUND);
}

TEST_F(StateDirectoryTest, RemovingAMissingServerIsNoError) {
  StateDirectory state = Open();
  EXPECT_TRUE(state.RemoveServer("a").ok());
  EXPECT_TRUE(state.RemoveWarm("w-1").ok());
}

}  // namespace
}  // namespace goferd::state
