// `gofer` started as runsc starts it: a confined process per container.

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "absl/strings/str_cat.h"
#include "clients/lisafs/client.h"
#include "server/base/unique_fd.h"
#include "server/worker/exit_code.h"
#include "tests/integration/container_gofer_fixture.h"

namespace gofer {
namespace {

using client::Client;
using nlohmann::json;
using testing::HasSubstr;
using worker::ExitCode;

TEST_F(ContainerGoferTest, ServesRootAndVolume) {
  spec_["mounts"].push_back(Bind("volume", "/data/here"));
  spec_["process"]["cwd"] = "/work/dir";
  Start(2);
  const json reply = json::parse(ReadFd(mounts_reply_.get()));
  EXPECT_EQ(reply, json::array({Bind(bundle_ / "volume", "/data/here")}));
  Client root = Mount(0);
  Client volume = Mount(1);
  EXPECT_EQ(ReadFile(root, "hello"), "from the root");
  EXPECT_EQ(ReadFile(volume, "hello"), "from the volume");
  EXPECT_EQ(ReadFile(root, "data/here/hello"), "from the volume");
  EXPECT_TRUE(root.root().WalkPath("work/dir").ok());
  root.Close();
  volume.Close();
  EXPECT_EQ(gofer_->Wait(), 0) << gofer_->Stderr();
}

TEST_F(ContainerGoferTest, ChangesArriveOnTheHost) {
  spec_["mounts"].push_back(Bind("volume", "/data"));
  Start(2);
  Client root = Mount(0);
  Client volume = Mount(1);
  EXPECT_TRUE(volume.root().Mkdir("made", client::NewFile{}).ok());
  EXPECT_TRUE(bundle_.Has("volume/made"));
  EXPECT_FALSE(bundle_.Has("rootfs/data/made"));
}

TEST_F(ContainerGoferTest, ReadonlyIsRefused) {
  spec_["root"]["readonly"] = true;
  spec_["mounts"].push_back(Bind("volume", "/data", {"rbind", "ro"}));
  Start(2);
  EXPECT_EQ(Mount(0).root().Mkdir("x", client::NewFile{}).error(),
            base::Errno(EROFS));
  EXPECT_EQ(Mount(1).root().Mkdir("x", client::NewFile{}).error(),
            base::Errno(EROFS));
  EXPECT_FALSE(bundle_.Has("rootfs/x"));
}

// Not even over the root's connection, which sees it as well: by the kernel.
TEST_F(ContainerGoferTest, ReadonlyMountIsReadonlyForTheRootsClient) {
  spec_["mounts"].push_back(Bind("volume", "/data", {"rbind", "ro"}));
  Start(2);
  const Client root = Mount(0);
  const auto data = root.root().WalkPath("data");
  ASSERT_TRUE(data.ok());
  EXPECT_EQ(data->Mkdir("x", client::NewFile{}).error(), base::Errno(EROFS));
  EXPECT_TRUE(root.root().Mkdir("x", client::NewFile{}).ok());
}

TEST_F(ContainerGoferTest, MountBelowAnOverlayIsReadonlyForTheRootsClient) {
  spec_["mounts"].push_back(Bind("volume", "/data"));
  StartWithSpec(spec_.dump(), 2, {"--directfs=false"},
                {"--overlay-mediums=0,1"});
  const Client root = Mount(0);
  const auto data = root.root().WalkPath("data");
  ASSERT_TRUE(data.ok()) << gofer_->Stderr();
  EXPECT_EQ(data->Mkdir("x", client::NewFile{}).error(), base::Errno(EROFS));
}

TEST_F(ContainerGoferTest, UnservedMountIsNotInTheTree) {
  spec_["mounts"].push_back(Bind("volume", "/data"));
  StartWithSpec(spec_.dump(), 1, {"--directfs=false"},
                {"--gofer-mount-confs=lisafs:none,none:memory"});
  const Client root = Mount(0);
  EXPECT_EQ(ReadFile(root, "data/hello"), absl::StrCat("errno ", ENOENT));
  EXPECT_EQ(json::parse(ReadFd(mounts_reply_.get())).at(0).at("destination"),
            "/data");
}

// A procfs of the image's directory, and one that something else lies on.
TEST_F(ContainerGoferTest, ProcfsInTheRootIsNotServed) {
  for (const char* name : {"rootfs/proc", "rootfs/covered"}) {
    ASSERT_EQ(::mkdir((bundle_ / name).c_str(), 0755), 0);
    ASSERT_EQ(::mount("proc", (bundle_ / name).c_str(), "proc", 0, nullptr), 0);
  }
  ASSERT_EQ(::mount("tmpfs", (bundle_ / "rootfs/covered").c_str(), "tmpfs", 0,
                    nullptr),
            0);
  bundle_.Write("rootfs/covered/file", "of the cover");
  spec_["mounts"].push_back(Bind("volume", "/proc"));
  Start(2);
  const Client root = Mount(0);
  EXPECT_EQ(ReadFile(root, "proc/hello"), "from the volume");
  EXPECT_EQ(ReadFile(root, "covered/file"), "of the cover");
  EXPECT_EQ(ReadFile(Mount(1), "hello"), "from the volume");
  EXPECT_THAT(ReadAbsolute(absl::StrCat("/proc/", gofer_->pid(), "/mountinfo")),
              testing::Not(HasSubstr(" - proc ")));
  for (const char* name : {"rootfs/covered", "rootfs/covered", "rootfs/proc"}) {
    EXPECT_EQ(::umount2((bundle_ / name).c_str(), MNT_DETACH), 0);
  }
}

TEST_F(ContainerGoferTest, BindOfProcfsIsRefused) {
  spec_["mounts"].push_back(Bind("/proc/sys", "/sysctl"));
  Start(2);
  ExpectFailure(worker::ExitCodeOf(sandbox::Step::kHideProc),
                "/proc/sys on /sysctl: Operation not permitted");
}

TEST_F(ContainerGoferTest, ControlCharactersOfTheSpecMakeNoLines) {
  spec_["mounts"].push_back(Bind("gone\n2026 error FAKE\x1b[31m", "/data"));
  Start(2);
  ExpectFailure(worker::ExitCodeOf(sandbox::Step::kBindMount), "FAKE");
}

// A directory of the host that somebody forgot to close.
TEST_F(ContainerGoferTest, LeakedDescriptorsAreClosed) {
  leaked_ = base::UniqueFd(::open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  Start(1);
  EXPECT_EQ(ReadFile(Mount(0), "hello"), "from the root");
  const std::string fds = absl::StrCat("/proc/", gofer_->pid(), "/fd");
  for (const auto& entry : std::filesystem::directory_iterator(fds)) {
    struct stat stat;
    struct stat root;
    ASSERT_EQ(::stat("/", &root), 0);
    if (::stat(entry.path().c_str(), &stat) == 0) {
      EXPECT_FALSE(stat.st_dev == root.st_dev && stat.st_ino == root.st_ino)
          << entry.path();
    }
  }
}

// A destination that an image's symlinks lead away ends inside of the root.
TEST_F(ContainerGoferTest, DestinationThroughHostileSymlinks) {
  ASSERT_EQ(::symlink("/../../../..", (bundle_ / "rootfs/up").c_str()), 0);
  ASSERT_EQ(::symlink(bundle_.path().c_str(), (bundle_ / "rootfs/out").c_str()),
            0);
  spec_["mounts"].push_back(Bind("volume", "/up/mounted"));
  spec_["mounts"].push_back(Bind("volume", "/out/secret-dir"));
  Start(3);
  const json reply = json::parse(ReadFd(mounts_reply_.get()));
  EXPECT_EQ(reply.at(0).at("destination"), "/mounted");
  EXPECT_EQ(reply.at(1).at("destination"), bundle_ / "secret-dir");
  EXPECT_EQ(ReadFile(Mount(1), "hello"), "from the volume");
  EXPECT_EQ(ReadFile(Mount(2), "hello"), "from the volume");
  EXPECT_FALSE(bundle_.Has("secret-dir"));
  EXPECT_TRUE(bundle_.Has("rootfs/mounted"));
}

// Since Nov 2023 the sandbox is given its mount points.
TEST_F(ContainerGoferTest, DonatesMountPointsThatNobodyLeavesByDotDot) {
  spec_["mounts"].push_back(Bind("volume", "/data"));
  StartWithSpec(spec_.dump(), 2, {}, {"--overlay-mediums=0,0"});
  Client root = Mount(0);
  Client volume = Mount(1);
  ASSERT_GE(root.mount_fd(), 0) << gofer_->Stderr();
  ASSERT_GE(volume.mount_fd(), 0) << gofer_->Stderr();
  struct stat up;
  struct stat here;
  ASSERT_EQ(::fstatat(volume.mount_fd(), "..", &up, 0), 0);
  ASSERT_EQ(::fstatat(volume.mount_fd(), ".", &here, 0), 0);
  EXPECT_EQ(up.st_ino, here.st_ino);
  EXPECT_EQ(::faccessat(root.mount_fd(), "hello", F_OK, 0), 0);
}

TEST_F(ContainerGoferTest, DonatesNoMountThatAnAnnotationTakesOutOfDirectfs) {
  spec_["mounts"].push_back(Bind("volume", "/data"));
  for (const auto& [key, value] :
       std::map<std::string, std::string>{{"source", bundle_ / "volume"},
                                          {"type", "bind"},
                                          {"share", "container"},
                                          {"directfs", "off"}}) {
    spec_["annotations"]["dev.gvisor.spec.mount.v." + key] = value;
  }
  for (const bool knows : {true, false}) {
    sockets_.clear();
    StartWithSpec(spec_.dump(), 2,
                  {absl::StrCat("--goferd-runsc-traits=directfs",
                                knows ? ",mount-directfs" : "")},
                  {"--gofer-mount-confs=lisafs:none,lisafs:none"});
    const Client root = Mount(0);
    const Client volume = Mount(1);
    EXPECT_GE(root.mount_fd(), 0) << gofer_->Stderr();
    // An older sandbox would not start without.
    EXPECT_EQ(volume.mount_fd() < 0, knows);
    EXPECT_EQ(ReadFile(volume, "hello"), "from the volume");
  }
}

TEST_F(ContainerGoferTest, SpecIsNotJson) {
  StartWithSpec("{", 1);
  ExpectFailure(ExitCode::kReadSpec, "read-spec: the spec is not JSON");
}

TEST_F(ContainerGoferTest, RootIsMissing) {
  spec_["root"]["path"] = "nowhere";
  Start(1);
  ExpectFailure(
      worker::ExitCodeOf(sandbox::Step::kBindRoot),
      absl::StrCat(bundle_ / "nowhere", ": No such file or directory"));
}

TEST_F(ContainerGoferTest, MountSourceVanished) {
  spec_["mounts"].push_back(Bind("gone", "/data"));
  Start(2);
  ExpectFailure(
      worker::ExitCodeOf(sandbox::Step::kBindMount),
      absl::StrCat(bundle_ / "gone", " on /data: No such file or directory"));
}

TEST_F(ContainerGoferTest, TooFewSockets) {
  spec_["mounts"].push_back(Bind("volume", "/data"));
  Start(1);
  ExpectFailure(ExitCode::kMatchSockets,
                "1 sockets (--io-fds) for 2 served mounts");
}

TEST_F(ContainerGoferTest, SocketIsNone) {
  StartWithSpec(spec_.dump(), 0, {}, {"--io-fds=5"});
  ExpectFailure(ExitCode::kCheckSockets, "--io-fds=5: not a socket");
}

TEST_F(ContainerGoferTest, MayNotMakeAMountNamespace) {
  StartWithSpec(spec_.dump(), 1, {}, {},
                {"setpriv", "--bounding-set=-sys_admin"});
  ExpectFailure(worker::ExitCodeOf(sandbox::Step::kMountNamespace),
                "Operation not permitted");
}

TEST_F(ContainerGoferTest, SharedPropagationIsRefused) {
  spec_["linux"]["rootfsPropagation"] = "rshared";
  Start(1);
  ExpectFailure(ExitCode::kPlan, "linux.rootfsPropagation: rshared");
}

TEST_F(ContainerGoferTest, UsageErrorsReachTheLog) {
  StartWithSpec(spec_.dump(), 0);
  ExpectFailure(ExitCode::kUsage, "usage: --io-fds is required");
}

TEST_F(ContainerGoferTest, AnnotationsOverrideFlagsWhereAllowed) {
  spec_["annotations"] = {{"dev.gvisor.flag.host-uds", "sideways"}};
  Start(1, {"--allow-flag-override=true"});
  ExpectFailure(ExitCode::kReadSpec, "annotations: ");
}

TEST_F(ContainerGoferTest, AnnotationsAreIgnoredWhereNotAllowed) {
  spec_["annotations"] = {{"dev.gvisor.flag.host-uds", "sideways"}};
  Start(1);
  EXPECT_EQ(ReadFile(Mount(0), "hello"), "from the root");
}

TEST_F(ContainerGoferTest, PrintsItsPlanAndDoesNothing) {
  spec_["mounts"].push_back(Bind("volume", "/data", {"bind", "ro"}));
  StartWithSpec(spec_.dump(), 0, {}, {"--print-sandbox-plan"});
  EXPECT_EQ(gofer_->Wait(), 0) << gofer_->Stderr();
  const json plan = json::parse(gofer_->Stdout());
  EXPECT_THAT(plan.dump(), HasSubstr("CAP_FOWNER"));
  EXPECT_THAT(plan.dump(), HasSubstr("/data"));
  EXPECT_FALSE(bundle_.Has("rootfs/data"));
}

}  // namespace
}  // namespace gofer
