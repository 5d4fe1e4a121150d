// Trees whose owners appear as others, and what they become on disk.

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <functional>
#include <string>
#include <utility>
#include <variant>

#include "gtest/gtest.h"
#include "server/base/syscall.h"
#include "server/base/unique_fd.h"
#include "server/sandbox/detached_mount.h"
#include "server/sandbox/id_map_namespace.h"
#include "server/sandbox/tree_builder.h"
#include "tests/support/id_mapping.h"
#include "tests/unit/server/hostfs/temp_directory.h"
#include "tests/unit/server/sandbox/child.h"

namespace gofer::sandbox {
namespace {

constexpr uid_t kOverflow = 65534;

struct Ids {
  uid_t user;
  gid_t group;
  friend bool operator==(const Ids&, const Ids&) = default;
};

Ids OwnerOf(const std::string& path) {
  struct stat stat;
  if (::lstat(path.c_str(), &stat) != 0) return {static_cast<uid_t>(-1), 0};
  return {stat.st_uid, stat.st_gid};
}

class IdMapTest : public testing::Test {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root to mount";
    for (const char* directory : {"root", "data"}) {
      host_.MakeDirectory(directory);
      Own(directory, 100'000, 200'000);
    }
    host_.MakeFile("root/f", "x");
    Own("root/f", 100'005, 200'006);
    host_.MakeFile("root/foreign", "x");
    Own("root/foreign", 7, 8);
    host_.MakeFile("data/f", "x");
    Own("data/f", 100'007, 200'000);
    plan_.root = host_.Path("root");
    plan_.binds = {{.source = host_.Path("data"), .destination = "/data"}};
    plan_.id_map = IdMapPlan{.users = {{100'000, 0, 1000}},
                             .groups = {{200'000, 0, 1000}}};
    if (test::CannotMapIds(host_.path())) {
      GTEST_SKIP() << "the file system of " << host_.path() << " maps no ids";
    }
  }

  void Own(const std::string& name, uid_t user, gid_t group) const {
    ASSERT_EQ(::chown(host_.Path(name).c_str(), user, group), 0);
  }

  using Body = std::function<void(const ChildReport&, const MountedTree&)>;
  ChildEnd Run(const Body& body) const {
    return RunInChild([&](const ChildReport& report) {
      ::umask(0022);
      const auto mounted = MountTree(plan_, nullptr, delegate_);
      if (const auto* error = std::get_if<StepError>(&mounted)) {
        return report.Say(error->Text());
      }
      body(report, std::get<MountedTree>(mounted));
    });
  }

  const hostfs::TempDirectory host_;
  TreePlan plan_;
  TreeDelegate* delegate_ = nullptr;
};

TEST_F(IdMapTest, OwnersAppearMapped) {
  const auto end = Run([](const ChildReport& report, const MountedTree&) {
    CHILD_EXPECT(report, (OwnerOf("/") == Ids{0, 0}));
    CHILD_EXPECT(report, (OwnerOf("/f") == Ids{5, 6}));
    CHILD_EXPECT(report, (OwnerOf("/data/f") == Ids{7, 0}));
    CHILD_EXPECT(report, (OwnerOf("/foreign") == Ids{kOverflow, kOverflow}));
  });
  EXPECT_EQ(end.report, "");
}

TEST_F(IdMapTest, WhatIsMadeIsMappedBack) {
  const auto end = Run([](const ChildReport& report, const MountedTree&) {
    const base::UniqueFd made(::open("/made", O_CREAT | O_RDWR, 0644));
    CHILD_REQUIRE(report, made.valid());
    CHILD_EXPECT(report, ::fchown(made.get(), 42, 43) == 0);
    CHILD_EXPECT(report, ::mkdir("/data/sub", 0755) == 0);
    // No id of the host that is not in the map.
    CHILD_EXPECT(report, ::fchown(made.get(), 1000, 43) == -1);
    CHILD_EXPECT(report, ::fchown(made.get(), 42, 1000) == -1);
    CHILD_EXPECT(report, (OwnerOf("/made") == Ids{42, 43}));
  });
  EXPECT_EQ(end.report, "");
  EXPECT_EQ(OwnerOf(host_.Path("root/made")), (Ids{100'042, 200'043}));
  EXPECT_EQ(OwnerOf(host_.Path("data/sub")), (Ids{100'000, 200'000}));
  // The mount point.
  EXPECT_EQ(OwnerOf(host_.Path("root/data")), (Ids{100'000, 200'000}));
}

TEST_F(IdMapTest, AnEmptyListLeavesThemAsTheyAre) {
  plan_.id_map->groups.clear();
  const auto end = Run([](const ChildReport& report, const MountedTree&) {
    CHILD_EXPECT(report, (OwnerOf("/f") == Ids{5, 200'006}));
  });
  EXPECT_EQ(end.report, "");
}

// They would be there with the host's own ids.
TEST_F(IdMapTest, LaterMountsOfTheHostDoNotAppear) {
  host_.MakeDirectory("root/later");
  const auto end = RunInChild([&](const ChildReport& report) {
    CHILD_REQUIRE(report, ::unshare(CLONE_NEWNS) == 0);
    CHILD_REQUIRE(report, ::mount(nullptr, "/", nullptr, MS_REC | MS_SHARED,
                                  nullptr) == 0);
    int made[2];
    int done[2];
    CHILD_REQUIRE(report, ::pipe(made) == 0 && ::pipe(done) == 0);
    const pid_t inner = ::fork();
    if (inner == 0) {
      char byte;
      const auto mounted = MountTree(plan_, nullptr, delegate_);
      CHILD_EXPECT(report, std::holds_alternative<MountedTree>(mounted));
      CHILD_EXPECT(report, ::write(made[1], "x", 1) == 1);
      CHILD_EXPECT(report, ::read(done[0], &byte, 1) == 1);
      CHILD_EXPECT(report, ::access("/later/f", F_OK) != 0);
      ::_exit(0);
    }
    char byte;
    CHILD_EXPECT(report, ::read(made[0], &byte, 1) == 1);
    CHILD_EXPECT(report, ::mount(host_.Path("data").c_str(),
                                 host_.Path("root/later").c_str(), nullptr,
                                 MS_BIND, nullptr) == 0);
    CHILD_EXPECT(report,
                 ::access(host_.Path("root/later/f").c_str(), F_OK) == 0);
    CHILD_EXPECT(report, ::write(done[1], "x", 1) == 1);
    ::waitpid(inner, nullptr, 0);
  });
  EXPECT_EQ(end.report, "");
}

TEST_F(IdMapTest, FailsOnAFileSystemThatCannotMapIds) {
  plan_.root = "/sys";
  const auto end = Run([](const ChildReport&, const MountedTree&) {});
  EXPECT_EQ(end.report, "id-map: /sys: Invalid argument");
}

TEST_F(IdMapTest, RejectsImpossibleMaps) {
  for (const IdMapPlan& map : {
           IdMapPlan{.users = {{0, 0, 10}, {5, 20, 10}}},
           IdMapPlan{.users = {{0, 0, 10}, {20, 5, 10}}},
           IdMapPlan{.groups = {{0, 0, 0}}},
           IdMapPlan{.users = {{4'294'967'295, 0, 2}}},
       }) {
    const auto made = MakeIdMapNamespace(map);
    ASSERT_FALSE(made.ok());
    EXPECT_EQ(made.error(), base::Errno(EINVAL));
  }
}

TEST_F(IdMapTest, ProcessesThatHoldNamespacesAreGone) {
  for (int i = 0; i < 20; ++i) {
    EXPECT_TRUE(MakeIdMapNamespace(*plan_.id_map).ok());
  }
  EXPECT_EQ(::waitpid(-1, nullptr, __WALL), -1);
  EXPECT_EQ(errno, ECHILD);
}

TEST_F(IdMapTest, OneBindIsMappedAndTheRestIsNot) {
  plan_.id_map.reset();
  plan_.binds[0].id_map =
      IdMapPlan{.users = {{100'000, 0, 1000}}, .groups = {{200'000, 0, 1000}}};
  const auto end = Run([](const ChildReport& report, const MountedTree&) {
    CHILD_EXPECT(report, (OwnerOf("/f") == Ids{100'005, 200'006}));
    CHILD_EXPECT(report, (OwnerOf("/data/f") == Ids{7, 0}));
    const base::UniqueFd made(
        ::open("/data/new", O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
    CHILD_EXPECT(report, made.valid());
  });
  EXPECT_EQ(end.report, "");
  EXPECT_EQ(OwnerOf(host_.Path("data/new")), (Ids{100'000, 200'000}));
}

TEST_F(IdMapTest, MapOfABindReplacesThatOfTheTree) {
  plan_.binds[0].id_map =
      IdMapPlan{.users = {{100'000, 500, 10}}, .groups = {{200'000, 600, 10}}};
  const auto end = Run([](const ChildReport& report, const MountedTree&) {
    CHILD_EXPECT(report, (OwnerOf("/f") == Ids{5, 6}));
    CHILD_EXPECT(report, (OwnerOf("/data/f") == Ids{507, 600}));
  });
  EXPECT_EQ(end.report, "");
}

// Else they would show the host's own ids.
TEST_F(IdMapTest, MapOfABindHoldsForMountsBelowItWhenTheTreeHasOne) {
  host_.MakeDirectory("data/below");
  plan_.binds[0].id_map =
      IdMapPlan{.users = {{100'000, 500, 10}}, .groups = {{200'000, 600, 10}}};
  const auto end = RunInChild([&](const ChildReport& report) {
    CHILD_REQUIRE(report, ::unshare(CLONE_NEWNS) == 0);
    CHILD_REQUIRE(report,
                  ::mount("", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0);
    CHILD_REQUIRE(report, ::mount(host_.Path("root").c_str(),
                                  host_.Path("data/below").c_str(), nullptr,
                                  MS_BIND, nullptr) == 0);
    const auto mounted = MountTree(plan_, nullptr, nullptr);
    if (const auto* error = std::get_if<StepError>(&mounted)) {
      return report.Say(error->Text());
    }
    CHILD_EXPECT(report, (OwnerOf("/data/below/f") == Ids{505, 606}));
  });
  EXPECT_EQ(end.report, "");
}

// Answers with a file of the host, or with a copy that it has mapped.
class SourceOpener final : public TreeDelegate {
 public:
  SourceOpener(std::string path, const IdMapPlan* map)
      : path_(std::move(path)), map_(map) {}
  base::ErrnoOr<base::UniqueFd> OpenSource(size_t) override {
    if (map_ == nullptr) {
      return base::SyscallFd(
          [&] { return ::open(path_.c_str(), O_PATH | O_CLOEXEC); });
    }
    auto clone = DetachedMount::Clone(path_.c_str(), false);
    if (!clone.ok()) return clone.error();
    const auto users = MakeIdMapNamespace(*map_);
    if (!users.ok()) return users.error();
    const auto mapped = clone->MapIds(users->get(), false);
    if (!mapped.ok()) return mapped.error();
    return std::move(*clone).Release();
  }
  base::ErrnoOr<void> HandleTreeReady() override { return {}; }

 private:
  const std::string path_;
  const IdMapPlan* const map_;
};

TEST_F(IdMapTest, BindIsMappedByTheDelegateOrElseByUs) {
  const IdMapPlan map = *plan_.id_map;
  plan_.id_map.reset();
  plan_.binds[0].id_map = map;
  plan_.binds[0].delegated = true;
  for (const bool by_delegate : {true, false}) {
    SourceOpener opener(host_.Path("data"), by_delegate ? &map : nullptr);
    delegate_ = &opener;
    const auto end = Run([](const ChildReport& report, const MountedTree&) {
      CHILD_EXPECT(report, (OwnerOf("/data/f") == Ids{7, 0}));
    });
    EXPECT_EQ(end.report, "") << by_delegate;
  }
}

}  // namespace
}  // namespace gofer::sandbox
