// Managed gofers that serve a bundle's tree, or a tree with mapped ids.

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/sandbox/step.h"
#include "server/worker/exit_code.h"
#include "tests/integration/control/gofer_under_test.h"
#include "tests/support/open_fds.h"

namespace gofer::test {
namespace {

using client::Client;
using testing::Contains;
using testing::HasSubstr;
using testing::Not;

const std::vector<std::string> kNobody = {
    "setpriv",        "--reuid=65534",       "--regid=65534",
    "--clear-groups", "--bounding-set=-all", "--inh-caps=-all"};

base::UniqueFd OpenPath(const std::string& path) {
  return base::UniqueFd(::open(path.c_str(), O_PATH | O_CLOEXEC));
}

// 0 or an errno.
int TryMake(const Client& client, const std::string& name,
            client::Owner owner = {}) {
  const auto made = client.root().Mkdir(name, {.mode = 0755, .owner = owner});
  return made.ok() ? 0 : made.error().number();
}

class MountedTreeTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!MayMount()) GTEST_SKIP() << "needs root, to make mounts";
    gofer_.root().Write("hello", "from the root");
    data_.Write("hello", "from the data");
  }

  // Of the root and what AddMount added.
  v1::Response Bootstrap(v1::ToGofer message) {
    fds_.insert(fds_.begin(), OpenPath(gofer_.root().path()));
    return goferd_.Ask(std::move(message), Borrowed(fds_));
  }
  void AddMount(v1::ToGofer& message, const std::string& source,
                const std::string& destination, uint64_t attributes = 0) {
    v1::BundleMount& mount =
        *message.mutable_bootstrap()->mutable_bundle()->add_mounts();
    mount.set_source(source);
    mount.set_destination(destination);
    mount.set_recursive(true);
    mount.set_attributes(attributes);
    fds_.push_back(OpenPath(source));
  }
  v1::ToGofer MakeBundle(v1::SandboxMode mode = v1::SANDBOX_MODE_STRICT) const {
    v1::ToGofer message = gofer_.MakeBootstrap(mode);
    message.mutable_bootstrap()->set_oci_bundle("/the/bundle");
    message.mutable_bootstrap()->mutable_bundle();
    return message;
  }
  void ExpectEnd(sandbox::Step step) {
    EXPECT_EQ(gofer_.process().Wait(),
              static_cast<int>(worker::ExitCodeOf(step)));
  }

  GoferUnderTest gofer_;
  FakeGoferd goferd_{gofer_.socket_path()};
  const ScratchDirectory data_;
  std::vector<base::UniqueFd> fds_;
};

TEST_F(MountedTreeTest, ServesABundleWithAReadonlyAndAWritableMount) {
  v1::ToGofer message = MakeBundle();
  AddMount(message, data_.path(), "/ro/data", MOUNT_ATTR_RDONLY);
  AddMount(message, data_.path(), "/rw");
  AddMount(message, data_ / "hello", "/file");
  message.mutable_bootstrap()->mutable_bundle()->set_readonly(true);
  message.mutable_bootstrap()->mutable_bundle()->add_directories("/work");
  const v1::Response response = Bootstrap(message);
  ASSERT_TRUE(response.has_bootstrap())
      << response.failure().step() << ": " << response.failure().text();
  EXPECT_THAT(response.bootstrap().sandbox_steps(), Contains("bind-mount"));
  EXPECT_THAT(response.bootstrap().sandbox_steps(), Contains("readonly-root"));
  const Client root = GoferUnderTest::Connect(goferd_, "root");
  EXPECT_EQ(ReadFile(root, "hello"), "from the root");
  EXPECT_EQ(ReadFile(root, "ro/data/hello"), "from the data");
  EXPECT_EQ(ReadFile(root, "rw/hello"), "from the data");
  EXPECT_EQ(ReadFile(root, "file"), "from the data");
  EXPECT_TRUE(root.root().Walk("work").ok());
  EXPECT_EQ(TryMake(root, "new"), EROFS);
  const Client ro = GoferUnderTest::Connect(goferd_, "ro", "/ro/data");
  EXPECT_EQ(ReadFile(ro, "hello"), "from the data");
  EXPECT_EQ(TryMake(ro, "new"), EROFS);
  const Client rw = GoferUnderTest::Connect(goferd_, "rw", "/rw");
  EXPECT_EQ(TryMake(rw, "new"), 0);
  EXPECT_TRUE(data_.Has("new"));
  // As runsc's gofer makes mount points.
  struct stat stat;
  ASSERT_EQ(::stat((gofer_.root() / "ro/data").c_str(), &stat), 0);
  EXPECT_EQ(stat.st_mode & 07777, 0755u);
}

