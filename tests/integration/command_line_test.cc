// What `gofer serve` refuses: one clear line, its exit code, nothing left.

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <string>
#include <vector>

#include "server/uds/unix_socket.h"
#include "server/worker/exit_code.h"
#include "tests/integration/gofer_child.h"

namespace gofer {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;
using worker::ExitCode;

class CommandLineTest : public testing::Test {
 protected:
  CommandLineTest() : pair_(*uds::MakeSocketPair(uds::SocketType::kStream)) {}

  std::string RootFlag() const { return "--root=" + root_.path(); }

  // Expects that `gofer` ends with `code` after one line that has `words`.
  void ExpectRefusal(const std::vector<std::string>& arguments,
                     const std::vector<int>& inherited, ExitCode code,
                     const std::string& words) {
    test::GoferChild gofer(arguments, inherited);
    EXPECT_EQ(gofer.Wait(), static_cast<int>(code));
    const std::string text = gofer.Stderr();
    EXPECT_THAT(text, StartsWith("gofer: "));
    EXPECT_THAT(text, HasSubstr(words));
    EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 1) << text;
    EXPECT_EQ(gofer.Stdout(), "");
    EXPECT_THAT(root_.List(), IsEmpty());
    EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1);  // No other child.
  }
  // The same, where the third descriptor is the borrowed `fd`.
  void ExpectBadSocket(int fd, const std::string& words) {
    ExpectRefusal({"serve", RootFlag(), "--io-fds=3"}, {fd},
                  ExitCode::kCheckSockets, words);
  }

  test::ScratchDirectory root_;
  uds::SocketPair pair_;
};

TEST_F(CommandLineTest, WithoutASubcommand) {
  ExpectRefusal({}, {}, ExitCode::kUsage, "subcommand");
}

TEST_F(CommandLineTest, WithoutARoot) {
  ExpectRefusal({"serve", "--io-fds=3"}, {pair_.first.get()}, ExitCode::kUsage,
                "--root");
}

TEST_F(CommandLineTest, WithoutASocket) {
  ExpectRefusal({"serve", RootFlag()}, {}, ExitCode::kUsage, "--io-fds");
}

TEST_F(CommandLineTest, AFlagThatDoesNotExist) {
  ExpectRefusal({"serve", RootFlag(), "--io-fds=3", "--no-such-flag"},
                {pair_.first.get()}, ExitCode::kUsage, "--no-such-flag");
}

TEST_F(CommandLineTest, ASocketThatIsNoNumber) {
  ExpectRefusal({"serve", RootFlag(), "--io-fds=three"}, {}, ExitCode::kUsage,
                "--io-fds");
  ExpectRefusal({"serve", RootFlag(), "--io-fds=-1"}, {}, ExitCode::kUsage,
                "--io-fds");
}

TEST_F(CommandLineTest, TheSameSocketTwice) {
  ExpectRefusal({"serve", RootFlag(), "--io-fds=3,3"}, {pair_.first.get()},
                ExitCode::kUsage, "twice");
}

TEST_F(CommandLineTest, ARelativeMountPath) {
  ExpectRefusal({"serve", RootFlag(), "--io-fds=3", "--mount-path=a/b"},
                {pair_.first.get()}, ExitCode::kUsage, "a/b");
}

TEST_F(CommandLineTest, MoreMountPathsThanSockets) {
  ExpectRefusal(
      {"serve", RootFlag(), "--io-fds=3", "--mount-path=/", "--mount-path=/a"},
      {pair_.first.get()}, ExitCode::kUsage, "--mount-path");
}

TEST_F(CommandLineTest, ARootThatDoesNotExist) {
  ExpectRefusal({"serve", "--root=" + (root_ / "missing"), "--io-fds=3"},
                {pair_.first.get()}, ExitCode::kOpenRoot, "missing");
}

TEST_F(CommandLineTest, ARootThatIsAFile) {
  const test::ScratchDirectory other;
  other.Write("file", "x");
  ExpectRefusal({"serve", "--root=" + (other / "file"), "--io-fds=3"},
                {pair_.first.get()}, ExitCode::kOpenRoot, "Not a directory");
}

TEST_F(CommandLineTest, ADescriptorThatIsNotOpen) {
  ExpectRefusal({"serve", RootFlag(), "--io-fds=50"}, {},
                ExitCode::kCheckSockets, "--io-fds=50");
}

TEST_F(CommandLineTest, ADescriptorOfAFile) {
  const base::UniqueFd file(::open(GOFER_BINARY, O_RDONLY | O_CLOEXEC));
  ExpectBadSocket(file.get(), "not a socket");
}

TEST_F(CommandLineTest, ADescriptorOfAPipe) {
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  const base::UniqueFd read_end(ends[0]);
  const base::UniqueFd write_end(ends[1]);
  ExpectBadSocket(read_end.get(), "not a socket");
}

TEST_F(CommandLineTest, AListeningSocket) {
  const base::UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un any = {};
  any.sun_family = AF_UNIX;
  // Only the family: the kernel chooses an abstract name.
  ASSERT_EQ(::bind(socket.get(), reinterpret_cast<sockaddr*>(&any),
                   sizeof(any.sun_family)),
            0);
  ASSERT_EQ(::listen(socket.get(), 1), 0);
  ExpectBadSocket(socket.get(), "listening");
}

TEST_F(CommandLineTest, ASocketThatIsNotConnected) {
  const base::UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  ExpectBadSocket(socket.get(), "not connected");
}

TEST_F(CommandLineTest, ASocketOfAnotherType) {
  const auto pair = *uds::MakeSocketPair(uds::SocketType::kSeqPacket);
  ExpectBadSocket(pair.first.get(), "not a stream socket");
}

TEST_F(CommandLineTest, ASocketOfAnotherFamily) {
  const base::UniqueFd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  ExpectBadSocket(socket.get(), "not a UNIX socket");
}

TEST_F(CommandLineTest, HelpAndVersionAreNoErrors) {
  for (const char* flag : {"--help", "--version"}) {
    test::GoferChild gofer({flag});
    EXPECT_EQ(gofer.Wait(), 0) << flag;
    EXPECT_THAT(gofer.Stdout(), HasSubstr("gofer")) << flag;
    EXPECT_EQ(gofer.Stderr(), "") << flag;
  }
}

}  // namespace
}  // namespace gofer
