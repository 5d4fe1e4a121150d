// Attacks by the descriptors that HostBackend gives to a hostile client.

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/hostfs/mount_clone.h"
#include "tests/unit/server/hostfs/host_backend_fixture.h"
#include "tests/unit/server/hostfs/private_mounts.h"

namespace gofer::hostfs {
namespace {

using lisafs::Access;
using lisafs::Donation;
using testing::IsEmpty;
using testing::SizeIs;
using wire::MessageId;

class HostBackendDonationTest : public HostBackendTest {
 protected:
  int ReadOne(wire::FdId fd) {
    return ErrorOf(session_->Call(MessageId::kPRead,
                                  wire::PReadReq{.fd = fd, .count = 1}));
  }
  // Whether the file of `path` below `fd` could be opened; its errno if not.
  static int OpenAt(const base::UniqueFd& fd, const char* path, int flags) {
    const base::UniqueFd file(
        ::openat(fd.get(), path, flags | O_CLOEXEC, 0600));
    return file.valid() ? 0 : errno;
  }
  // Whether this process, and so the server, has the file open with O_NONBLOCK.
  // Asked of /proc, because the descriptors are the server's.
  static bool IsOpenNonBlocking(const struct stat& file) {
    for (const auto& entry :
         std::filesystem::directory_iterator("/proc/self/fd")) {
      const std::string number = entry.path().filename();
      struct stat stat;
      if (::stat(entry.path().c_str(), &stat) != 0 ||
          stat.st_ino != file.st_ino || stat.st_dev != file.st_dev) {
        continue;
      }
      std::ifstream info("/proc/self/fdinfo/" + number);
      std::string word;
      int flags = 0;
      while (info >> word && word != "flags:") {
      }
      info >> std::oct >> flags;
      if ((flags & (O_PATH | O_NONBLOCK)) == O_NONBLOCK) return true;
    }
    return false;
  }
  // Mounts with donate-mount and runs `body` with what was donated.
  template <class Body>
  void WithMountPoint(Access access, Body body) {
    directory_.MakeDirectory("root");
    directory_.MakeDirectory("root/d");
    directory_.MakeFile("outside", "secret");
    directory_.MakeFile("root/f", "text");
    options_.donation = Donation::kFilesAndMountPoint;
    options_.access = access;
    const ChildResult result = RunWithPrivateMounts([&] {
      const base::UniqueFd root = directory_.Open("root", O_PATH);
      if (!CloneMount(root.get(), access).ok()) {
        return ChildResult::kNoNamespaces;
      }
      session_ = std::make_unique<HostSession>(directory_.Path("root"),
                                               host_options_, options_);
      const auto mounted = session_->Mount();
      if (!mounted.ok() || session_->fds().size() != 1) {
        return ChildResult::kFailed;
      }
      root_ = mounted->control_fd;
      const base::UniqueFd donated = std::move(session_->fds()[0]);
      body(donated);
      session_.reset();
      return HasFailure() ? ChildResult::kFailed : ChildResult::kPassed;
    });
    if (result == ChildResult::kNoNamespaces) {
      GTEST_SKIP() << "mounts cannot be cloned here";
    }
    EXPECT_EQ(result, ChildResult::kPassed);
  }
};

TEST_F(HostBackendDonationTest, MountPointCanBeListed) {
  WithMountPoint(Access::kReadWrite, [&](const base::UniqueFd& donated) {
    const int flags = ::fcntl(donated.get(), F_GETFL);
    EXPECT_EQ(flags & (O_PATH | O_NONBLOCK | O_ACCMODE), O_NONBLOCK | O_RDONLY);
    EXPECT_EQ(OpenAt(donated, "f", O_RDWR), 0);
    EXPECT_EQ(OpenAt(donated, "new", O_CREAT | O_WRONLY), 0);
  });
}

TEST_F(HostBackendDonationTest, DotDotOfTheMountPointStaysInside) {
  WithMountPoint(Access::kReadWrite, [&](const base::UniqueFd& donated) {
    EXPECT_EQ(OpenAt(donated, "../outside", O_RDONLY), ENOENT);
    EXPECT_EQ(OpenAt(donated, "d/../../outside", O_RDONLY), ENOENT);
    EXPECT_EQ(OpenAt(donated, "../f", O_RDONLY), 0);
  });
}

TEST_F(HostBackendDonationTest, DotDotOfTheMountPointOpenedLaterStaysInside) {
  WithMountPoint(Access::kReadWrite, [&](const base::UniqueFd&) {
    EXPECT_EQ(ErrorOf(session_->Open(root_, O_RDONLY)), 0);
    ASSERT_THAT(session_->fds(), SizeIs(1));
    EXPECT_EQ(OpenAt(session_->fds()[0], "../outside", O_RDONLY), ENOENT);
    // Other directories are not donated.
    EXPECT_EQ(ErrorOf(session_->Open(WalkTo("d"), O_RDONLY)), 0);
    EXPECT_THAT(session_->fds(), IsEmpty());
  });
}

TEST_F(HostBackendDonationTest, MountPointOutlivesItsFdid) {
  WithMountPoint(Access::kReadWrite, [&](const base::UniqueFd& donated) {
    session_->Close(root_);
    EXPECT_EQ(OpenAt(donated, "f", O_RDONLY), 0);
    EXPECT_EQ(OpenAt(donated, "../outside", O_RDONLY), ENOENT);
  });
}

TEST_F(HostBackendDonationTest, NothingIsChangedThroughAReadOnlyMountPoint) {
  WithMountPoint(Access::kReadOnly, [&](const base::UniqueFd& donated) {
    EXPECT_EQ(OpenAt(donated, "new", O_CREAT | O_WRONLY), EROFS);
    EXPECT_EQ(OpenAt(donated, "f", O_RDWR), EROFS);
    EXPECT_EQ(::fchmod(donated.get(), 0777), -1);
    EXPECT_EQ(errno, EROFS);
  });
}

// The client needs a descriptor of each mount point. This one names the file
// and is not open: a writer that waits for a reader of the FIFO goes on
// waiting.
TEST_F(HostBackendDonationTest, SpecialFileAsMountPointIsNamedAndNotOpened) {
  directory_.MakeFifo("fifo");
  directory_.MakeSymlink("ln", "/");
  ASSERT_EQ(::mknod(directory_.Path("socket").c_str(), S_IFSOCK | 0600, 0), 0);
  options_.donation = Donation::kFilesAndMountPoint;
  host_options_.host_fifo = HostFifo::kNone;
  for (const char* const path : {"/fifo", "/ln", "/socket"}) {
    Start(path);
    ASSERT_THAT(session_->fds(), SizeIs(1)) << path;
    const int fd = session_->fds()[0].get();
    EXPECT_NE(::fcntl(fd, F_GETFL) & O_PATH, 0) << path;
    char byte;
    EXPECT_EQ(::read(fd, &byte, 1), -1) << path;
    EXPECT_EQ(errno, EBADF) << path;
  }
  EXPECT_EQ(::open(directory_.Path("fifo").c_str(), O_WRONLY | O_NONBLOCK), -1);
  EXPECT_EQ(errno, ENXIO);
}

// Through the descriptor its owner could be changed.
TEST_F(HostBackendDonationTest, ReadOnlyConnectionGetsNoSpecialFile) {
  directory_.MakeFifo("fifo");
  options_.donation = Donation::kFilesAndMountPoint;
  options_.access = Access::kReadOnly;
  Start("/fifo");
  EXPECT_THAT(session_->fds(), IsEmpty());
}

TEST_F(HostBackendDonationTest, ReadOnlyConnectionGetsNoFileOfAWritableMount) {
  directory_.MakeFile("f", "text");
  options_.access = Access::kReadOnly;
  Start();
  const auto open = session_->Open(WalkTo("f"), O_RDONLY);
  ASSERT_TRUE(open.ok());
  EXPECT_THAT(session_->fds(), IsEmpty());
  EXPECT_EQ(ReadOne(*open), 0);
}

TEST_F(HostBackendDonationTest, RegularFileIsNonBlockingAndOurs) {
  directory_.MakeFile("f", "text");
  Start();
  const auto open = session_->Open(WalkTo("f"), O_RDWR);
  ASSERT_TRUE(open.ok());
  ASSERT_THAT(session_->fds(), SizeIs(1));
  const int donated = session_->fds()[0].get();
  EXPECT_EQ(::fcntl(donated, F_GETFL) & (O_NONBLOCK | O_ACCMODE | O_NOFOLLOW),
            O_NONBLOCK | O_RDWR);
  // The client's copy may go.
  session_->fds().clear();
  EXPECT_EQ(ReadOne(*open), 0);
}

// A shared open file would make the server's next read wait, locks held.
TEST_F(HostBackendDonationTest, ClientCannotMakeOurFifoBlock) {
  directory_.MakeFifo("fifo");
  Start();
  ASSERT_TRUE(session_->Open(WalkTo("fifo"), O_RDWR).ok());
  ASSERT_THAT(session_->fds(), SizeIs(1));
  ASSERT_EQ(::fcntl(session_->fds()[0].get(), F_SETFL, O_RDWR), 0);
  EXPECT_TRUE(IsOpenNonBlocking(directory_.Stat("fifo")));
}

TEST_F(HostBackendDonationTest, ClientCannotMakeOurDeviceBlock) {
  HostSession session("/dev", host_options_, options_, "/null");
  const auto device = session.Mount();
  ASSERT_TRUE(device.ok());
  ASSERT_TRUE(session.Open(device->control_fd, O_RDWR).ok());
  ASSERT_THAT(session.fds(), SizeIs(1));
  ASSERT_EQ(::fcntl(session.fds()[0].get(), F_SETFL, O_RDWR), 0);
  struct stat null;
  ASSERT_EQ(::stat("/dev/null", &null), 0);
  EXPECT_TRUE(IsOpenNonBlocking(null));
}

// Without O_NONBLOCK, the open would wait for the lease's end: 45 seconds.
TEST_F(HostBackendDonationTest, LeasedFileDoesNotHoldTheServerUp) {
  directory_.MakeFile("f", "text");
  Start();
  const wire::FdId file = WalkTo("f");
  const auto old = std::signal(SIGIO, SIG_IGN);
  const base::UniqueFd holder = directory_.Open("f", O_RDONLY);
  ASSERT_EQ(::fcntl(holder.get(), F_SETLEASE, F_RDLCK), 0);
  EXPECT_EQ(ErrorOf(session_->Open(file, O_WRONLY)), EAGAIN);
  const auto cut =
      session_->SetStat({.fd = file, .mask = STATX_SIZE, .size = 0});
  ASSERT_TRUE(cut.ok());
  EXPECT_EQ(cut->failure_errno, uint32_t{EAGAIN});
  std::signal(SIGIO, old);
}

// The server's memory is a file there, for example.
TEST_F(HostBackendDonationTest, OwnProcfsIsNotServed) {
  HostSession session("/", host_options_, options_);
  const auto root = session.Mount();
  ASSERT_TRUE(root.ok());
  EXPECT_EQ(ErrorOf(session.Walk(root->control_fd, "proc")), EPERM);
  const std::vector<absl::string_view> path = {"proc", "self", "mem"};
  EXPECT_EQ(ErrorOf(session.Call(
                MessageId::kWalkStat,
                wire::WalkReq{.dir_fd = root->control_fd, .path = path})),
            EPERM);
  HostSession inside("/", host_options_, options_, "/proc");
  EXPECT_EQ(ErrorOf(inside.Mount()), EPERM);
  HostSession direct("/proc", host_options_, options_);
  EXPECT_EQ(ErrorOf(direct.Mount()), EPERM);
}

}  // namespace
}  // namespace gofer::hostfs