// The gofer mounts what the descriptors are of, whatever is at their paths now.
TEST_F(MountedTreeTest, NamesSwappedForSymlinksMeanwhileChangeNothing) {
  v1::ToGofer message = MakeBundle();
  const ScratchDirectory other;
  other.Write("hello", "elsewhere");
  const std::string source = data_ / "sub";
  std::filesystem::create_directory(source);
  data_.Write("sub/hello", "as looked up");
  AddMount(message, source, "/data");
  std::filesystem::rename(source, source + "-gone");
  std::filesystem::create_directory_symlink(other.path(), source);
  ASSERT_TRUE(Bootstrap(message).has_bootstrap());
  const Client client = GoferUnderTest::Connect(goferd_, "c", "/data");
  EXPECT_EQ(ReadFile(client, "hello"), "as looked up");
}

TEST_F(MountedTreeTest, DestinationsBehindSymlinksStayInTheTree) {
  std::filesystem::create_directory_symlink(data_.path(),
                                            gofer_.root() / "out");
  std::filesystem::create_directory_symlink("../../../../tmp",
                                            gofer_.root() / "up");
  v1::ToGofer message = MakeBundle();
  AddMount(message, data_.path(), "/out/mounted");
  AddMount(message, data_.path(), "/up/../../mounted-too");
  ASSERT_TRUE(Bootstrap(message).has_bootstrap());
  EXPECT_FALSE(data_.Has("mounted"));
  EXPECT_TRUE(gofer_.root().Has(data_.path().substr(1) + "/mounted"));
  EXPECT_TRUE(gofer_.root().Has("mounted-too"));
  const Client client = GoferUnderTest::Connect(goferd_, "c", "/mounted-too");
  EXPECT_EQ(ReadFile(client, "hello"), "from the data");
}

TEST_F(MountedTreeTest, NoDescriptorLeadsOut) {
  v1::ToGofer message = MakeBundle();
  AddMount(message, data_.path(), "/data");
  ASSERT_TRUE(Bootstrap(message).has_bootstrap());
  const auto fds = absl::StrCat("/proc/", gofer_.process().pid(), "/fd");
  for (const auto& entry : std::filesystem::directory_iterator(fds)) {
    const std::string target = std::filesystem::read_symlink(entry.path());
    EXPECT_THAT(target, Not(HasSubstr(gofer_.root().path())));
    EXPECT_THAT(target, Not(HasSubstr(data_.path())));
  }
}

TEST_F(MountedTreeTest, ServesAsManyMountsAsDescriptorsTravel) {
  v1::ToGofer message = MakeBundle();
  for (size_t i = 0; i + 1 < control::kMaxFrameFds; ++i) {
    AddMount(message, data_.path(), absl::StrCat("/m", i));
  }
  const v1::Response response = Bootstrap(message);
  ASSERT_TRUE(response.has_bootstrap()) << response.failure().text();
  const Client client = GoferUnderTest::Connect(goferd_, "c", "/m250");
  EXPECT_EQ(ReadFile(client, "hello"), "from the data");
}

