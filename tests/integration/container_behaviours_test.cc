// What some releases of runsc ask of their gofer, and others do not.

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "clients/lisafs/client.h"
#include "server/base/unique_fd.h"
#include "server/sandbox/step.h"
#include "server/uds/unix_socket.h"
#include "server/worker/exit_code.h"
#include "tests/integration/container_gofer_fixture.h"
#include "tests/support/id_mapping.h"

namespace gofer {
namespace {

using client::Client;
using nlohmann::json;
using testing::HasSubstr;
using worker::ExitCode;

constexpr char kRunsHooks[] = "--goferd-runsc-traits=create-container-hooks";

class ContainerBehavioursTest : public ContainerGoferTest {
 protected:
  void AddHook(const std::string& script) {
    spec_["hooks"]["createContainer"].push_back(
        {{"path", "/bin/sh"},
         {"args", {"sh", "-c", script}},
         {"env", {"BUNDLE=" + bundle_.path()}}});
  }
  // Binds a new character device, the one that reads as zeros.
  void BindZero() {
    ASSERT_EQ(
        ::mknod((bundle_ / "zero").c_str(), S_IFCHR | 0666, ::makedev(1, 5)),
        0);
    spec_["mounts"].push_back(Bind(bundle_ / "zero", "/zero", {"bind"}));
  }
};

TEST_F(ContainerBehavioursTest, HooksFindTheTreeWhereTheSpecSaysThatItIs) {
  spec_["mounts"].push_back(Bind("volume", "/data"));
  AddHook(
      "cat >$BUNDLE/state; cat $BUNDLE/rootfs/data/hello >$BUNDLE/seen; "
      "echo of the hook >$BUNDLE/rootfs/data/made");
  StartWithSpec(spec_.dump(), 2, {kRunsHooks}, {"c1"});
  EXPECT_EQ(ReadFile(Mount(1), "made"), "of the hook\n") << gofer_->Stderr();
  EXPECT_EQ(bundle_.Read("seen"), "from the volume");
  EXPECT_EQ(json::parse(bundle_.Read("state")).at("id"), "c1");
  EXPECT_FALSE(bundle_.Has("rootfs/data/hello"));
}

TEST_F(ContainerBehavioursTest, HookThatFailsEndsTheStart) {
  AddHook("echo because >&2; exit 3");
  StartWithSpec(spec_.dump(), 1, {kRunsHooks}, {"c1"});
  ExpectFailure(worker::ExitCodeOf(sandbox::Step::kTreeReady),
                "createContainer hook /bin/sh: exit status 3: because");
}

TEST_F(ContainerBehavioursTest, HooksAreNotRunForAReleaseThatRunsNone) {
  AddHook("exit 1");
  Start(1, {"--goferd-runsc-traits=directfs"});
  EXPECT_EQ(ReadFile(Mount(0), "hello"), "from the root");
}

TEST_F(ContainerBehavioursTest, MapsTheIdsOfOneMount) {
  if (test::CannotMapIds(bundle_.path())) {
    GTEST_SKIP() << "the file system of " << bundle_.path() << " maps no ids";
  }
  ASSERT_EQ(::chown((bundle_ / "volume").c_str(), 1000, 2000), 0);
  ASSERT_EQ(::chown((bundle_ / "volume/hello").c_str(), 1000, 2000), 0);
  json mount = Bind("volume", "/data");
  mount["uidMappings"] = {{{"containerID", 1000}, {"hostID", 0}, {"size", 10}}};
  mount["gidMappings"] = {{{"containerID", 2000}, {"hostID", 0}, {"size", 10}}};
  spec_["mounts"].push_back(mount);
  Start(2);
  const Client volume = Mount(1);
  const auto file = volume.root().WalkPath("hello");
  ASSERT_TRUE(file.ok()) << gofer_->Stderr();
  const auto stat = file->Stat();
  ASSERT_TRUE(stat.ok());
  EXPECT_EQ(stat->uid, 0u);
  EXPECT_EQ(stat->gid, 0u);
  ASSERT_TRUE(volume.root().Mkdir("made", client::NewFile{}).ok());
  struct stat made;
  ASSERT_EQ(::stat((bundle_ / "volume/made").c_str(), &made), 0);
  EXPECT_EQ(made.st_uid, 1000u);
  EXPECT_EQ(made.st_gid, 2000u);
}

TEST_F(ContainerBehavioursTest, BindsOfAnErofsRootLeaveTheHostsFolderAlone) {
  spec_["mounts"].push_back(Bind("volume", "/data/here"));
  StartWithSpec(spec_.dump(), 1, {},
                {"--gofer-mount-confs=erofs:none,lisafs:none"});
  EXPECT_EQ(ReadFile(Mount(0), "hello"), "from the volume") << gofer_->Stderr();
  EXPECT_FALSE(bundle_.Has("rootfs/data"));
}

TEST_F(ContainerBehavioursTest, ErofsMountsHaveAWordAndNoSocket) {
  spec_["mounts"].push_back({{"destination", "/image"},
                             {"type", "erofs"},
                             {"source", bundle_ / "image"}});
  spec_["mounts"].push_back(Bind("volume", "/data"));
  StartWithSpec(spec_.dump(), 2, {},
                {"--gofer-mount-confs=lisafs:none,erofs:none,lisafs:none"});
  EXPECT_EQ(ReadFile(Mount(1), "hello"), "from the volume") << gofer_->Stderr();
}

TEST_F(ContainerBehavioursTest, MountedSocketIsNamedByADescriptor) {
  const base::UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  const std::string path = bundle_ / "docker.sock";
  ASSERT_LT(path.size(), sizeof(address.sun_path));
  std::memcpy(address.sun_path, path.c_str(), path.size());
  ASSERT_EQ(::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address),
                   sizeof(address)),
            0);
  spec_["mounts"].push_back(Bind(path, "/run/docker.sock", {"bind", "ro"}));
  StartWithSpec(spec_.dump(), 2, {},
                {"--gofer-mount-confs=lisafs:none,lisafs:none"});
  const Client mounted = Mount(1);
  ASSERT_GE(mounted.mount_fd(), 0) << gofer_->Stderr();
  struct stat stat;
  ASSERT_EQ(::fstat(mounted.mount_fd(), &stat), 0);
  EXPECT_TRUE(S_ISSOCK(stat.st_mode));
  EXPECT_NE(::fcntl(mounted.mount_fd(), F_GETFL) & O_PATH, 0);
}

