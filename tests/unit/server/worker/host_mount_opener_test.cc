// Plays runsc's end of the connection.

#include "server/worker/host_mount_opener.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>
#include <utility>

#include "absl/strings/string_view.h"
#include "server/base/unique_fd.h"

namespace gofer::worker {
namespace {

using nlohmann::json;

class HostMountOpenerTest : public testing::Test {
 protected:
  HostMountOpenerTest() {
    int ends[2];
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    // As runsc leaves it.
    EXPECT_EQ(::fcntl(ends[0], F_SETFL, O_NONBLOCK), 0);
    ours_ = base::UniqueFd(ends[0]);
    runscs_ = base::UniqueFd(ends[1]);
    mount_ = {.destination = "/d",
              .type = "bind",
              .source = "/s",
              .options = {"rbind", "ro"}};
  }

  // What the gofer asked, read to the end of its object.
  json ReadRequest() const {
    std::string text;
    for (;;) {
      char byte;
      if (::read(runscs_.get(), &byte, 1) != 1) return json();
      text += byte;
      json request = json::parse(text, nullptr, false);
      if (!request.is_discarded()) return request;
    }
  }
  // Sends with a descriptor, or without one for -1.
  void Answer(absl::string_view text, int fd) const {
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control = {};
    std::string data(text);
    iovec part = {.iov_base = data.data(), .iov_len = data.size()};
    msghdr message = {};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    if (fd >= 0) {
      message.msg_control = control.data();
      message.msg_controllen = control.size();
      cmsghdr* const header = CMSG_FIRSTHDR(&message);
      header->cmsg_level = SOL_SOCKET;
      header->cmsg_type = SCM_RIGHTS;
      header->cmsg_len = CMSG_LEN(sizeof(int));
      std::memcpy(CMSG_DATA(header), &fd, sizeof(fd));
    }
    ASSERT_EQ(::sendmsg(runscs_.get(), &message, 0),
              static_cast<ssize_t>(data.size()));
  }

  base::UniqueFd ours_;
  base::UniqueFd runscs_;
  oci::OciMount mount_;
};

TEST_F(HostMountOpenerTest, AsksForTheMountAndGetsItsFile) {
  const base::UniqueFd null(::open("/dev/null", O_PATH | O_CLOEXEC));
  json request;
  std::thread runsc([&] {
    request = ReadRequest();
    // In two pieces: the descriptor comes with the first.
    Answer(R"({"success":true,"err":"",)", null.get());
    Answer(R"("result":{}})", -1);
  });
  HostMountOpener opener(std::move(ours_));
  const auto opened = opener.Open(mount_, true);
  runsc.join();
  ASSERT_TRUE(opened.ok()) << opened.error().number();
  struct stat got;
  struct stat wanted;
  ASSERT_EQ(::fstat(opened->get(), &got), 0);
  ASSERT_EQ(::fstat(null.get(), &wanted), 0);
  EXPECT_EQ(got.st_ino, wanted.st_ino);
  EXPECT_EQ(::fcntl(opened->get(), F_GETFD), FD_CLOEXEC);
  const json mount = {{"destination", "/d"},
                      {"type", "bind"},
                      {"source", "/s"},
                      {"options", {"rbind", "ro"}}};
  EXPECT_EQ(request["method"], "goferToHostRPC.OpenMount");
  EXPECT_EQ(request["arg"]["Mount"], mount);
  EXPECT_EQ(request["arg"]["Flags"], MS_BIND | MS_REC | MS_RDONLY);
  // Where releases until 2026 look for the mount.
  EXPECT_EQ(request["arg"]["source"], "/s");
}

TEST_F(HostMountOpenerTest, SaysWhatRunscSays) {
  Answer(R"({"success":false,"err":"open /s:\nno","result":null})", -1);
  HostMountOpener opener(std::move(ours_));
  const auto opened = opener.Open(mount_, false);
  ASSERT_FALSE(opened.ok());
  EXPECT_EQ(opened.error(), base::Errno(EREMOTEIO));
  EXPECT_EQ(opener.last_error(), "open /s: no");
}

TEST_F(HostMountOpenerTest, RejectsAnAnswerWithoutADescriptor) {
  Answer(R"({"success":true,"err":"","result":{}})", -1);
  HostMountOpener opener(std::move(ours_));
  EXPECT_EQ(opener.Open(mount_, false).error(), base::Errno(EPROTO));
}

TEST_F(HostMountOpenerTest, RejectsWhatIsNoAnswer) {
  Answer("hello", -1);
  HostMountOpener opener(std::move(ours_));
  EXPECT_EQ(opener.Open(mount_, false).error(), base::Errno(EREMOTEIO));
}

TEST_F(HostMountOpenerTest, NoticesThatRunscHasGone) {
  HostMountOpener opener(std::move(ours_));
  runscs_.reset();
  EXPECT_EQ(opener.Open(mount_, false).error(), base::Errno(EPIPE));
  opener.Close();
  EXPECT_FALSE(opener.valid());
}

}  // namespace
}  // namespace gofer::worker
