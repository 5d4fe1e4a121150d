#include "server/sandbox/confine.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/capability.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <functional>
#include <string>
#include <utility>
#include <variant>

#include "gtest/gtest.h"
#include "server/sandbox/landlock.h"
#include "tests/unit/server/hostfs/temp_directory.h"
#include "tests/unit/server/sandbox/child.h"

namespace gofer::sandbox {
namespace {

// A plan that does nothing.
Plan NoPlan() { return {.no_new_privileges = false, .landlock = false}; }

void ExpectFine(const ChildEnd& end) {
  EXPECT_EQ(end.report, "");
  EXPECT_EQ(end.signal, 0);
}

bool Has(int capability, cap_flag_t set) {
  const cap_t now = ::cap_get_proc();
  cap_flag_value_t value = CAP_CLEAR;
  ::cap_get_flag(now, capability, set, &value);
  ::cap_free(now);
  return value == CAP_SET;
}

TEST(ConfineTest, DoesNothingWhenNothingIsPlanned) {
  ExpectFine(RunInChild([](const ChildReport& report) {
    CHILD_EXPECT(report, !Confine(NoPlan()));
    CHILD_EXPECT(report, ::prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 0);
    CHILD_EXPECT(report, ::access("/", F_OK) == 0);
  }));
}

TEST(ConfineTest, SetsTheFdLimit) {
  Plan plan = NoPlan();
  plan.max_fds = 77;
  ExpectFine(RunInChild([&](const ChildReport& report) {
    CHILD_EXPECT(report, !Confine(plan));
    rlimit limit;
    CHILD_EXPECT(report, ::getrlimit(RLIMIT_NOFILE, &limit) == 0);
    CHILD_EXPECT(report, limit.rlim_cur == 77 && limit.rlim_max == 77);
  }));
}

TEST(ConfineTest, FailsOnAnFdLimitThatIsNotAllowed) {
  Plan plan = NoPlan();
  plan.max_fds = uint64_t{1} << 40;
  ExpectFine(RunInChild([&](const ChildReport& report) {
    const auto error = Confine(plan);
    CHILD_REQUIRE(report, error.has_value());
    CHILD_EXPECT(
        report,
        error->Text() == "fd-limit: 1099511627776: Operation not permitted");
  }));
}

TEST(ConfineTest, SetsNoNewPrivileges) {
  Plan plan = NoPlan();
  plan.no_new_privileges = true;
  ExpectFine(RunInChild([&](const ChildReport& report) {
    CHILD_EXPECT(report, !Confine(plan));
    CHILD_EXPECT(report, ::prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1);
  }));
}

TEST(ConfineTest, KeepsTheCapabilitiesOfThePlan) {
  if (!Has(CAP_SETPCAP, CAP_EFFECTIVE)) GTEST_SKIP() << "needs capabilities";
  Plan plan = NoPlan();
  plan.capabilities = CapabilityPlan{{CAP_CHOWN, CAP_FOWNER}};
  ExpectFine(RunInChild([&](const ChildReport& report) {
    CHILD_EXPECT(report, !Confine(plan));
    for (int cap = 0; cap < ::cap_max_bits(); ++cap) {
      const bool kept = cap == CAP_CHOWN || cap == CAP_FOWNER;
      CHILD_EXPECT(report, Has(cap, CAP_EFFECTIVE) == kept);
      CHILD_EXPECT(report, Has(cap, CAP_PERMITTED) == kept);
      CHILD_EXPECT(report, !Has(cap, CAP_INHERITABLE));
      CHILD_EXPECT(report, ::cap_get_bound(cap) == (kept ? 1 : 0));
      CHILD_EXPECT(report, ::cap_get_ambient(cap) == CAP_CLEAR);
    }
  }));
}

TEST(ConfineTest, LeavesOutACapabilityThatIsNotPermitted) {
  Plan first = NoPlan(), second = NoPlan();
  first.capabilities = CapabilityPlan{{CAP_CHOWN}};
  second.capabilities = CapabilityPlan{{CAP_CHOWN, CAP_SYS_ADMIN}};
  if (!Has(CAP_CHOWN, CAP_PERMITTED)) GTEST_SKIP() << "needs capabilities";
  ExpectFine(RunInChild([&](const ChildReport& report) {
    CHILD_EXPECT(report, !Confine(first));
    CHILD_EXPECT(report, !Confine(second));
    CHILD_EXPECT(report, Has(CAP_CHOWN, CAP_EFFECTIVE));
    CHILD_EXPECT(report, !Has(CAP_SYS_ADMIN, CAP_PERMITTED));
  }));
}

// Without CAP_SETPCAP the bounding set cannot be made smaller.
TEST(ConfineTest, ConfinesAnOrdinaryUser) {
  Plan plan;
  plan.capabilities = CapabilityPlan{{CAP_CHOWN}};
  plan.syscalls = SyscallPlan();
  ExpectFine(RunInChild([&](const ChildReport& report) {
    if (::geteuid() == 0) {
      CHILD_REQUIRE(report, ::setresuid(65534, 65534, 65534) == 0);
    }
    const auto error = Confine(plan);
    if (error) report.Say(error->Text());
  }));
}

class ConfinedTreeTest : public testing::Test {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root to mount";
    host_.MakeDirectory("root");
    host_.MakeDirectory("root/d");
    host_.MakeFile("root/f", "root");
    host_.MakeDirectory("data");
    host_.MakeDirectory("data/sub");
    host_.MakeFile("data/f", "data");
    host_.MakeFile("secret", "secret");
    host_.MakeFile("other", "other");
    plan_.tree = TreePlan{
        .root = host_.Path("root"),
        .binds = {{.source = host_.Path("data"), .destination = "/data"},
                  {.source = host_.Path("secret"), .destination = "/file"}}};
    plan_.capabilities =
        CapabilityPlan{{CAP_CHOWN, CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH,
                        CAP_FOWNER, CAP_FSETID}};
    plan_.syscalls = SyscallPlan();
  }

