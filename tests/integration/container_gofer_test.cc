// `gofer` started as runsc starts it: a confined process per container.

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "clients/lisafs/client.h"
#include "server/base/unique_fd.h"
#include "server/uds/unix_socket.h"
#include "server/worker/exit_code.h"
#include "tests/integration/gofer_child.h"

namespace gofer {
namespace {

using client::Client;
using nlohmann::json;
using testing::HasSubstr;
using testing::StartsWith;
using worker::ExitCode;

std::string ReadFd(int fd) {
  std::string text;
  char buffer[4096];
  for (ssize_t n; (n = ::read(fd, buffer, sizeof(buffer))) > 0;) {
    text.append(buffer, static_cast<size_t>(n));
  }
  return text;
}

std::string ReadAbsolute(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string MountsOfThisProcess() {
  return ReadAbsolute("/proc/self/mountinfo");
}

base::UniqueFd MemoryFile(const std::string& text) {
  base::UniqueFd file(::memfd_create("spec", MFD_CLOEXEC));
  EXPECT_EQ(::write(file.get(), text.data(), text.size()),
            static_cast<ssize_t>(text.size()));
  return file;
}

json Bind(const std::string& source, const std::string& destination,
          const std::vector<std::string>& options = {"rbind"}) {
  return {{"destination", destination},
          {"type", "bind"},
          {"source", source},
          {"options", options}};
}

// The files of a container: its root, and a directory to mount in it.
class ContainerGoferTest : public testing::Test {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root, to make mounts";
    bundle_.Write("rootfs/hello", "from the root");
    bundle_.Write("volume/hello", "from the volume");
    bundle_.Write("secret", "of the host");
    spec_ = {{"process", {{"args", {"sh"}}, {"cwd", "/"}}},
             {"root", {{"path", "rootfs"}}},
             {"mounts", json::array()}};
    // Other tests mount things meanwhile, and so do we.
    ASSERT_EQ(::unshare(CLONE_NEWNS), 0);
    ASSERT_EQ(::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr), 0);
    mounts_before_ = MountsOfThisProcess();
  }
  void TearDown() override {
    if (mounts_before_.empty()) return;
    gofer_.reset();
    EXPECT_EQ(MountsOfThisProcess(), mounts_before_);
  }

  // Starts it with `sockets` connections and `flags` of runsc.
  void Start(size_t sockets, std::vector<std::string> flags = {}) {
    StartWithSpec(spec_.dump(), sockets, std::move(flags));
  }

  void StartWithSpec(const std::string& spec, size_t sockets,
                     std::vector<std::string> flags = {},
                     const std::vector<std::string>& command_flags = {},
                     const std::vector<std::string>& wrapper = {}) {
    const base::UniqueFd spec_file = MemoryFile(spec);
    int ends[2];
    ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
    mounts_reply_ = base::UniqueFd(ends[0]);
    const base::UniqueFd reply_end(ends[1]);
    log_ = base::UniqueFd(::memfd_create("log", MFD_CLOEXEC));
    std::vector<int> inherited = {spec_file.get(), reply_end.get(), log_.get()};
    flags.insert(flags.end(),
                 {"--log-fd=5", "--platform=ptrace", "gofer", "--bundle",
                  bundle_.path(), "--spec-fd=3", "--mounts-fd=4"});
    std::vector<base::UniqueFd> theirs;
    for (size_t i = 0; i < sockets; ++i) {
      auto pair = *uds::MakeSocketPair(uds::SocketType::kStream);
      flags.push_back(absl::StrCat("--io-fds=", 6 + i));
      sockets_.push_back(std::move(pair.first));
      inherited.push_back(pair.second.get());
      theirs.push_back(std::move(pair.second));
    }
    if (leaked_.valid()) inherited.push_back(leaked_.get());
    flags.insert(flags.end(), command_flags.begin(), command_flags.end());
    gofer_ = std::make_unique<test::GoferChild>(flags, inherited, wrapper);
  }

  Client Mount(size_t n) {
    auto mounted = Client::Mount(std::move(sockets_.at(n)));
    EXPECT_TRUE(mounted.ok()) << gofer_->Stderr();
    return *std::move(mounted);
  }

  static std::string ReadFile(const Client& client, const std::string& path) {
    const auto file = client.root().WalkPath(path);
    if (!file.ok()) return absl::StrCat("errno ", file.error().number());
    auto open = file->Open(O_RDONLY);
    if (!open.ok()) return absl::StrCat("errno ", open.error().number());
    open->set_data_path(client::DataPath::kServer);
    std::string text(4096, '\0');
    const auto count = open->Read(0, std::as_writable_bytes(std::span(text)));
    if (!count.ok()) return absl::StrCat("errno ", count.error().number());
    text.resize(*count);
    return text;
  }

  // One line that says `words`, on stderr and in runsc's log, and no answer.
  void ExpectFailure(ExitCode code, const std::string& words) {
    EXPECT_EQ(gofer_->Wait(), static_cast<int>(code)) << gofer_->Stderr();
    const std::string text = gofer_->Stderr();
    EXPECT_THAT(text, StartsWith("gofer: "));
    EXPECT_THAT(text, HasSubstr(words));
    EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 1) << text;
    EXPECT_EQ(ReadFd(mounts_reply_.get()), "");
    ::lseek(log_.get(), 0, SEEK_SET);
    EXPECT_THAT(ReadFd(log_.get()), HasSubstr(words));
  }

  test::ScratchDirectory bundle_;
  json spec_;
  std::vector<base::UniqueFd> sockets_;
  base::UniqueFd mounts_reply_;
  base::UniqueFd log_;
  base::UniqueFd leaked_;
  std::unique_ptr<test::GoferChild> gofer_;
  std::string mounts_before_;
};

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
