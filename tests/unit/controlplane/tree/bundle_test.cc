#include "controlplane/tree/bundle.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "controlplane/errors/error.h"
#include "google/rpc/error_details.pb.h"
#include "tests/support/open_fds.h"

namespace goferd::tree {
namespace {

namespace fs = std::filesystem;
using errors::Reason;
using ::testing::HasSubstr;

class BundleTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "bundle-XXXXXX";
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    base_ = fs::canonical(pattern).string();
    fs::create_directories(base_ + "/allowed/b/rootfs");
    fs::create_directories(base_ + "/allowed/data");
    fs::create_directories(base_ + "/outside/rootfs");
    std::ofstream(base_ + "/allowed/one") << "1";
    std::ofstream(base_ + "/outside/secret") << "s";
    *allowed_.Add() = base_ + "/allowed";
  }
  void TearDown() override { fs::remove_all(base_); }

  std::string bundle() const { return base_ + "/allowed/b"; }

  static std::string Mount(const std::string& source,
                           const std::string& destination,
                           const std::string& options = R"("rbind")") {
    return absl::StrCat(R"({"type": "bind", "source": ")", source,
                        R"(", "destination": ")", destination,
                        R"(", "options": [)", options, "]}");
  }
  void WriteSpec(const std::vector<std::string>& mounts,
                 const std::string& root = R"({"path": "rootfs"})") const {
    std::ofstream(bundle() + "/config.json")
        << R"({"process": {"cwd": "/work"}, "root": )" << root
        << R"(, "mounts": [)" << absl::StrJoin(mounts, ", ") << "]}";
  }

  absl::Status Fails() {
    const int before = gofer::test::CountOpenFds();
    const auto tree = ResolveBundle(bundle(), allowed_, SymbolicLinks::kFollow);
    EXPECT_FALSE(tree.ok());
    EXPECT_EQ(gofer::test::CountOpenFds(), before);
    return tree.status();
  }
  void ExpectFailure(Reason reason, const std::string& text) {
    const absl::Status status = Fails();
    EXPECT_EQ(errors::ReasonOf(status), reason) << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr(text));
  }

  std::string base_;
  google::protobuf::RepeatedPtrField<std::string> allowed_;
};

bool IsSame(int fd, const std::string& path) {
  struct stat a;
  struct stat b;
  return ::fstat(fd, &a) == 0 && ::stat(path.c_str(), &b) == 0 &&
         a.st_ino == b.st_ino && a.st_dev == b.st_dev;
}

TEST_F(BundleTest, ResolvesRootAndBindMounts) {
  WriteSpec({Mount(base_ + "/allowed/data", "/data", R"("rbind", "ro")"),
             R"({"type": "proc", "source": "proc", "destination": "/proc"})",
             Mount("../one", "/etc/one", R"("bind", "rprivate")")},
            R"({"path": "rootfs", "readonly": true})");
  const auto tree = ResolveBundle(bundle(), allowed_, SymbolicLinks::kFollow);
  ASSERT_TRUE(tree.ok()) << tree.status();
  EXPECT_EQ(tree->path, bundle());
  EXPECT_EQ(tree->root, bundle() + "/rootfs");
  ASSERT_EQ(tree->fds.size(), 3u);
  EXPECT_TRUE(IsSame(tree->fds[0].get(), bundle() + "/rootfs"));
  EXPECT_TRUE(IsSame(tree->fds[1].get(), base_ + "/allowed/data"));
  EXPECT_TRUE(IsSame(tree->fds[2].get(), base_ + "/allowed/one"));
  worker::v1::Bootstrap bootstrap;
  tree->AddTo(bootstrap);
  EXPECT_EQ(bootstrap.root(), bundle() + "/rootfs");
  EXPECT_EQ(bootstrap.oci_bundle(), bundle());
  const worker::v1::Bundle& told = bootstrap.bundle();
  EXPECT_TRUE(told.readonly());
  EXPECT_EQ(told.propagation(), worker::v1::MOUNT_PROPAGATION_RSLAVE);
  ASSERT_EQ(told.mounts_size(), 2);
  EXPECT_EQ(told.mounts(0).destination(), "/data");
  EXPECT_EQ(told.mounts(0).attributes(), uint64_t{MOUNT_ATTR_RDONLY});
  EXPECT_TRUE(told.mounts(0).recursive());
  EXPECT_EQ(told.mounts(0).propagation(),
            worker::v1::MOUNT_PROPAGATION_UNSPECIFIED);
  EXPECT_FALSE(told.mounts(1).recursive());
  EXPECT_EQ(told.mounts(1).propagation(),
            worker::v1::MOUNT_PROPAGATION_RPRIVATE);
  ASSERT_EQ(told.directories_size(), 1);
  EXPECT_EQ(told.directories(0), "/work");
}

TEST_F(BundleTest, ResolvesAPlainDirectory) {
  ::goferd::admin::v1::Server server;
  server.set_root(base_ + "/allowed/data/.");
  const auto tree = ResolveTree(server, server.root(), allowed_);
  ASSERT_TRUE(tree.ok()) << tree.status();
  EXPECT_EQ(tree->path, base_ + "/allowed/data");
  EXPECT_EQ(tree->fds.size(), 1u);
  worker::v1::Bootstrap bootstrap;
  tree->AddTo(bootstrap);
  EXPECT_EQ(bootstrap.root(), tree->path);
  EXPECT_FALSE(bootstrap.has_bundle());
  EXPECT_EQ(bootstrap.oci_bundle(), "");
}