TEST_F(ContainerBehavioursTest, CharacterDevicesAreOpenedWhereThereIsNoPolicy) {
  BindZero();
  StartWithSpec(spec_.dump(), 2, {"--directfs=false"},
                {"--gofer-mount-confs=lisafs:none,lisafs:none"});
  const Client device = Mount(1);
  EXPECT_TRUE(device.root().Open(O_RDONLY).ok()) << gofer_->Stderr();
}

TEST_F(ContainerBehavioursTest, CharacterDevicesFollowThePolicy) {
  BindZero();
  StartWithSpec(
      spec_.dump(), 2,
      {"--directfs=false", "--goferd-runsc-traits=character-device-policy"},
      {"--gofer-mount-confs=lisafs:none,lisafs:none"});
  const Client device = Mount(1);
  EXPECT_EQ(device.root().Open(O_RDONLY).error(), base::Errno(EPERM));
}

// The policy is for what containers open, not for what sandboxes do.
TEST_F(ContainerBehavioursTest, DevGoferOpensAcceleratorsWhateverThePolicy) {
  ASSERT_EQ(::mount("none", "/dev", "tmpfs", 0, "mode=0755"), 0);
  ASSERT_EQ(::mkdir("/dev/vfio", 0755), 0);
  for (const auto& [path, minor] :
       {std::pair("/dev/null", 3), std::pair("/dev/vfio/3", 5)}) {
    ASSERT_EQ(::mknod(path, S_IFCHR | 0666, ::makedev(1, minor)), 0);
  }
  spec_["linux"]["devices"] = {
      {{"path", "/dev/vfio/3"}, {"type", "c"}, {"major", 1}, {"minor", 5}},
      {{"path", "/dev/null"}, {"type", "c"}, {"major", 1}, {"minor", 3}}};
  auto pair = *uds::MakeSocketPair(uds::SocketType::kStream);
  leaked_ = std::move(pair.second);
  StartWithSpec(spec_.dump(), 1,
                {"--directfs=false", "--character-device-policy=emulated-only"},
                {"--gofer-mount-confs=lisafs:none", "--dev-io-fd=7"});
  leaked_.reset();
  auto dev = Client::Mount(std::move(pair.first));
  ASSERT_TRUE(dev.ok()) << gofer_->Stderr();
  const auto device = dev->root().WalkPath("vfio/3");
  ASSERT_TRUE(device.ok());
  EXPECT_TRUE(device->Open(O_RDONLY).ok());
  EXPECT_FALSE(dev->root().WalkPath("null").ok());
  ASSERT_EQ(::umount2("/dev", MNT_DETACH), 0);
}

// With the descriptor of /dev, a sandbox that was taken over opens what is
// below it. An image may have brought a device of the host's disk along.
TEST_F(ContainerBehavioursTest, DeviceOfAHostileImageCannotBeOpenedThroughDev) {
  ASSERT_EQ(::mkdir((bundle_ / "rootfs/dev").c_str(), 0755), 0);
  ASSERT_EQ(::mknod((bundle_ / "rootfs/dev/evil").c_str(), S_IFCHR | 0666,
                    ::makedev(1, 5)),
            0);
  auto pair = *uds::MakeSocketPair(uds::SocketType::kStream);
  leaked_ = std::move(pair.second);
  StartWithSpec(spec_.dump(), 1, {},
                {"--gofer-mount-confs=lisafs:none", "--dev-io-fd=7"});
  leaked_.reset();
  const auto dev = Client::Mount(std::move(pair.first));
  ASSERT_TRUE(dev.ok()) << gofer_->Stderr();
  ASSERT_GE(dev->mount_fd(), 0);
  EXPECT_EQ(::openat(dev->mount_fd(), "evil", O_RDONLY | O_CLOEXEC), -1);
  EXPECT_EQ(errno, EACCES);
}

// It opens any file of the host for whoever has it.
TEST_F(ContainerBehavioursTest, RpcSocketIsClosedBeforeItServes) {
  auto pair = *uds::MakeSocketPair(uds::SocketType::kStream);
  leaked_ = std::move(pair.second);
  StartWithSpec(spec_.dump(), 1, {}, {"--rpc-fd=7"});
  leaked_.reset();
  EXPECT_EQ(ReadFile(Mount(0), "hello"), "from the root");
  char byte;
  EXPECT_EQ(::recv(pair.first.get(), &byte, 1, MSG_DONTWAIT), 0)
      << "the gofer holds the other end";
}

TEST_F(ContainerBehavioursTest, UnknownFlagEndsTheStart) {
  Start(1, {"--serve-less=all"});
  ExpectFailure(ExitCode::kUsage, "--serve-less: this gofer does not know");
}

}  // namespace
}  // namespace gofer
