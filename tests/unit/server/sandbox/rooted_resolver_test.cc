#include "server/sandbox/rooted_resolver.h"

#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <string>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "server/base/thread.h"
#include "tests/unit/server/hostfs/temp_directory.h"

namespace gofer::sandbox {
namespace {

constexpr Missing kMakeDirectory = {Missing::Last::kDirectory, 0777};
constexpr Missing kMakeFile = {Missing::Last::kFile, 0777};

// The tree is "tree"; what is beside it is the host's.
class RootedResolverTest : public testing::Test {
 protected:
  RootedResolverTest() {
    directory_.MakeDirectory("tree");
    directory_.MakeDirectory("tree/etc");
    directory_.MakeFile("tree/etc/passwd", "tree");
    directory_.MakeFile("secret", "host");
    root_ = directory_.Open("tree", O_PATH);
  }

  base::ErrnoOr<RootedPath> Resolve(
      const std::string& path, const Missing& missing = kMakeDirectory) const {
    return RootedResolver(root_.get()).Resolve(path, missing);
  }
  // The text of the result, whose descriptor must be that file's.
  std::string Text(const std::string& path,
                   const Missing& missing = kMakeDirectory) const {
    const auto found = Resolve(path, missing);
    if (!found.ok()) return absl::StrCat("error ", found.error().number());
    struct stat stat = {};
    EXPECT_EQ(::fstat(found->fd.get(), &stat), 0);
    EXPECT_EQ(stat.st_ino, directory_.Stat("tree" + found->text).st_ino);
    return found->text;
  }
  void Link(const std::string& name, const std::string& target) const {
    directory_.MakeSymlink("tree/" + name, target);
  }

