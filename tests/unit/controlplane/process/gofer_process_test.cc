#include "controlplane/process/gofer_process.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "controlplane/errors/error.h"

namespace goferd::process {
namespace {

// Scripts take the gofer's place, and show what they are started with.
class GoferProcessTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "process-XXXXXX";
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    base_ = pattern;
  }
  void TearDown() override { std::filesystem::remove_all(base_); }

  std::shared_ptr<GoferProcess> Spawn(const std::string& script) {
    const std::string path = base_ + "/gofer";
    std::ofstream(path) << "#!/bin/sh\n" << script << "\n";
    ::chmod(path.c_str(), 0755);
    GoferProcess::Options options;
    options.gofer_path = path;
    auto spawned = GoferProcess::Spawn(
        options, gofer::base::UniqueFd(
                     ::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0)));
    EXPECT_TRUE(spawned.ok()) << spawned.status();
    return spawned.ok() ? *spawned : nullptr;
  }

  std::string Read(const std::string& name) {
    std::ifstream file(base_ + "/" + name);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  std::string base_;
};

TEST_F(GoferProcessTest, IsStartedWithItsSocketAndNothingElse) {
  const gofer::base::UniqueFd leaked(::open("/", O_RDONLY));
  const auto process = Spawn(
      absl::StrCat("echo \"$@\" > ", base_, "/arguments\nls /proc/self/fd > ",
                   base_, "/fds\nenv | grep -v -e ^PWD -e ^_ -e ^SHLVL > ",
                   base_, "/environment\nexit 0"));
  ASSERT_NE(process, nullptr);
  ASSERT_TRUE(process->WaitForEnd(absl::Seconds(20)));
  EXPECT_EQ(process->Reap().exit_code, 0);
  EXPECT_EQ(Read("arguments"), "managed --control-fd=3\n");
  EXPECT_EQ(Read("environment"), "");
  // Descriptor 4 is the directory that the script reads.
  EXPECT_EQ(Read("fds"), "0\n1\n2\n3\n4\n");
}

TEST_F(GoferProcessTest, TellsExitCodeAndSignal) {
  auto process = Spawn("exit 47");
  ASSERT_TRUE(process->WaitForEnd(absl::Seconds(20)));
  EXPECT_EQ(process->Reap().exit_code, 47);
  process = Spawn("exec sleep 1000");
  EXPECT_FALSE(process->WaitForEnd(absl::ZeroDuration()));
  process->Kill(SIGKILL);
  ASSERT_TRUE(process->WaitForEnd(absl::Seconds(20)));
  const GoferExit end = process->Reap();
  EXPECT_EQ(end.signal, SIGKILL);
  EXPECT_FALSE(end.exit_code.has_value());
  // No zombie is left, and asking again changes nothing.
  EXPECT_EQ(::kill(process->pid(), 0), -1);
  EXPECT_EQ(process->Reap().signal, SIGKILL);
}

TEST_F(GoferProcessTest, KillsAGoferThatHangs) {
  const auto process = Spawn("trap '' TERM\nexec sleep 1000");
  EXPECT_EQ(process->End().signal, SIGKILL);
}

TEST_F(GoferProcessTest, ReportsAMissingExecutable) {
  GoferProcess::Options options;
  options.gofer_path = base_ + "/none";
  const auto spawned = GoferProcess::Spawn(options, {});
  ASSERT_FALSE(spawned.ok());
  EXPECT_EQ(errors::ReasonOf(spawned.status()), errors::Reason::PATH_NOT_FOUND);
}

TEST_F(GoferProcessTest, RecognisesAProcessByPidAndStart) {
  const auto process = Spawn("exec sleep 1000");
  const auto identity = GoferProcess::ParseIdentity(process->IdentityText());
  ASSERT_TRUE(identity.has_value());
  EXPECT_EQ(identity->pid, process->pid());
  const auto adopted = GoferProcess::Adopt(*identity);
  ASSERT_TRUE(adopted.ok()) << adopted.status();
  // Another process of that number is not taken for it.
  EXPECT_FALSE(GoferProcess::Adopt({.pid = identity->pid,
                                    .start_time = identity->start_time + 1})
                   .ok());
  (*adopted)->Kill(SIGKILL);
  EXPECT_TRUE((*adopted)->WaitForEnd(absl::Seconds(20)));
  // The process still has its number, but is dead.
  EXPECT_EQ(errors::ReasonOf(GoferProcess::Adopt(*identity).status()),
            errors::Reason::PATH_NOT_FOUND);
  process->Reap();
  EXPECT_FALSE(GoferProcess::Adopt(*identity).ok());
}

TEST_F(GoferProcessTest, MatchesNoIdentityWithoutAStart) {
  const auto process = Spawn("exec sleep 1000");
  EXPECT_EQ(errors::ReasonOf(
                GoferProcess::Adopt({.pid = process->pid(), .start_time = 0})
                    .status()),
            errors::Reason::PATH_NOT_FOUND);
  // A process at the other end of a socket needs no start from the disk.
  const auto peer = GoferProcess::AdoptPeer(process->pid());
  ASSERT_TRUE(peer.ok()) << peer.status();
  EXPECT_EQ((*peer)->IdentityText(), process->IdentityText());
  process->End();
  EXPECT_FALSE(GoferProcess::AdoptPeer(process->pid()).ok());
}

// When goferd has one descriptor left, it gets the pidfd, but cannot read the
// start time.
TEST_F(GoferProcessTest, EndsAGoferWhoseStartCannotBeRead) {
  const std::string path = base_ + "/gofer";
  std::ofstream(path) << "#!/bin/sh\nexec sleep 1000\n";
  ::chmod(path.c_str(), 0755);
  GoferProcess::Options options;
  options.gofer_path = path;
  gofer::base::UniqueFd listener(
      ::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
  // Children that other tests have left must not be found below.
  while (::waitpid(-1, nullptr, WNOHANG) > 0) {
  }
  const bool had_children = ::waitpid(-1, nullptr, WNOHANG) == 0;
  rlimit before;
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  const int next = ::dup(0);
  ::close(next);
  const rlimit one_left = {static_cast<rlim_t>(next) + 1, before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &one_left), 0);
  const auto spawned = GoferProcess::Spawn(options, std::move(listener));
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  ASSERT_FALSE(spawned.ok());
  EXPECT_NE(std::string(spawned.status().message()).find("/stat"),
            std::string::npos)
      << spawned.status();
  if (had_children) return;
  EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1);
}

TEST_F(GoferProcessTest, RejectsMalformedIdentities) {
  for (const char* text : {"", "1 5", "x 5", "7", "7 5 5", "-3 5", "7 0"}) {
    EXPECT_FALSE(GoferProcess::ParseIdentity(text).has_value()) << text;
  }
}

}  // namespace
}  // namespace goferd::process
