#include "server/sandbox/tree_builder.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <functional>
#include <set>
#include <sstream>
#include <string>
#include <variant>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "gtest/gtest.h"
#include "tests/unit/server/hostfs/temp_directory.h"
#include "tests/unit/server/sandbox/child.h"

namespace gofer::sandbox {
namespace {

std::string ReadAt(int directory, const char* path) {
  const base::UniqueFd file(::openat(directory, path, O_RDONLY | O_CLOEXEC));
  if (!file) return absl::StrCat("errno ", errno);
  std::string text;
  char block[4096];
  ssize_t got;
  while ((got = ::read(file.get(), block, sizeof(block))) > 0) {
    text.append(block, static_cast<size_t>(got));
  }
  return text;
}

std::string Read(const std::string& path) {
  return ReadAt(AT_FDCWD, path.c_str());
}

bool CanWrite(const std::string& path) {
  const base::UniqueFd file(
      ::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
  return file.valid();
}

// The mount points of a mountinfo file, as the reader sees them.
std::vector<std::string> MountPoints(int mount_info) {
  std::vector<std::string> points;
  char block[65536];
  std::string text;
  ssize_t got;
  while ((got = ::pread(mount_info, block, sizeof(block),
                        static_cast<off_t>(text.size()))) > 0) {
    text.append(block, static_cast<size_t>(got));
  }
  for (const absl::string_view line :
       absl::StrSplit(text, '\n', absl::SkipEmpty())) {
    const std::vector<std::string> words = absl::StrSplit(line, ' ');
    points.push_back(words[4]);
  }
  std::sort(points.begin(), points.end());
  return points;
}

// A root and a directory to bind, on one file system of the host.
class TreeBuilderTest : public testing::Test {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root to mount";
    host_.MakeDirectory("root");
    host_.MakeFile("root/f", "root");
    host_.MakeDirectory("data");
    host_.MakeFile("data/f", "data");
    host_.MakeFile("one", "one");
    host_.MakeFile("secret", "secret");
    plan_.root = host_.Path("root");
  }

  void Bind(const std::string& source, const std::string& destination,
            uint64_t attributes = 0) {
    plan_.binds.push_back({.source = host_.Path(source),
                           .destination = destination,
                           .attributes = attributes});
  }

  // Mounts in a child, before `body` looks at the result.
  using Body = std::function<void(const ChildReport&, MountedTree&)>;
  ChildEnd Run(const Body& body) const {
    return RunInChild(
        [&](const ChildReport& report) { MountAndRun(report, body); });
  }
  void MountAndRun(const ChildReport& report, const Body& body) const {
    auto mounted = MountTree(plan_, nullptr, delegate_);
    if (const auto* error = std::get_if<StepError>(&mounted)) {
      report.Say(error->Text());
      return;
    }
    body(report, std::get<MountedTree>(mounted));
  }
  std::string Error() const {
    return Run([](const ChildReport& report, MountedTree&) {
             report.Say("no error");
           })
        .report;
  }

  const hostfs::TempDirectory host_;
  TreePlan plan_;
  TreeDelegate* delegate_ = nullptr;
};

// Answers with what the test gives it.
class FakeDelegate final : public TreeDelegate {
 public:
  base::ErrnoOr<base::UniqueFd> OpenSource(size_t bind) override {
    return open_source(bind);
  }
  base::ErrnoOr<void> HandleTreeReady() override { return handle_ready(); }

