// Our client on our gofer, checked on the host.

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/fs.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <string>
#include <thread>
#include <vector>

#include "absl/strings/string_view.h"
#include "clients/lisafs/client.h"
#include "tests/integration/served_directory.h"

namespace gofer {
namespace {

using client::Client;
using client::ControlFile;
using client::DataPath;
using client::Pathway;
using test::ServedDirectory;
using testing::ElementsAre;
using testing::UnorderedElementsAre;

std::span<const std::byte> BytesOf(absl::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

std::string ReadAll(const client::OpenFile& file) {
  std::vector<std::byte> bytes(8 << 20);
  const auto count = file.Read(0, bytes);
  EXPECT_TRUE(count.ok());
  return count.ok() ? std::string(reinterpret_cast<char*>(bytes.data()), *count)
                    : "";
}

// The snippet of clients/lisafs/README.md.
base::ErrnoOr<std::string> ReadHostname(base::UniqueFd socket) {
  auto client = client::Client::Mount(std::move(socket));
  if (!client.ok()) return client.error();
  if (auto started = client->StartChannels(2); !started.ok()) {
    return started.error();
  }
  auto file = client->root().WalkPath("etc/hostname");
  if (!file.ok()) return file.error();
  auto open = file->Open(O_RDONLY);
  if (!open.ok()) return open.error();
  std::string text(64, '\0');
  auto count = open->Read(0, std::as_writable_bytes(std::span(text)));
  if (!count.ok()) return count.error();
  text.resize(*count);
  return text;
}

TEST(ReadmeTest, TheSnippetReadsTheFile) {
  const test::ScratchDirectory root;
  root.Write("etc/hostname", "served\n");
  auto pair = *uds::MakeSocketPair(uds::SocketType::kStream);
  test::GoferChild gofer({"serve", "--root=" + root.path(), "--io-fds=3"},
                         {pair.second.get()});
  pair.second.reset();
  const auto text = ReadHostname(std::move(pair.first));
  ASSERT_TRUE(text.ok());
  EXPECT_EQ(*text, "served\n");
  EXPECT_EQ(gofer.Wait(), 0);
}

struct Setting {
  const char* name;
  Pathway pathway;
  bool sandboxed;
};

// Each on the socket and on channels, of a gofer that confines itself and of
// one that does not.
class ClientServerTest : public testing::TestWithParam<Setting> {
 protected:
  void SetUp() override {
    if (GetParam().sandboxed && ::geteuid() != 0) {
      GTEST_SKIP() << "needs root, to make mounts";
    }
  }

  // What `gofer serve` is started with besides the root and the sockets.
  static std::vector<std::string> Flags(std::vector<std::string> flags = {}) {
    if (GetParam().sandboxed) flags.push_back("--sandbox");
    return flags;
  }

  Client Mount(ServedDirectory& served, size_t n = 0) {
    Client client = *served.Mount(n);
    EXPECT_TRUE(client.StartChannels(Client::UsualChannelCount()).ok());
    client.UsePathway(GetParam().pathway);
    return client;
  }
};

INSTANTIATE_TEST_SUITE_P(
    Settings, ClientServerTest,
    testing::Values(Setting{"Socket", Pathway::kSocketOnly, false},
                    Setting{"Channel", Pathway::kChannels, false},
                    Setting{"SandboxedSocket", Pathway::kSocketOnly, true},
                    Setting{"SandboxedChannel", Pathway::kChannels, true}),
    [](const auto& param_info) { return param_info.param.name; });

TEST_P(ClientServerTest, ListsADirectory) {
  ServedDirectory served(Flags());
  std::vector<std::string> expected;
  // More than one Getdents64 holds.
  for (int i = 0; i < 3000; ++i) {
    expected.push_back("file-with-a-rather-long-name-" + std::to_string(i));
    served.root().Write(expected.back(), "");
  }
  const Client client = Mount(served);
  const auto directory = client.root().Open(O_RDONLY);
  ASSERT_TRUE(directory.ok());
  for (int round = 0; round < 2; ++round) {
    const auto entries = directory->ReadDir();
    ASSERT_TRUE(entries.ok());
    std::vector<std::string> names;
    for (const auto& entry : *entries) names.push_back(entry.name);
    EXPECT_THAT(names, testing::UnorderedElementsAreArray(expected));
  }
}

TEST_P(ClientServerTest, ReadsAndWritesByRpcAndByHostFd) {
  ServedDirectory served(Flags());
  // Two chunks and a bit.
  std::string content(5'000'000, 'a');
  for (size_t i = 0; i < content.size(); i += 1000) content[i] = 'b';
  served.root().Write("big", content);
  const Client client = Mount(served);
  const auto big = client.root().Walk("big");
  ASSERT_TRUE(big.ok());
  EXPECT_EQ(big->found_stat().size, content.size());
  auto open = big->Open(O_RDWR);
  ASSERT_TRUE(open.ok());
  ASSERT_GE(open->host_fd(), 0);
  EXPECT_EQ(ReadAll(*open), content);
  open->set_data_path(DataPath::kServer);
  EXPECT_EQ(ReadAll(*open), content);

  content.append(1'000'000, 'c');
  EXPECT_EQ(*open->Write(0, BytesOf(content)), content.size());
  EXPECT_EQ(served.root().Read("big"), content);
  open->set_data_path(DataPath::kHostFd);
  EXPECT_EQ(*open->Write(3, BytesOf("XYZ")), 3u);
  EXPECT_TRUE(open->Sync().ok());
  EXPECT_EQ(served.root().Read("big").substr(0, 7), "baaXYZa");
}

TEST_P(ClientServerTest, MakesRenamesAndRemoves) {
  ServedDirectory served(Flags());
  const Client client = Mount(served);
  const ControlFile& root = client.root();
  const auto a = root.Mkdir("a", {.mode = 0750});
  const auto b = root.Mkdir("b", {.mode = 0755});
  ASSERT_TRUE(a.ok() && b.ok());
  struct stat status;
  ASSERT_EQ(::stat((served.root() / "a").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode, S_IFDIR | 0750u);
  EXPECT_EQ(status.st_ino, a->found_stat().ino);

  ASSERT_TRUE(
      a->OpenCreate("file", O_WRONLY)->open.Write(0, BytesOf("x")).ok());
  ASSERT_TRUE(a->Rename("file", *b, "moved").ok());
  EXPECT_FALSE(served.root().Has("a/file"));
  EXPECT_EQ(served.root().Read("b/moved"), "x");
  EXPECT_EQ(a->Walk("file").error(), base::Errno(ENOENT));
  EXPECT_EQ(root.WalkPath("/b/moved")->found_stat().size, 1u);

  ASSERT_TRUE(b->Symlink("link", "moved").ok());
  EXPECT_EQ(*root.WalkPath("b/link")->ReadLink(), "moved");
  EXPECT_EQ(root.WalkPath("b/link/x").error(), base::Errno(ELOOP));
  ASSERT_TRUE(a->Link("hard", *b->Walk("moved")).ok());
  EXPECT_EQ(a->Walk("hard")->found_stat().nlink, 2u);
  ASSERT_TRUE(a->Mknod("node", {.mode = S_IFREG | 0600}).ok());
  EXPECT_EQ(a->Mknod("fifo", {.mode = S_IFIFO | 0600}).error(),
            base::Errno(EPERM));

  EXPECT_EQ(root.Unlink("a", ControlFile::Removal::kDirectory).error(),
            base::Errno(ENOTEMPTY));
  for (const char* name : {"hard", "node"}) {
    EXPECT_TRUE(a->Unlink(name, ControlFile::Removal::kFile).ok()) << name;
  }
  EXPECT_TRUE(root.Unlink("a", ControlFile::Removal::kDirectory).ok());
  EXPECT_THAT(served.root().List(), ElementsAre("b"));
}

TEST_P(ClientServerTest, ChangesAttributes) {
  ServedDirectory served(Flags());
  served.root().Write("file", "content");
  const Client client = Mount(served);
  const auto file = client.root().Walk("file");
  const auto failure = file->SetStat(
      {.mode = 0600, .size = 3, .mtime = wire::Timespec{.sec = 1000}});
  ASSERT_TRUE(failure.ok());
  EXPECT_EQ(failure->mask, 0u);
  const auto stat = file->Stat();
  ASSERT_TRUE(stat.ok());
  EXPECT_EQ(stat->mode, S_IFREG | 0600);
  EXPECT_EQ(stat->mtime.sec, 1000);
  EXPECT_EQ(served.root().Read("file"), "con");
  EXPECT_GT(file->StatFs()->block_size, 0);
  const std::vector<absl::string_view> names = {"", "file"};
  EXPECT_EQ(client.root().WalkStat(names)->size(), 2u);
}

TEST_P(ClientServerTest, TwoSocketsWithDifferentMountPaths) {
  ServedDirectory served(Flags(), {"/", "/sub/deep"});
  served.root().Write("sub/deep/file", "deep");
  const Client whole = Mount(served, 0);
  const Client deep = Mount(served, 1);
  EXPECT_EQ(ReadAll(*deep.root().Walk("file")->Open(O_RDONLY)), "deep");
  EXPECT_EQ(deep.root().found_stat().ino,
            whole.root().WalkPath("sub/deep")->found_stat().ino);
  // A rename by one is seen by the other.
  const auto sub = whole.root().Walk("sub");
  ASSERT_TRUE(sub->Rename("deep", *sub, "moved").ok());
  ASSERT_TRUE(deep.root().Mkdir("new", {.mode = 0755}).ok());
  EXPECT_TRUE(served.root().Has("sub/moved/new"));
}

TEST_P(ClientServerTest, AMountPathCannotLeaveTheRoot) {
  ServedDirectory served(Flags(), {"/a/../../.."});
  served.root().Write("file", "content");
  const Client client = Mount(served);
  EXPECT_TRUE(client.root().Walk("file").ok());
}

TEST_P(ClientServerTest, ReadOnlyRefusesEveryChange) {
  ServedDirectory served(Flags({"--readonly"}));
  served.root().Write("file", "content");
  const Client client = Mount(served);
  const ControlFile& root = client.root();
  const auto file = root.Walk("file");
  ASSERT_TRUE(file.ok());
  EXPECT_EQ(ReadAll(*file->Open(O_RDONLY)), "content");
  const base::Errno refused(EROFS);
  EXPECT_EQ(file->Open(O_RDWR).error(), refused);
  EXPECT_EQ(file->Open(O_RDONLY | O_TRUNC).error(), refused);
  EXPECT_EQ(file->SetStat({.size = 0}).error(), refused);
  EXPECT_EQ(root.Mkdir("d", {}).error(), refused);
  EXPECT_EQ(root.OpenCreate("f", O_RDONLY).error(), refused);
  EXPECT_EQ(root.Symlink("s", "t").error(), refused);
  EXPECT_EQ(root.Link("l", *file).error(), refused);
  EXPECT_EQ(root.Rename("file", root, "g").error(), refused);
  EXPECT_EQ(root.Unlink("file", ControlFile::Removal::kFile).error(), refused);
  EXPECT_THAT(served.root().List(), ElementsAre("file"));
}

TEST_P(ClientServerTest, NothingIsDonatedWhenThatIsOff) {
  ServedDirectory served(Flags({"--no-donate"}));
  served.root().Write("file", "content");
  const Client client = Mount(served);
  const auto open = client.root().Walk("file")->Open(O_RDONLY);
  EXPECT_EQ(open->host_fd(), -1);
  EXPECT_EQ(ReadAll(*open), "content");
}

TEST_P(ClientServerTest, TheMountPointIsDonatedWhenThatIsOn) {
  if (::geteuid() != 0) GTEST_SKIP() << "cloning a mount needs root";
  ServedDirectory served(Flags({"--donate-mount"}));
  const Client client = Mount(served);
  struct stat status;
  ASSERT_EQ(::fstat(client.mount_fd(), &status), 0);
  EXPECT_EQ(status.st_ino, client.root().found_stat().ino);
}

// One client makes the mount point of another, when a confined gofer cannot
// clone mounts any more: it must neither try, which is its end, nor refuse.
TEST_P(ClientServerTest, MountPointThatAClientMakesLater) {
  if (::geteuid() != 0) GTEST_SKIP() << "cloning a mount needs root";
  ServedDirectory served(Flags({"--donate-mount"}), {"/", "/late"});
  const Client first = Mount(served, 0);
  ASSERT_TRUE(first.root().Mkdir("late", client::NewFile{}).ok());
  const Client second = Mount(served, 1);
  EXPECT_EQ(second.mount_fd() < 0, GetParam().sandboxed);
  EXPECT_TRUE(second.root().Mkdir("made", client::NewFile{}).ok());
  EXPECT_TRUE(served.root().Has("late/made"));
  EXPECT_TRUE(first.root().Stat().ok());
}

TEST_P(ClientServerTest, SocketsAreBoundAndConnected) {
  ServedDirectory served(Flags({"--host-uds=all"}));
  const Client client = Mount(served);
  const auto bound =
      client.root().BindAt("socket", SOCK_STREAM, {.mode = 0600});
  ASSERT_TRUE(bound.ok());
  ASSERT_TRUE(bound->socket.Listen(1).ok());
  EXPECT_EQ(bound->socket.Accept().error(), base::Errno(EAGAIN));
  const auto connected = bound->file.Connect(SOCK_STREAM);
  ASSERT_TRUE(connected.ok());
  const auto accepted = bound->socket.Accept();
  ASSERT_TRUE(accepted.ok());
  ASSERT_EQ(::write(connected->get(), "x", 1), 1);
  char byte = 0;
  EXPECT_EQ(::read(accepted->socket.get(), &byte, 1), 1);
  EXPECT_EQ(byte, 'x');
}

// A confined gofer's namespace has none of the host's.
TEST_P(ClientServerTest, DonatedSocketReachesAbstractSocketsOfItsNamespace) {
  const base::UniqueFd host(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  // The kernel chooses an abstract name.
  sockaddr_un name = {.sun_family = AF_UNIX, .sun_path = {}};
  ASSERT_EQ(::bind(host.get(), reinterpret_cast<sockaddr*>(&name),
                   sizeof(name.sun_family)),
            0);
  socklen_t size = sizeof(name);
  ASSERT_EQ(
      ::getsockname(host.get(), reinterpret_cast<sockaddr*>(&name), &size), 0);
  const base::UniqueFd own(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  ASSERT_EQ(::connect(own.get(), reinterpret_cast<sockaddr*>(&name), size), 0);

  ServedDirectory served(Flags({"--host-uds=all"}));
  const Client client = Mount(served);
  const auto bound = client.root().BindAt("socket", SOCK_DGRAM, {.mode = 0600});
  ASSERT_TRUE(bound.ok());
  const int connected = ::connect(bound->socket.host_fd(),
                                  reinterpret_cast<sockaddr*>(&name), size);
  if (GetParam().sandboxed) {
    EXPECT_EQ(connected, -1);
    EXPECT_EQ(errno, ECONNREFUSED);
  } else {
    EXPECT_EQ(connected, 0);
  }
}

TEST_P(ClientServerTest, MountPointBelowTheRootIsDonated) {
  if (::geteuid() != 0) GTEST_SKIP() << "cloning a mount needs root";
  ServedDirectory served(Flags({"--donate-mount"}), {"/d"}, {"d"});
  const Client client = Mount(served);
  EXPECT_GE(client.mount_fd(), 0);
  EXPECT_TRUE(client.root().Mkdir("made", client::NewFile{}).ok());
  EXPECT_TRUE(served.root().Has("d/made"));
}

TEST_P(ClientServerTest, MessagesOfALaterProtocol) {
  {
    ServedDirectory served(Flags());
    const Client client = Mount(served);
    EXPECT_EQ(client.root().GetXattr("user.a").error(),
              base::Errno(EOPNOTSUPP));
    EXPECT_EQ(client.root()
                  .RenameAt2("a", client.root(), "b", RENAME_EXCHANGE)
                  .error(),
              base::Errno(EINVAL));
  }
  ServedDirectory served(Flags({"--protocol=2026"}));
  served.root().Write("a", "1");
  served.root().Write("b", "2");
  const Client client = Mount(served);
  const auto renamed =
      client.root().RenameAt2("a", client.root(), "b", RENAME_EXCHANGE);
  ASSERT_TRUE(renamed.ok());
  EXPECT_EQ(served.root().Read("a"), "2");
}

TEST_P(ClientServerTest, ThreadsWorkAtTheSameTime) {
  ServedDirectory served(Flags());
  const Client client = Mount(served);
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&client, i] {
      const std::string name = "thread" + std::to_string(i);
      auto created = client.root().OpenCreate(name, O_RDWR);
      ASSERT_TRUE(created.ok());
      created->open.set_data_path(DataPath::kServer);
      for (size_t round = 0; round < 100; ++round) {
        const std::string text = name + std::to_string(round) + "\n";
        ASSERT_EQ(*created->open.Write(0, BytesOf(text)), text.size());
        ASSERT_EQ(ReadAll(created->open).substr(0, text.size()), text);
        ASSERT_TRUE(client.root().Walk(name).ok());
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(served.root().List().size(), 4u);
}

}  // namespace
}  // namespace gofer