TEST_F(MountedTreeTest, FailsOnDestinationsInALoop) {
  std::filesystem::create_symlink("loop", gofer_.root() / "loop");
  v1::ToGofer message = MakeBundle();
  AddMount(message, data_.path(), "/loop/x");
  const v1::Response response = Bootstrap(message);
  EXPECT_EQ(response.failure().code(), v1::Failure::HOST_ERROR);
  EXPECT_EQ(response.failure().error_number(), ELOOP);
  EXPECT_THAT(response.failure().text(), HasSubstr(data_.path() + " on /loop"));
  ExpectEnd(sandbox::Step::kBindMount);
}

TEST_F(MountedTreeTest, BindOfProcfsIsRefused) {
  v1::ToGofer message = MakeBundle();
  AddMount(message, "/proc", "/p");
  const v1::Response response = Bootstrap(message);
  EXPECT_EQ(response.failure().step(), "hide-proc");
  ExpectEnd(sandbox::Step::kHideProc);
}

TEST_F(MountedTreeTest, RejectsBundlesThatGoferdWouldNotSend) {
  const auto code_of = [](void (*spoil)(v1::Bootstrap&)) {
    GoferUnderTest gofer;
    FakeGoferd goferd(gofer.socket_path());
    v1::ToGofer message = gofer.MakeBootstrap();
    v1::Bootstrap& bootstrap = *message.mutable_bootstrap();
    bootstrap.set_oci_bundle("/b");
    bootstrap.mutable_bundle();
    spoil(bootstrap);
    const auto code = gofer.Bootstrap(goferd, message).failure().code();
    EXPECT_EQ(gofer.process().Wait(),
              static_cast<int>(worker::ExitCode::kBootstrap));
    return code;
  };
  EXPECT_EQ(code_of([](v1::Bootstrap& b) { b.clear_bundle(); }),
            v1::Failure::MALFORMED);
  EXPECT_EQ(code_of([](v1::Bootstrap& b) { b.mutable_bundle()->add_mounts(); }),
            v1::Failure::MALFORMED)
      << "without its descriptor";
  EXPECT_EQ(code_of([](v1::Bootstrap& b) {
              b.mutable_bundle()->set_propagation(
                  static_cast<v1::MountPropagation>(9));
            }),
            v1::Failure::MALFORMED);
}

TEST_F(MountedTreeTest, RejectsAttributesThatAreNoOptions) {
  v1::ToGofer message = MakeBundle();
  AddMount(message, data_.path(), "/data", MOUNT_ATTR_IDMAP);
  EXPECT_EQ(Bootstrap(message).failure().code(), v1::Failure::MALFORMED);
}

TEST_F(MountedTreeTest, BundleWithoutPrivilegesSaysWhatItNeeds) {
  GoferUnderTest gofer(kNobody);
  FakeGoferd goferd(gofer.socket_path());
  v1::ToGofer message = gofer.MakeBootstrap(v1::SANDBOX_MODE_FULL);
  message.mutable_bootstrap()->set_oci_bundle("/b");
  message.mutable_bootstrap()->mutable_bundle();
  const v1::Response response = gofer.Bootstrap(goferd, message);
  EXPECT_EQ(response.failure().code(), v1::Failure::HOST_ERROR);
  EXPECT_EQ(response.failure().error_number(), EPERM);
  EXPECT_THAT(response.failure().text(), HasSubstr("CAP_SYS_ADMIN"));
}