  std::function<base::ErrnoOr<base::UniqueFd>(size_t)> open_source;
  std::function<base::ErrnoOr<void>()> handle_ready;
};

TEST_F(TreeBuilderTest, TreeIsAllThatIsLeft) {
  Bind("data", "/data");
  plan_.directories = {"/home/user"};
  const std::string before = Read("/proc/self/mountinfo");
  const auto end = Run([&](const ChildReport& report, MountedTree& tree) {
    CHILD_EXPECT(report, Read("/f") == "root");
    CHILD_EXPECT(report, Read("/data/f") == "data");
    CHILD_EXPECT(report, Read("f") == "root");
    CHILD_EXPECT(report, ReadAt(tree.root.get(), "data/f") == "data");
    CHILD_EXPECT(report, tree.destinations.size() == 1);
    CHILD_EXPECT(report, tree.destinations[0] == "/data");
    struct stat stat;
    CHILD_EXPECT(report, ::stat("/home/user", &stat) == 0);
    CHILD_EXPECT(report, (stat.st_mode & 07777) == 0755);
    // Nothing leads out.
    for (const char* path :
         {"/..", "..", "../../..", "/data/../..", "/proc/self", "/tmp"}) {
      const std::string secret = absl::StrCat(path, host_.path(), "/secret");
      CHILD_EXPECT(report, ::access(secret.c_str(), F_OK) != 0);
    }
    CHILD_EXPECT(report, ::access("/proc/self", F_OK) != 0);
    CHILD_EXPECT(report, Read("/../f") == "root");
    CHILD_EXPECT(report, ReadAt(tree.root.get(), "../f") == "root");
    const auto points = MountPoints(tree.mount_info.get());
    CHILD_EXPECT(report, (points == std::vector<std::string>{"/", "/data"}));
  });
  EXPECT_EQ(end.report, "");
  EXPECT_EQ(Read("/proc/self/mountinfo"), before);
  EXPECT_TRUE(host_.Has("root/data"));
}

TEST_F(TreeBuilderTest, OldWorkingDirectoryIsGone) {
  const auto end = Run([&](const ChildReport& report, MountedTree& tree) {
    char path[PATH_MAX];
    CHILD_REQUIRE(report, ::getcwd(path, sizeof(path)) != nullptr);
    CHILD_EXPECT(report, std::string(path) == "/");
    // No descriptor that MountTree made leads to the host.
    for (int fd = 3; fd < 64; ++fd) {
      struct statfs fs;
      if (::fstatfs(fd, &fs) != 0) continue;
      const base::UniqueFd up(::openat(fd, "..", O_PATH | O_CLOEXEC));
      if (!up) continue;
      const std::string secret = host_.path().substr(1) + "/secret";
      CHILD_EXPECT(report, ::faccessat(up.get(), secret.c_str(), F_OK, 0) != 0);
    }
    (void)tree;
  });
  EXPECT_EQ(end.report, "");
}

TEST_F(TreeBuilderTest, ProcSelfFdReopensAndLeadsNowhere) {
  const auto end = Run([&](const ChildReport& report, MountedTree& tree) {
    const base::UniqueFd file(::open("/f", O_PATH | O_CLOEXEC));
    CHILD_REQUIRE(report, file.valid());
    const std::string name = std::to_string(file.get());
    const int proc = tree.proc_self_fd.get();
    CHILD_EXPECT(report, ReadAt(proc, name.c_str()) == "root");
    CHILD_EXPECT(report, ::unlink("/f") == 0);
    CHILD_EXPECT(report, ReadAt(proc, name.c_str()) == "root");
    CHILD_EXPECT(report, ::fchmodat(proc, name.c_str(), 0600, 0) == 0);
    for (const char* path : {"../mem", "../root", "../../self", "../maps"}) {
      CHILD_EXPECT(report, ::faccessat(proc, path, F_OK, 0) != 0);
    }
    CHILD_EXPECT(report, ::fchdir(proc) == 0);
    CHILD_EXPECT(report, Read(name) == "root");
    CHILD_EXPECT(report, ::access("../mem", F_OK) != 0);
  });
  EXPECT_EQ(end.report, "");
}

TEST_F(TreeBuilderTest, MountsABindWithinABind) {
  host_.MakeDirectory("data/sub");
  Bind("data", "/a");
  Bind("one", "/a/sub/file");
  Bind("data", "/a/sub/new");
  const auto end = Run([&](const ChildReport& report, MountedTree& tree) {
    CHILD_EXPECT(report, Read("/a/f") == "data");
    CHILD_EXPECT(report, Read("/a/sub/file") == "one");
    CHILD_EXPECT(report, Read("/a/sub/new/f") == "data");
    CHILD_EXPECT(report, tree.destinations[2] == "/a/sub/new");
  });
  EXPECT_EQ(end.report, "");
  // The mount points were made in what is mounted there, not beneath it.
  EXPECT_TRUE(host_.Has("data/sub/file"));
  EXPECT_FALSE(host_.Has("root/a/sub"));
}

TEST_F(TreeBuilderTest, LaterBindCoversAnEarlierOne) {
  host_.MakeDirectory("other");
  host_.MakeFile("other/f", "other");
  Bind("data", "/a");
  Bind("other", "/b/../a");
  const auto end = Run([](const ChildReport& report, MountedTree& tree) {
    CHILD_EXPECT(report, Read("/a/f") == "other");
    CHILD_EXPECT(report, tree.destinations[1] == "/a");
  });
  EXPECT_EQ(end.report, "");
}

TEST_F(TreeBuilderTest, MountsABindThatCoversTheRoot) {
  Bind("data", "/");
  Bind("one", "/one");
  const auto end = Run([](const ChildReport& report, MountedTree& tree) {
    CHILD_EXPECT(report, Read("/f") == "data");
    CHILD_EXPECT(report, Read("/one") == "one");
    CHILD_EXPECT(report, Read("/../f") == "data");
    CHILD_EXPECT(report, tree.destinations[0] == "/");
  });
  EXPECT_EQ(end.report, "");
}

TEST_F(TreeBuilderTest, HostileSymlinksOfTheTreeStayInside) {
  host_.MakeSymlink("root/passwd", "/etc/passwd");
  host_.MakeSymlink("root/up", "../../../../..");
  host_.MakeSymlink("root/named", host_.path());
  Bind("one", "/passwd");
  Bind("data", "/up/up/x");
  Bind("data", "/named/y");
  const std::string passwd = Read("/etc/passwd");
  const auto end = Run([&](const ChildReport& report, MountedTree& tree) {
    CHILD_EXPECT(report, tree.destinations[0] == "/etc/passwd");
    CHILD_EXPECT(report, tree.destinations[1] == "/x");
    CHILD_EXPECT(report, tree.destinations[2] == host_.path() + "/y");
    CHILD_EXPECT(report, Read("/etc/passwd") == "one");
  });
  EXPECT_EQ(end.report, "");
  EXPECT_EQ(Read("/etc/passwd"), passwd);
  EXPECT_FALSE(host_.Has("y"));
}

TEST_F(TreeBuilderTest, ReadonlyRootKeepsWritableBinds) {
  plan_.readonly = true;
  plan_.directories = {"/made"};
  Bind("data", "/rw");
  Bind("data", "/ro", MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOATIME);
  const auto end = Run([](const ChildReport& report, MountedTree&) {
    CHILD_EXPECT(report, !CanWrite("/new") && errno == EROFS);
    CHILD_EXPECT(report, ::access("/made", F_OK) == 0);
    CHILD_EXPECT(report, CanWrite("/rw/new"));
    CHILD_EXPECT(report, !CanWrite("/ro/f") && errno == EROFS);
    struct statvfs stat;
    CHILD_EXPECT(report, ::statvfs("/ro", &stat) == 0);
    CHILD_EXPECT(report, (stat.f_flag & ST_NOATIME) != 0);
    CHILD_EXPECT(report, ::statvfs("/rw", &stat) == 0);
    CHILD_EXPECT(report, (stat.f_flag & ST_RDONLY) == 0);
  });
  EXPECT_EQ(end.report, "");
  EXPECT_TRUE(CanWrite(host_.Path("root/new")));
}

// What a test mounts on the host, it mounts in a namespace of its own.
bool EnterNamespace() {
  return ::unshare(CLONE_NEWNS) == 0 &&
         ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0;
}

TEST_F(TreeBuilderTest, ReadonlyBindHoldsNoWritableMount) {
  host_.MakeDirectory("data/sub");
  Bind("data", "/ro", MOUNT_ATTR_RDONLY);
  plan_.binds.push_back({.source = host_.Path("data"),
                         .destination = "/flat",
                         .recursive = false});
  const auto end = RunInChild([&](const ChildReport& report) {
    CHILD_REQUIRE(report, EnterNamespace());
    const std::string sub = host_.Path("data/sub");
    CHILD_REQUIRE(report, ::mount("t", sub.c_str(), "tmpfs", 0, nullptr) == 0);
    CHILD_REQUIRE(report, CanWrite(sub + "/f"));
    MountAndRun(report, [](const ChildReport& inner, MountedTree&) {
      CHILD_EXPECT(inner, Read("/ro/sub/f").empty());
      CHILD_EXPECT(inner, !CanWrite("/ro/sub/new") && errno == EROFS);
      CHILD_EXPECT(inner, ::access("/flat/sub/f", F_OK) != 0);
    });
  });
  EXPECT_EQ(end.report, "");
}

// A launcher's namespace is used as it is.
TEST_F(TreeBuilderTest, WorksInTheNamespaceOfTheLauncher) {
  plan_.new_namespace = false;
  const auto end = RunInChild([&](const ChildReport& report) {
    CHILD_REQUIRE(report, EnterNamespace());
    struct stat before, after;
    CHILD_REQUIRE(report, ::stat("/proc/self/ns/mnt", &before) == 0);
    const base::UniqueFd self(::open("/proc/self", O_PATH | O_CLOEXEC));
    MountAndRun(report, [&](const ChildReport& inner, MountedTree&) {
      CHILD_EXPECT(inner, ::fstatat(self.get(), "ns/mnt", &after, 0) == 0);
      CHILD_EXPECT(inner, before.st_ino == after.st_ino);
    });
  });
  EXPECT_EQ(end.report, "");
}

TEST_F(TreeBuilderTest, MountsOfTheHostPropagateAsPlanned) {
  host_.MakeDirectory("data/late");
  Bind("data", "/slave");
  Bind("data", "/private");
  plan_.binds[1].propagation = Propagation{PropagationKind::kPrivate, true};
  const auto end = RunInChild([&](const ChildReport& report) {
    CHILD_REQUIRE(report, EnterNamespace());
    // A shared mount of the "host", which stays in this process.
    const std::string data = host_.Path("data");
    CHILD_REQUIRE(report, ::mount(data.c_str(), data.c_str(), nullptr, MS_BIND,
                                  nullptr) == 0);
    CHILD_REQUIRE(report, ::mount(nullptr, data.c_str(), nullptr, MS_SHARED,
                                  nullptr) == 0);
    int go[2], ready[2];
    CHILD_REQUIRE(report, ::pipe(go) == 0 && ::pipe(ready) == 0);
    const pid_t inner_child = ::fork();
    if (inner_child == 0) {
      MountAndRun(report, [&](const ChildReport& inner, MountedTree&) {
        char byte = 0;
        CHILD_EXPECT(inner, ::write(ready[1], &byte, 1) == 1);
        CHILD_EXPECT(inner, ::read(go[0], &byte, 1) == 1);
        CHILD_EXPECT(inner, ::access("/slave/late/f", F_OK) == 0);
        CHILD_EXPECT(inner, ::access("/private/late/f", F_OK) != 0);
        // And nothing goes the other way.
        CHILD_EXPECT(inner, ::mount("t", "/slave", "tmpfs", 0, nullptr) == 0);
        CHILD_EXPECT(inner, ::write(ready[1], &byte, 1) == 1);
        CHILD_EXPECT(inner, ::read(go[0], &byte, 1) == 1);
      });
      ::_exit(0);
    }
    ::close(ready[1]);
    char byte = 0;
    const std::string late = data + "/late";
    CHILD_EXPECT(report, ::read(ready[0], &byte, 1) == 1);
    CHILD_EXPECT(report, ::mount("t", late.c_str(), "tmpfs", 0, nullptr) == 0);
    CHILD_EXPECT(report, CanWrite(late + "/f"));
    CHILD_EXPECT(report, ::write(go[1], &byte, 1) == 1);
    CHILD_EXPECT(report, ::read(ready[0], &byte, 1) == 1);
    CHILD_EXPECT(report, Read(data + "/f") == "data");
    CHILD_EXPECT(report, ::write(go[1], &byte, 1) == 1);
    ::waitpid(inner_child, nullptr, 0);
  });
  EXPECT_EQ(end.report, "");
}

TEST_F(TreeBuilderTest, ServesTheRootOfTheHost) {
  plan_.root = "/";
  Bind("data", host_.Path("root") + "/bound");
  const auto end = Run([&](const ChildReport& report, MountedTree& tree) {
    CHILD_EXPECT(report, Read(host_.Path("secret")) == "secret");
    CHILD_EXPECT(report, Read(host_.Path("root/bound/f")) == "data");
    CHILD_EXPECT(report, tree.destinations[0] == host_.Path("root/bound"));
    CHILD_EXPECT(report, tree.mount_info.valid());
  });
  EXPECT_EQ(end.report, "");
}

// Through it a client would reach our memory.
TEST_F(TreeBuilderTest, ProcfsOfTheTreeIsHidden) {
  plan_.root = "/";
  const auto end = Run([&](const ChildReport& report, MountedTree& tree) {
    struct stat stat;
    CHILD_EXPECT(report, ::stat("/proc", &stat) == 0 && S_ISDIR(stat.st_mode));
    CHILD_EXPECT(report, ::access("/proc/self", F_OK) == -1);
    CHILD_EXPECT(report, ::access("/proc/1", F_OK) == -1);
    const base::UniqueFd file(
        ::open(host_.Path("secret").c_str(), O_PATH | O_CLOEXEC));
    CHILD_EXPECT(report,
                 ReadAt(tree.proc_self_fd.get(),
                        std::to_string(file.get()).c_str()) == "secret");
  });
  EXPECT_EQ(end.report, "");
}

TEST_F(TreeBuilderTest, ProcfsBelowABindIsHidden) {
  plan_.new_namespace = false;
  Bind("data", "/data");
  plan_.binds.back().recursive = true;
  const auto end = RunInChild([&](const ChildReport& report) {
    CHILD_REQUIRE(report, EnterNamespace());
    const std::string proc = host_.Path("data/p");
    CHILD_REQUIRE(report, ::mkdir(proc.c_str(), 0755) == 0);
    CHILD_REQUIRE(report, ::mount("p", proc.c_str(), "proc", 0, nullptr) == 0);
    MountAndRun(report, [](const ChildReport& inner, MountedTree&) {
      CHILD_EXPECT(inner, ::access("/data/p", F_OK) == 0);
      CHILD_EXPECT(inner, ::access("/data/p/self", F_OK) == -1);
    });
  });
  EXPECT_EQ(end.report, "");
}

TEST_F(TreeBuilderTest, BindOfProcfsIsRefused) {
  plan_.binds.push_back({.source = "/proc", .destination = "/p"});
  EXPECT_EQ(Error(), "hide-proc: /proc on /p: Operation not permitted");
}

// The tree hides /proc only after all sources have been found.
TEST_F(TreeBuilderTest, FindsASourceThroughProc) {
  plan_.new_namespace = false;
  const auto end = RunInChild([&](const ChildReport& report) {
    CHILD_REQUIRE(report, EnterNamespace());
    const base::UniqueFd data = host_.Open("data", O_PATH);
    plan_.binds.push_back({.source = absl::StrCat("/proc/self/fd/", data.get()),
                           .destination = "/data"});
    MountAndRun(report, [](const ChildReport& inner, MountedTree&) {
      CHILD_EXPECT(inner, Read("/data/f") == "data");
    });
  });
  EXPECT_EQ(end.report, "");
}

TEST_F(TreeBuilderTest, FollowsASymlinkOfTheHostToASource) {
  host_.MakeSymlink("link", "data");
  Bind("link", "/data");
  const auto end = Run([](const ChildReport& report, MountedTree&) {
    CHILD_EXPECT(report, Read("/data/f") == "data");
  });
  EXPECT_EQ(end.report, "");
}

// As a launcher starts it: /proc is still that of the parent's processes.
TEST_F(TreeBuilderTest, WorksInANewPidNamespace) {
  const auto end = RunInChild([&](const ChildReport& report) {
    CHILD_REQUIRE(report, ::unshare(CLONE_NEWPID) == 0);
    const pid_t first = ::fork();
    if (first == 0) {
      MountAndRun(report, [](const ChildReport& inner, MountedTree& tree) {
        CHILD_EXPECT(inner, ::getpid() == 1);
        const base::UniqueFd file(::open("/f", O_PATH | O_CLOEXEC));
        CHILD_EXPECT(inner,
                     ReadAt(tree.proc_self_fd.get(),
                            std::to_string(file.get()).c_str()) == "root");
        CHILD_EXPECT(inner, MountPoints(tree.mount_info.get()).size() == 1);
      });
      ::_exit(0);
    }
    ::waitpid(first, nullptr, 0);
  });
  EXPECT_EQ(end.report, "");
}

bool WriteText(const char* path, const std::string& text) {
  const base::UniqueFd file(::open(path, O_WRONLY | O_CLOEXEC));
  return file.valid() && ::write(file.get(), text.data(), text.size()) ==
                             static_cast<ssize_t>(text.size());
}

// Where mounts are locked: the descriptors may not be a mount of their own.
TEST_F(TreeBuilderTest, WorksInAUserNamespace) {
  ::chmod(host_.path().c_str(), 0755);
  Bind("data", "/data", MOUNT_ATTR_RDONLY);
  const auto end = RunInChild([&](const ChildReport& report) {
    if (::unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) return;
    CHILD_REQUIRE(report, WriteText("/proc/self/setgroups", "deny"));
    CHILD_REQUIRE(report, WriteText("/proc/self/uid_map", "0 0 1"));
    CHILD_REQUIRE(report, WriteText("/proc/self/gid_map", "0 0 1"));
    MountAndRun(report, [](const ChildReport& inner, MountedTree& tree) {
      CHILD_EXPECT(inner, Read("/data/f") == "data");
      CHILD_EXPECT(inner, !CanWrite("/data/f"));
      const base::UniqueFd file(::open("/f", O_PATH | O_CLOEXEC));
      CHILD_EXPECT(inner, ReadAt(tree.proc_self_fd.get(),
                                 std::to_string(file.get()).c_str()) == "root");
    });
  });
  EXPECT_EQ(end.report, "");
}

base::UniqueFd OpenPath(const std::string& path) {
  return base::UniqueFd(::open(path.c_str(), O_PATH | O_CLOEXEC));
}

// The names may lead elsewhere by the time that the tree is made.
TEST_F(TreeBuilderTest, NamesSwappedAfterTheyWereLookedUpChangeNothing) {
  Bind("data", "/data");
  Bind("one", "/one");
  const auto end = RunInChild([&](const ChildReport& report) {
    const auto root = OpenPath(host_.Path("root"));
    const auto data = OpenPath(host_.Path("data"));
    const auto one = OpenPath(host_.Path("one"));
    for (const char* name : {"root", "data", "one"}) {
      const std::string path = host_.Path(name);
      CHILD_EXPECT(report,
                   ::rename(path.c_str(), (path + "-gone").c_str()) == 0);
      CHILD_EXPECT(report, ::symlink("/etc", path.c_str()) == 0);
    }
    const TreeSources sources = {.root = root.get(),
                                 .binds = {data.get(), one.get()}};
    auto mounted = MountTree(plan_, &sources);
    const auto* error = std::get_if<StepError>(&mounted);
    if (error != nullptr) return report.Say(error->Text());
    CHILD_EXPECT(report, Read("/f") == "root");
    CHILD_EXPECT(report, Read("/data/f") == "data");
    CHILD_EXPECT(report, Read("/one") == "one");
    CHILD_EXPECT(report, ::access("/passwd", F_OK) != 0);
    const auto points =
        MountPoints(std::get<MountedTree>(mounted).mount_info.get());
    CHILD_EXPECT(report,
                 (points == std::vector<std::string>{"/", "/data", "/one"}));
  });
  EXPECT_EQ(end.report, "");
}

// Copies made in the host's namespace are peers of its mounts at first.
TEST_F(TreeBuilderTest, MountsOnGivenSourcesStayOurs) {
  Bind("data", "/data");
  host_.MakeDirectory("root/data");
  const auto end = RunInChild([&](const ChildReport& report) {
    CHILD_REQUIRE(report, ::unshare(CLONE_NEWNS) == 0);
    CHILD_REQUIRE(report, ::mount(nullptr, "/", nullptr, MS_REC | MS_SHARED,
                                  nullptr) == 0);
    const auto inner = RunInChild([&](const ChildReport& inner_report) {
      const auto root = OpenPath(host_.Path("root"));
      const auto data = OpenPath(host_.Path("data"));
      const TreeSources sources = {.root = root.get(), .binds = {data.get()}};
      auto mounted = MountTree(plan_, &sources);
      CHILD_EXPECT(inner_report, std::holds_alternative<MountedTree>(mounted));
      CHILD_EXPECT(inner_report, Read("/data/f") == "data");
      std::ofstream("/made") << "x";
    });
    report.Say(inner.report);
    CHILD_EXPECT(report, Read(host_.Path("root/made")) == "x");
    const std::string points = Read("/proc/self/mountinfo");
    CHILD_EXPECT(report, points.find(host_.Path("root")) == std::string::npos);
  });
  EXPECT_EQ(end.report, "");
}

TEST_F(TreeBuilderTest, GivenSourcesKeepTheirOptions) {
  Bind("data", "/data", MOUNT_ATTR_RDONLY);
  Bind("one", "/file");
  plan_.binds[1].recursive = false;
  plan_.readonly = true;
  const auto end = RunInChild([&](const ChildReport& report) {
    const auto root = OpenPath(host_.Path("root"));
    const auto data = OpenPath(host_.Path("data"));
    const auto one = OpenPath(host_.Path("one"));
    const TreeSources sources = {.root = root.get(),
                                 .binds = {data.get(), one.get()}};
    auto mounted = MountTree(plan_, &sources);
    CHILD_REQUIRE(report, std::holds_alternative<MountedTree>(mounted));
    CHILD_EXPECT(report, !CanWrite("/data/new"));
    CHILD_EXPECT(report, !CanWrite("/new"));
    CHILD_EXPECT(report, CanWrite("/file"));
  });
  EXPECT_EQ(end.report, "");
}

TEST_F(TreeBuilderTest, FailsOnAMissingRoot) {
  plan_.root = host_.Path("none");
  EXPECT_EQ(Error(),
            "bind-root: " + host_.Path("none") + ": No such file or directory");
}

TEST_F(TreeBuilderTest, FailsOnAMissingSource) {
  Bind("none", "/data");
  EXPECT_EQ(Error(), "bind-mount: " + host_.Path("none") +
                         " on /data: No such file or directory");
  EXPECT_FALSE(host_.Has("root/data"));
}

TEST_F(TreeBuilderTest, FailsOnARootThatIsAFile) {
  plan_.root = host_.Path("one");
  EXPECT_EQ(Error(), "bind-root: " + host_.Path("one") + ": Not a directory");
}

TEST_F(TreeBuilderTest, RefusesAFileOnADirectoryAndTheReverse) {
  host_.MakeDirectory("root/d");
  Bind("one", "/d");
  EXPECT_EQ(Error(),
            "bind-mount: " + host_.Path("one") + " on /d: Not a directory");
  plan_.binds.clear();
  Bind("data", "/f");
  EXPECT_EQ(Error(),
            "bind-mount: " + host_.Path("data") + " on /f: Not a directory");
  plan_.binds.clear();
  plan_.directories = {"/f"};
  EXPECT_EQ(Error(), "make-directory: /f: Not a directory");
}

TEST_F(TreeBuilderTest, FailsOnSymlinksOfTheTreeInALoop) {
  host_.MakeSymlink("root/loop", "loop");
  Bind("data", "/loop/x");
  EXPECT_EQ(Error(), "bind-mount: " + host_.Path("data") +
                         " on /loop/x: Too many levels of symbolic links");
}

TEST_F(TreeBuilderTest, FailsWithoutTheRightToMount) {
  const auto end = RunInChild([&](const ChildReport& report) {
    ::chmod(host_.path().c_str(), 0755);
    CHILD_REQUIRE(report, ::setresuid(65534, 65534, 65534) == 0);
    MountAndRun(report, [](const ChildReport&, MountedTree&) {});
  });
  EXPECT_EQ(end.report, "mount-namespace: Operation not permitted");
}

TEST_F(TreeBuilderTest, MakesMountPointsBelowAReadOnlyBind) {
  host_.MakeDirectory("inner");
  host_.MakeFile("inner/f", "inner");
  Bind("data", "/data", MOUNT_ATTR_RDONLY);
  Bind("inner", "/data/new/place");
  Bind("one", "/data/file", MOUNT_ATTR_RDONLY);
  const auto end = Run([&](const ChildReport& report, MountedTree&) {
    CHILD_EXPECT(report, Read("/data/new/place/f") == "inner");
    CHILD_EXPECT(report, Read("/data/file") == "one");
    CHILD_EXPECT(report, !CanWrite("/data/x"));
    CHILD_EXPECT(report, !CanWrite("/data/file"));
    CHILD_EXPECT(report, CanWrite("/data/new/place/x"));
  });
  EXPECT_EQ(end.report, "");
  EXPECT_TRUE(host_.Has("data/new/place"));
}

// As /var/run/docker.sock below a read-only /run.
TEST_F(TreeBuilderTest, MakesMountPointsBelowAReadOnlyBindThroughALink) {
  host_.MakeDirectory("root/var");
  host_.MakeSymlink("root/var/run", "/data");
  Bind("data", "/data", MOUNT_ATTR_RDONLY);
  Bind("one", "/var/run/file");
  plan_.directories = {"/var/run/work"};
  const auto end = Run([&](const ChildReport& report, MountedTree&) {
    CHILD_EXPECT(report, Read("/data/file") == "one");
    CHILD_EXPECT(report, !CanWrite("/data/x"));
    CHILD_EXPECT(report, CanWrite("/data/file"));
  });
  EXPECT_EQ(end.report, "");
  EXPECT_TRUE(host_.Has("data/work"));
}

// The directory for the last bind belongs into the bind that covers its place.
TEST_F(TreeBuilderTest, MakesNoMountPointWhereAnotherBindWillLie) {
  host_.MakeDirectory("middle");
  host_.MakeDirectory("inner");
  Bind("data", "/data", MOUNT_ATTR_RDONLY);
  Bind("middle", "/data/m");
  Bind("inner", "/data/m/n");
  EXPECT_EQ(Run([](const ChildReport&, MountedTree&) {}).report, "");
  EXPECT_TRUE(host_.Has("middle/n"));
  EXPECT_TRUE(host_.Has("data/m"));
  EXPECT_FALSE(host_.Has("data/m/n"));
}

TEST_F(TreeBuilderTest, MakesTheWorkingDirectoryBelowAReadOnlyBind) {
  Bind("data", "/data", MOUNT_ATTR_RDONLY);
  plan_.directories = {"/data/work"};
  EXPECT_EQ(Run([](const ChildReport&, MountedTree&) {}).report, "");
  EXPECT_TRUE(host_.Has("data/work"));
}

TEST_F(TreeBuilderTest, TreeWithoutARootHoldsItsBinds) {
  plan_.root = "";
  Bind("data", "/a/b");
  const auto end = Run([&](const ChildReport& report, MountedTree& tree) {
    CHILD_EXPECT(report, Read("/a/b/f") == "data");
    CHILD_EXPECT(report, ::access("/f", F_OK) != 0);
    CHILD_EXPECT(report, (MountPoints(tree.mount_info.get()) ==
                          std::vector<std::string>{"/", "/a/b"}));
  });
  EXPECT_EQ(end.report, "");
}

TEST_F(TreeBuilderTest, DelegateOpensWhatCannotBeReached) {
  Bind("nowhere", "/data");
  plan_.binds[0].delegated = true;
  FakeDelegate delegate;
  delegate.open_source = [&](size_t) {
    return base::SyscallFd(
        [&] { return ::open(host_.Path("data").c_str(), O_PATH | O_CLOEXEC); });
  };
  delegate_ = &delegate;
  const auto end = Run([&](const ChildReport& report, MountedTree&) {
    CHILD_EXPECT(report, Read("/data/f") == "data");
  });
  EXPECT_EQ(end.report, "");
}

TEST_F(TreeBuilderTest, DelegatesErrorEndsIt) {
  Bind("data", "/data");
  plan_.binds[0].delegated = true;
  FakeDelegate delegate;
  delegate.open_source = [&](size_t) -> base::ErrnoOr<base::UniqueFd> {
    return base::Errno(EREMOTEIO);
  };
  delegate_ = &delegate;
  EXPECT_EQ(Error(), "bind-mount: " + host_.Path("data") +
                         " on /data: Remote I/O error");
}

TEST_F(TreeBuilderTest, WhatIsMountedWhenTheTreeIsReadyIsPartOfIt) {
  Bind("data", "/data");
  plan_.stage = plan_.root;
  plan_.announce_ready = true;
  plan_.readonly = true;
  FakeDelegate delegate;
  std::string seen;
  delegate.handle_ready = [&] {
    seen = Read(host_.Path("root/data/f"));
    host_.MakeDirectory("root/hooked");
    return base::SyscallVoid([&] {
      return ::mount("none", host_.Path("root/hooked").c_str(), "tmpfs", 0,
                     "mode=0750");
    });
  };
  delegate_ = &delegate;
  const auto end = Run([&](const ChildReport& report, MountedTree& tree) {
    CHILD_EXPECT(report, seen == "data");
    CHILD_EXPECT(report, (MountPoints(tree.mount_info.get()) ==
                          std::vector<std::string>{"/", "/data", "/hooked"}));
    CHILD_EXPECT(report, !CanWrite("/x"));
  });
  EXPECT_EQ(end.report, "");
}

TEST_F(TreeBuilderTest, FailsWhenTheTreeIsReadyAndTheDelegateIsNot) {
  plan_.announce_ready = true;
  FakeDelegate delegate;
  delegate.handle_ready = []() -> base::ErrnoOr<void> {
    return base::Errno(ECANCELED);
  };
  delegate_ = &delegate;
  EXPECT_EQ(Error(), "tree-ready: Operation canceled");
}

}  // namespace
}  // namespace gofer::sandbox