  const hostfs::TempDirectory directory_;
  base::UniqueFd root_;
};

TEST_F(RootedResolverTest, FindsTheRoot) {
  EXPECT_EQ(Text("/"), "/");
  EXPECT_EQ(Text("//"), "/");
  EXPECT_EQ(Text("."), "/");
  EXPECT_EQ(Text("/./"), "/");
  EXPECT_EQ(Text("/.."), "/");
  EXPECT_EQ(Text("../../.."), "/");
}

TEST_F(RootedResolverTest, PathsAreMadeClean) {
  EXPECT_EQ(Text("/etc"), "/etc");
  EXPECT_EQ(Text("etc"), "/etc");
  EXPECT_EQ(Text("//etc//.///passwd"), "/etc/passwd");
  EXPECT_EQ(Text("/etc/../etc/./passwd"), "/etc/passwd");
  EXPECT_EQ(Text("/../../etc"), "/etc");
}

TEST_F(RootedResolverTest, RejectsAnEmptyPathAndAZeroByte) {
  EXPECT_EQ(Resolve("").error(), base::Errno(ENOENT));
  EXPECT_EQ(Resolve(std::string("/a\0b", 4)).error(), base::Errno(EINVAL));
  EXPECT_FALSE(directory_.Has("tree/a"));
}

TEST_F(RootedResolverTest, MakesWhatIsMissing) {
  const mode_t before = ::umask(027);
  EXPECT_EQ(Text("/a/b/c"), "/a/b/c");
  EXPECT_EQ(Text("/f/g", kMakeFile), "/f/g");
  EXPECT_EQ(Text("/m", {Missing::Last::kDirectory, 0755}), "/m");
  ::umask(before);
  EXPECT_EQ(directory_.Stat("tree/a/b").st_mode, S_IFDIR | 0750u);
  EXPECT_EQ(directory_.Stat("tree/a/b/c").st_mode, S_IFDIR | 0750u);
  EXPECT_EQ(directory_.Stat("tree/f").st_mode, S_IFDIR | 0750u);
  EXPECT_EQ(directory_.Stat("tree/f/g").st_mode, S_IFREG | 0750u);
  EXPECT_EQ(directory_.Stat("tree/m").st_mode, S_IFDIR | 0750u);
}

TEST_F(RootedResolverTest, KeepsWhatIsThere) {
  EXPECT_EQ(Text("/etc/passwd", kMakeFile), "/etc/passwd");
  EXPECT_EQ(directory_.Read("tree/etc/passwd"), "tree");
  // Of the wrong type: the caller looks.
  EXPECT_EQ(Text("/etc", kMakeFile), "/etc");
}

TEST_F(RootedResolverTest, FailsOnAFileOnTheWay) {
  EXPECT_EQ(Resolve("/etc/passwd/x").error(), base::Errno(ENOTDIR));
}

TEST_F(RootedResolverTest, FollowsSymlinksOfTheTree) {
  Link("relative", "etc/passwd");
  Link("etc/up", "../etc");
  Link("absolute", "/etc");
  Link("root", "/");
  EXPECT_EQ(Text("/relative"), "/etc/passwd");
  EXPECT_EQ(Text("/etc/up/passwd"), "/etc/passwd");
  EXPECT_EQ(Text("/absolute/up/up/passwd"), "/etc/passwd");
  EXPECT_EQ(Text("/root"), "/");
  EXPECT_EQ(Text("/root/etc/../absolute"), "/etc");
}

TEST_F(RootedResolverTest, AbsoluteSymlinkToAFileOfTheHostStaysInside) {
  Link("evil", "/etc/passwd");
  EXPECT_EQ(Text("/evil", kMakeFile), "/etc/passwd");
  const std::string outside = directory_.Path("secret");
  Link("named", outside);
  EXPECT_EQ(Text("/named", kMakeFile), outside);
  EXPECT_EQ(directory_.Stat("tree" + outside).st_size, 0);
}

TEST_F(RootedResolverTest, UpwardSymlinkStaysInside) {
  Link("up", "../../../../../..");
  Link("etc/secret", "../../secret");
  EXPECT_EQ(Text("/up"), "/");
  EXPECT_EQ(Text("/up/up/up/etc"), "/etc");
  EXPECT_EQ(Text("/etc/secret", kMakeFile), "/secret");
  EXPECT_EQ(directory_.Stat("tree/secret").st_size, 0);
}

TEST_F(RootedResolverTest, DanglingSymlinkIsMadeWhereItPoints) {
  Link("dangling", "/var/lib/x");
  EXPECT_EQ(Text("/dangling/y"), "/var/lib/x/y");
  Link("file", "../run/f");
  EXPECT_EQ(Text("/file", kMakeFile), "/run/f");
  EXPECT_TRUE(S_ISREG(directory_.Stat("tree/run/f").st_mode));
}

TEST_F(RootedResolverTest, FailsOnALoopOfSymlinks) {
  Link("self", "self");
  Link("a", "/b");
  Link("b", "a/x");
  EXPECT_EQ(Resolve("/self").error(), base::Errno(ELOOP));
  EXPECT_EQ(Resolve("/a").error(), base::Errno(ELOOP));
}

TEST_F(RootedResolverTest, FollowsAsManySymlinksAsAllowed) {
  Link("l1", "etc");
  for (int i = 2; i <= RootedResolver::kMostSymlinks + 1; ++i) {
    Link(absl::StrCat("l", i), absl::StrCat("l", i - 1));
  }
  EXPECT_EQ(Text("/l255"), "/etc");
  EXPECT_EQ(Resolve("/l256").error(), base::Errno(ELOOP));
}

TEST_F(RootedResolverTest, RejectsNamesThatAreTooLong) {
  EXPECT_EQ(Resolve("/" + std::string(NAME_MAX + 1, 'x')).error(),
            base::Errno(ENAMETOOLONG));
  const std::string longest(NAME_MAX, 'x');
  std::string path;
  for (int i = 0; i < PATH_MAX / NAME_MAX + 1; ++i) path += "/" + longest;
  EXPECT_EQ(Resolve(path).error(), base::Errno(ENAMETOOLONG));
  EXPECT_EQ(Text("/" + longest), "/" + longest);
}

TEST_F(RootedResolverTest, TakesANameThatIsNotUtf8) {
  EXPECT_EQ(Text("/\xff\xc3("), "/\xff\xc3(");
}

// Somebody replaces a directory by a symlink to the host, over and over: every
// result is in the tree, or an error.
TEST_F(RootedResolverTest, ASymlinkSwappedMeanwhileStaysInside) {
  directory_.MakeDirectory("outside");
  directory_.MakeDirectory("tree/swap");
  Link("evil", "../outside");
  const std::string one = directory_.Path("tree/swap");
  const std::string other = directory_.Path("tree/evil");
  std::atomic<bool> stop = false;
  auto swapper = base::Thread::Start("swap", [&] {
    while (!stop) {
      ::renameat2(AT_FDCWD, one.c_str(), AT_FDCWD, other.c_str(),
                  RENAME_EXCHANGE);
    }
  });
  ASSERT_TRUE(swapper.ok());
  for (int i = 0; i < 2000; ++i) {
    (void)Resolve("/swap/../swap/made").ok();
  }
  stop = true;
  swapper->Join();
  EXPECT_FALSE(directory_.Has("outside/made"));
  EXPECT_FALSE(directory_.Has("made"));
}

}  // namespace
}  // namespace gofer::sandbox