TEST_F(BundleTest, RefusesARootThatIsASymlinkOutOfTheAllowedRoots) {
  fs::remove(bundle() + "/rootfs");
  fs::create_directory_symlink(base_ + "/outside/rootfs", bundle() + "/rootfs");
  WriteSpec({});
  ExpectFailure(Reason::PATH_NOT_ALLOWED, "root.path: " + bundle() + "/rootfs");
}

TEST_F(BundleTest, RefusesARootOutsideTheAllowedRoots) {
  WriteSpec({}, R"({"path": "../../outside/rootfs"})");
  ExpectFailure(Reason::PATH_NOT_ALLOWED, "root.path: ");
  WriteSpec({}, R"({"path": "/"})");
  ExpectFailure(Reason::PATH_NOT_ALLOWED, "root.path: ");
}

TEST_F(BundleTest, NamesAllSourcesOutsideTheAllowedRoots) {
  fs::create_directory_symlink(base_ + "/outside", base_ + "/allowed/out");
  WriteSpec({Mount(base_ + "/outside/secret", "/a"),
             Mount(base_ + "/allowed/data", "/fine"),
             Mount(base_ + "/allowed/out/secret", "/b"),
             Mount("../../outside", "/c")});
  const absl::Status status = Fails();
  EXPECT_EQ(errors::ReasonOf(status), Reason::PATH_NOT_ALLOWED);
  google::rpc::BadRequest bad;
  ASSERT_TRUE(bad.ParseFromString(std::string(
      *status.GetPayload("type.googleapis.com/google.rpc.BadRequest"))));
  ASSERT_EQ(bad.field_violations_size(), 3);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(bad.field_violations(i).field(), "server.oci_bundle");
    EXPECT_THAT(bad.field_violations(i).description(),
                HasSubstr(absl::StrCat("mount /", std::string(1, "abc"[i]))));
  }
}

TEST_F(BundleTest, RefusesAConfigThatIsASymlinkOutOfTheAllowedRoots) {
  std::ofstream(base_ + "/outside/config.json") << "{}";
  fs::create_symlink(base_ + "/outside/config.json", bundle() + "/config.json");
  ExpectFailure(Reason::PATH_NOT_ALLOWED, "/config.json");
}

// Opening a pipe would wait for a writer.
TEST_F(BundleTest, RefusesAConfigThatIsAPipe) {
  ASSERT_EQ(::mkfifo((bundle() + "/config.json").c_str(), 0600), 0);
  ExpectFailure(Reason::FIELD_INVALID, "is no regular file");
}

TEST_F(BundleTest, RefusesAConfigThatIsTooLong) {
  std::ofstream(bundle() + "/config.json") << std::string((4 << 20) + 1, ' ');
  ExpectFailure(Reason::FIELD_INVALID, "has more than 4194304 bytes");
}

TEST_F(BundleTest, RefusesMalformedConfigs) {
  ExpectFailure(Reason::PATH_NOT_FOUND, "/config.json");
  std::ofstream(bundle() + "/config.json") << "root: rootfs";
  ExpectFailure(Reason::FIELD_INVALID, "the spec is not JSON");
  std::ofstream(bundle() + "/config.json") << R"({"process": {}})";
  ExpectFailure(Reason::FIELD_INVALID, "spec.root is missing");
  WriteSpec({Mount(base_ + "/allowed/data", "data")});
  ExpectFailure(Reason::FIELD_INVALID, "destination is not absolute");
  WriteSpec({Mount(base_ + "/allowed/data", "/d", R"("rbind", "shared")")});
  ExpectFailure(Reason::FIELD_INVALID, "option shared is refused");
}

TEST_F(BundleTest, ReportsMissingFiles) {
  WriteSpec({Mount(base_ + "/allowed/none", "/d")});
  ExpectFailure(Reason::PATH_NOT_FOUND, "mount /d: ");
  WriteSpec({}, R"({"path": "none"})");
  ExpectFailure(Reason::PATH_NOT_FOUND, "root.path: ");
  WriteSpec({}, R"({"path": "config.json"})");
  ExpectFailure(Reason::ROOT_NOT_DIRECTORY, "root.path: ");
  fs::remove_all(bundle());
  ExpectFailure(Reason::PATH_NOT_FOUND, bundle());
}

TEST_F(BundleTest, RefusesMoreMountsThanDescriptorsTravel) {
  std::vector<std::string> mounts;
  for (size_t i = 0; i < kMaxBundleMounts; ++i) {
    mounts.push_back(Mount("../data", absl::StrCat("/m", i)));
  }
  WriteSpec(mounts);
  EXPECT_TRUE(ResolveBundle(bundle(), allowed_, SymbolicLinks::kFollow).ok());
  mounts.push_back(Mount("../data", "/last"));
  WriteSpec(mounts);
  ExpectFailure(Reason::FIELD_INVALID, "has 252 bind mounts: 251 are the most");
}

TEST_F(BundleTest, RefusesLongerPathsThanOneMessageHolds) {
  std::vector<std::string> mounts;
  for (size_t i = 0; i < 200; ++i) {
    mounts.push_back(Mount("../data", "/" + std::string(4000, 'x')));
  }
  WriteSpec(mounts);
  ExpectFailure(Reason::FIELD_INVALID, "the paths of the bundle's mounts");
}

}  // namespace
}  // namespace goferd::tree