v1::ToGofer WithMap(v1::ToGofer message) {
  v1::IdMap& map = *message.mutable_bootstrap()->mutable_id_map();
  v1::IdRange range;
  range.set_host_id(100'000);
  range.set_sandbox_id(0);
  range.set_count(1000);
  *map.add_uid_ranges() = range;
  *map.add_gid_ranges() = range;
  return message;
}

// The file system of the scratch directories may not be able to.
bool CannotMap(const v1::Response& response) {
  return response.failure().code() == v1::Failure::KERNEL_FEATURE_MISSING;
}

TEST_F(MountedTreeTest, OwnersAreMappedBothWays) {
  const auto own = [](const std::string& path, uid_t id) {
    return ::chown(path.c_str(), id, id) == 0;
  };
  ASSERT_TRUE(own(gofer_.root().path(), 100'000));
  ASSERT_TRUE(own(gofer_.root() / "hello", 100'007));
  gofer_.root().Write("foreign", "x");
  ASSERT_TRUE(own(data_.path(), 100'000));
  v1::ToGofer message = WithMap(MakeBundle());
  AddMount(message, data_.path(), "/data");
  const v1::Response response = Bootstrap(message);
  if (CannotMap(response)) GTEST_SKIP() << response.failure().text();
  ASSERT_TRUE(response.has_bootstrap()) << response.failure().text();
  EXPECT_THAT(response.bootstrap().sandbox_steps(), Contains("id-map"));
  const Client root = GoferUnderTest::Connect(goferd_, "root");
  EXPECT_EQ(root.root().Walk("hello")->Stat()->uid, 7u);
  EXPECT_EQ(root.root().Walk("foreign")->Stat()->uid, 65534u);
  EXPECT_EQ(TryMake(root, "mine", {.uid = 5, .gid = 6}), 0);
  EXPECT_EQ(TryMake(root, "theirs", {.uid = 1000, .gid = 0}), EOVERFLOW);
  EXPECT_FALSE(gofer_.root().Has("theirs"));
  const Client data = GoferUnderTest::Connect(goferd_, "data", "/data");
  EXPECT_EQ(TryMake(data, "mine", {.uid = 8, .gid = 9}), 0);
  struct stat stat;
  ASSERT_EQ(::stat((gofer_.root() / "mine").c_str(), &stat), 0);
  EXPECT_EQ(stat.st_uid, 100'005u);
  EXPECT_EQ(stat.st_gid, 100'006u);
  ASSERT_EQ(::stat((data_ / "mine").c_str(), &stat), 0);
  EXPECT_EQ(stat.st_uid, 100'008u);
  EXPECT_EQ(stat.st_gid, 100'009u);
}

// A client with a copy of the root sees, and makes, the same.
TEST_F(MountedTreeTest, DonatedRootsAreMapped) {
  ASSERT_EQ(::chown(gofer_.root().path().c_str(), 100'003, 100'003), 0);
  const v1::Response response = Bootstrap(WithMap(gofer_.MakeBootstrap()));
  if (CannotMap(response)) GTEST_SKIP() << response.failure().text();
  ASSERT_TRUE(response.has_bootstrap()) << response.failure().text();
  v1::ToGofer start = GoferUnderTest::MakeStart("c");
  start.mutable_start_connection()->mutable_options()->set_donate_host_fds(
      v1::ConnectionOptions::FILES_AND_MOUNT_POINT);
  ASSERT_FALSE(goferd_.Ask(start).has_failure());
  auto client = Client::Mount(GoferUnderTest::Attach(goferd_, "c"));
  ASSERT_TRUE(client.ok());
  struct stat stat;
  ASSERT_EQ(::fstat(client->mount_fd(), &stat), 0);
  EXPECT_EQ(stat.st_uid, 3u);
}

TEST_F(MountedTreeTest, FailsOnAFileSystemThatCannotMapIds) {
  fds_.push_back(OpenPath("/sys"));
  v1::ToGofer message = WithMap(gofer_.MakeBootstrap());
  const v1::Response response = goferd_.Ask(std::move(message), Borrowed(fds_));
  EXPECT_TRUE(CannotMap(response));
  EXPECT_EQ(response.failure().step(), "idmapped-mounts");
  ExpectEnd(sandbox::Step::kIdMap);
}

TEST_F(MountedTreeTest, MapWithoutPrivilegesSaysWhatItNeeds) {
  GoferUnderTest gofer(kNobody);
  FakeGoferd goferd(gofer.socket_path());
  const v1::Response response = gofer.Bootstrap(
      goferd, WithMap(gofer.MakeBootstrap(v1::SANDBOX_MODE_FULL)));
  EXPECT_EQ(response.failure().error_number(), EPERM);
  EXPECT_THAT(response.failure().text(), HasSubstr("CAP_SYS_ADMIN"));
}

}  // namespace
}  // namespace gofer::test
