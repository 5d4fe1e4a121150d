// Rows 167 to 176 of rows.md: closing, read-only connections, mounting.

#include <fcntl.h>
#include <sys/stat.h>

#include "server/uds/unix_socket.h"
#include "tests/conformance/conformance_test.h"

namespace gofer::test {
namespace {

using Id = wire::MessageId;

class LifetimeTest : public ConformanceTest {};

TEST_P(LifetimeTest, Row167_CloseIgnoresWhatItDoesNotKnow) {
  const FdId f = To({"f"});
  EXPECT_EQ(c_.Close({kUnknown, kUnknown, FdId{0}, f}).error, 0);
  EXPECT_EQ(c_.FStat(f).error, EBADF);
}

TEST_P(LifetimeTest, Row168_CloseWithTooFewIdsClosesNothing) {
  const FdId f = To({"f"});
  auto payload = Encoded(wire::CloseReq{std::vector<FdId>{f}});
  payload[0] = std::byte{5};
  EXPECT_EQ(c_.CallBytes(9, payload).error, EIO);
  EXPECT_EQ(c_.FStat(f).error, 0);
}

TEST_P(LifetimeTest, Row169_OpenFdOutlivesItsControlFd) {
  const FdId f = To({"f"});
  const FdId open = c_.OpenAt(f, O_RDONLY)->open_fd;
  ASSERT_EQ(c_.Close({f}).error, 0);
  EXPECT_EQ(c_.FStat(f).error, EBADF);
  EXPECT_EQ(c_.FStat(open).error, 0);
  EXPECT_EQ(c_.PRead(open, 5, 0).data, "hello");
}

TEST_P(LifetimeTest, Row170_ReadOnlyRefusesWritesUnread) {
  Session other = NewSession(ReadOnly());
  const std::vector<std::byte> garbage(3, std::byte{0xA5});
  wire::ForEachMessage([&]<class Row>() {
    const bool served = aug2026() || Row::kId != Id::kRenameAt2;
    if (Row::kEffect != wire::Effect::kMutates || !served) return;
    EXPECT_EQ(other->CallBytes(static_cast<uint16_t>(Row::kId), garbage).error,
              EROFS)
        << Row::kName;
  });
}

TEST_P(LifetimeTest, Row170_ReadOnlyReads) {
  Session other = NewSession(ReadOnly());
  const FdId f = other->To(other.root, {"f"});
  const FdId open = other->OpenAt(f, O_RDONLY)->open_fd;
  EXPECT_EQ(other->PRead(open, 5, 0).data, "hello");
  EXPECT_EQ(other->ReadLinkAt(other->To(other.root, {"ln"}))->target, "d1");
}

TEST_P(LifetimeTest, Row171_ReadOnlyIsCheckedBeforeTheFd) {
  Session other = NewSession(ReadOnly());
  EXPECT_EQ(other->OpenAt(kUnknown, O_RDWR).error, EROFS);
  EXPECT_EQ(other->OpenAt(kUnknown, O_RDONLY | O_TRUNC).error, EROFS);
  EXPECT_EQ(other->OpenAt(kUnknown, O_RDONLY).error, EBADF);
  EXPECT_EQ(other->CallBytes(7, std::vector<std::byte>(15)).error, EIO);
}

TEST_P(LifetimeTest, Row172_ReadOnlyBindsNoSocket) {
  // Creating a file is a write, whatever Nov 2023 thought of it.
  Session other = NewSession(ReadOnly());
  EXPECT_EQ(other->BindAt(other.root, "s", SOCK_STREAM).error, EROFS);
  EXPECT_FALSE(tree().Look("/scratch/s").has_value());
}

TEST_P(LifetimeTest, Row173_MountPointMayBeOfAnyKind) {
  const auto mount = [this](const char* path) {
    ClientOptions options = Options();
    options.mount_path = path;
    Session other = served_.Connect(options);
    const auto mounted = other->Mount();
    return mounted.error != 0 ? -mounted.error
                              : int{mounted->root.stat.mode} & S_IFMT;
  };
  EXPECT_EQ(mount("/scratch/f"), S_IFREG);
  EXPECT_EQ(mount("/scratch/ln"), S_IFLNK);
  EXPECT_EQ(mount("/scratch/missing"), -ENOENT);
  EXPECT_EQ(mount("/scratch/../scratch/./d1/"), S_IFDIR);
}

TEST_P(LifetimeTest, Row174_RelativeMountPathIsRefused) {
  auto sockets = uds::MakeSocketPair(uds::SocketType::kStream);
  ASSERT_TRUE(sockets.ok());
  const auto connection = served_.server().CreateConnection(
      std::move(sockets->first), "scratch", {},
      tree().MakeBackend(GetParam().level, {}));
  ASSERT_FALSE(connection.ok());
  EXPECT_EQ(connection.error().number(), EINVAL);
}

TEST_P(LifetimeTest, Row175_OnlyTheMountPathIsLeft) {
  const FdId f = To({"d1", "d2"});
  const FdId open = Opened({"d1", "d2", "d3"}, O_RDONLY);
  const size_t channels = session_.connection->channel_count();
  EXPECT_EQ(channels, GetParam().pathway == Pathway::kChannel ? 1u : 0u);
  // To() and Opened() leave one control FD each.
  const auto last = static_cast<uint64_t>(open);
  std::vector<FdId> all;
  for (uint64_t id = 1; id <= last; ++id) all.push_back(FdId{id});
  EXPECT_EQ(c_.FStat(f).error, 0);
  ASSERT_EQ(c_.Close(all).error, 0);
  const lisafs::FdCounts counts = session_.connection->fd_counts();
  EXPECT_EQ(counts.control + counts.open + counts.bound_socket, 0u);
  EXPECT_EQ(served_.server().NodeCount(), 1);
  ASSERT_EQ(c_.Mount().error, 0);
  EXPECT_EQ(served_.server().NodeCount(), 2);
}

TEST_P(LifetimeTest, Row176_FiveAndTenChildrenAreFoundAgain) {
  for (const int children : {5, 10}) {
    const std::string name = "dir" + std::to_string(children);
    const auto dir = c_.MkdirAt(root_, name);
    ASSERT_EQ(dir.error, 0);
    const int64_t before = served_.server().NodeCount();
    std::vector<FdId> made;
    for (int i = 0; i < children; ++i) {
      made.push_back(c_.MkdirAt(dir->child.control_fd, std::to_string(i))
                         ->child.control_fd);
    }
    EXPECT_EQ(served_.server().NodeCount(), before + children);
    for (int i = 0; i < children; ++i) {
      // Found, not made again.
      ASSERT_EQ(
          c_.Close({c_.To(dir->child.control_fd, {std::to_string(i)})}).error,
          0);
    }
    EXPECT_EQ(served_.server().NodeCount(), before + children);
    ASSERT_EQ(c_.Close(made).error, 0);
    EXPECT_EQ(served_.server().NodeCount(), before);
  }
}

INSTANTIATE_TEST_SUITE_P(All, LifetimeTest, testing::ValuesIn(AllSettings()),
                         NameOfSetting);

}  // namespace
}  // namespace gofer::test