  void Run(const std::function<void(const ChildReport&, const MountedTree&)>&
               body) const {
    ExpectFine(RunInChild([&](const ChildReport& report) {
      auto mounted = MountTree(*plan_.tree);
      if (const auto* error = std::get_if<StepError>(&mounted)) {
        report.Say(error->Text());
        return;
      }
      const MountedTree tree = std::move(std::get<MountedTree>(mounted));
      if (const auto error = Confine(plan_, &tree)) {
        report.Say(error->Text());
        return;
      }
      body(report, tree);
    }));
  }

  const hostfs::TempDirectory host_;
  Plan plan_;
};

base::UniqueFd OpenAt(int directory, const std::string& path, int flags) {
  return base::UniqueFd(
      ::openat(directory, path.c_str(), flags | O_CLOEXEC, 0600));
}

// Everything at once, as it is served.
TEST_F(ConfinedTreeTest, FilesOfTheTreeCanBeUsed) {
  Run([](const ChildReport& report, const MountedTree& tree) {
    const int root = tree.root.get();
    for (const char* directory : {"", "data/"}) {
      const std::string prefix = directory;
      const base::UniqueFd control = OpenAt(root, prefix + "f", O_PATH);
      const std::string number = std::to_string(control.get());
      const int proc = tree.proc_self_fd.get();
      CHILD_EXPECT(report, OpenAt(proc, number, O_RDWR).valid());
      // One without a name too.
      CHILD_EXPECT(report, ::unlinkat(root, (prefix + "f").c_str(), 0) == 0);
      CHILD_EXPECT(report, OpenAt(proc, number, O_RDWR).valid());
      CHILD_EXPECT(report, ::fchmodat(proc, number.c_str(), 0640, 0) == 0);
      CHILD_EXPECT(report,
                   OpenAt(root, prefix + "n", O_CREAT | O_RDWR).valid());
      const base::UniqueFd list =
          OpenAt(root, prefix + ".", O_RDONLY | O_DIRECTORY);
      CHILD_EXPECT(report, list.valid());
      CHILD_EXPECT(report, ::mknodat(list.get(), "w", S_IFCHR | 0600, 0) == 0);
      CHILD_EXPECT(report, ::symlinkat("x", list.get(), "s") == 0);
    }
    // Between directories.
    CHILD_EXPECT(report, ::renameat(root, "n", root, "d/n") == 0);
    CHILD_EXPECT(report, ::renameat(root, "data/n", root, "data/sub/n") == 0);
    CHILD_EXPECT(report, ::linkat(root, "d/n", root, "l", 0) == 0);
    CHILD_EXPECT(report, ::renameat(root, "d/n", root, "data/n") == -1);
    CHILD_EXPECT(report, OpenAt(root, "file", O_RDWR).valid());
    // Other users' files, by capability.
    CHILD_EXPECT(report, ::fchownat(root, "l", 1, 1, 0) == 0);
    CHILD_EXPECT(report, OpenAt(root, "l", O_RDWR).valid());
  });
}

TEST_F(ConfinedTreeTest, DescriptorsOfTheHostLeadNowhere) {
  if (LandlockAbi() < kFirstLandlockAbi) GTEST_SKIP() << "no Landlock";
  const base::UniqueFd leaked = host_.Open("", O_PATH);
  const base::UniqueFd file = host_.Open("other", O_PATH);
  Run([&](const ChildReport& report, const MountedTree& tree) {
    const std::string number = std::to_string(file.get());
    CHILD_EXPECT(report, !OpenAt(tree.proc_self_fd.get(), number, O_RDWR));
    CHILD_EXPECT(report, !OpenAt(leaked.get(), "data/../other", O_RDONLY));
    CHILD_EXPECT(report, !OpenAt(leaked.get(), ".", O_RDONLY).valid());
    CHILD_EXPECT(report,
                 !OpenAt(leaked.get(), "new", O_CREAT | O_RDWR).valid());
    CHILD_EXPECT(report, ::mkdirat(leaked.get(), "dir", 0700) == -1);
  });
  EXPECT_FALSE(host_.Has("new"));
}

TEST_F(ConfinedTreeTest, DetachedCopiesCanBeUsed) {
  plan_.capabilities->keep.push_back(CAP_SYS_ADMIN);
  plan_.syscalls->donate_mounts = true;
  Run([](const ChildReport& report, const MountedTree& tree) {
    for (const char* path : {".", "data"}) {
      const base::UniqueFd directory = OpenAt(tree.root.get(), path, O_PATH);
      const unsigned whole = AT_EMPTY_PATH | AT_RECURSIVE;
      const base::UniqueFd copy(::open_tree(
          directory.get(), "", whole | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC));
      CHILD_REQUIRE(report, copy.valid());
      mount_attr change = {};
      change.attr_set = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV;
      change.propagation = MS_PRIVATE;
      CHILD_EXPECT(report, ::mount_setattr(copy.get(), "", whole, &change,
                                           sizeof(change)) == 0);
      CHILD_EXPECT(report, OpenAt(copy.get(), ".", O_RDONLY).valid());
      CHILD_EXPECT(report, OpenAt(copy.get(), "f", O_RDWR).valid());
      const std::string number = std::to_string(copy.get());
      CHILD_EXPECT(report,
                   OpenAt(tree.proc_self_fd.get(), number, O_RDONLY).valid());
    }
  });
}

TEST_F(ConfinedTreeTest, NothingIsExecutedOrMounted) {
  if (LandlockAbi() < kFirstLandlockAbi) GTEST_SKIP() << "no Landlock";
  plan_.syscalls.reset();
  plan_.capabilities.reset();
  plan_.tree->root = "/";
  plan_.tree->binds.clear();
  Run([](const ChildReport& report, const MountedTree&) {
    char* const none[] = {nullptr};
    CHILD_EXPECT(report, ::execve("/bin/true", none, none) == -1);
    CHILD_EXPECT(report, ::mount("t", "/mnt", "tmpfs", 0, nullptr) == -1);
    CHILD_EXPECT(report, ::umount2("/proc", MNT_DETACH) == -1);
  });
}

TEST_F(ConfinedTreeTest, LandlockWorksWithoutATree) {
  if (LandlockAbi() < kFirstLandlockAbi) GTEST_SKIP() << "no Landlock";
  ExpectFine(RunInChild([&](const ChildReport& report) {
    Plan plan;
    plan.landlock_roots = {host_.Path("root"), host_.Path("secret")};
    CHILD_EXPECT(report, !Confine(plan));
    const auto can_open = [&](const char* name) {
      return host_.Open(name, O_RDONLY).valid();
    };
    CHILD_EXPECT(report, can_open("root/f"));
    CHILD_EXPECT(report, can_open("secret"));
    CHILD_EXPECT(report, !can_open("data/f"));
    CHILD_EXPECT(report, !can_open(""));
  }));
}

TEST_F(ConfinedTreeTest, FailsOnALandlockRootThatIsMissing) {
  if (LandlockAbi() < kFirstLandlockAbi) GTEST_SKIP() << "no Landlock";
  ExpectFine(RunInChild([&](const ChildReport& report) {
    Plan plan;
    plan.landlock_roots = {"/none"};
    const auto error = Confine(plan);
    CHILD_REQUIRE(report, error.has_value());
    CHILD_EXPECT(report,
                 error->Text() == "landlock: /none: No such file or directory");
  }));
}

}  // namespace
}  // namespace gofer::sandbox
