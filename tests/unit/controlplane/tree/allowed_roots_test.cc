#include "controlplane/tree/allowed_roots.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "controlplane/errors/error.h"

namespace goferd::tree {
namespace {

using errors::Reason;

class AllowedRootsTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "roots-XXXXXX";
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    base_ = std::filesystem::canonical(pattern).string();
    std::filesystem::create_directories(base_ + "/allowed/tree/deep");
    std::filesystem::create_directories(base_ + "/allowed-not");
    std::ofstream(base_ + "/allowed/file") << "x";
    *allowed_.Add() = base_ + "/allowed";
  }
  void TearDown() override { std::filesystem::remove_all(base_); }

  Reason ReasonFor(const std::string& path) {
    const auto root = ResolveRoot(path, allowed_, SymbolicLinks::kFollow);
    EXPECT_FALSE(root.ok()) << path;
    return errors::ReasonOf(root.status());
  }

  std::string base_;
  google::protobuf::RepeatedPtrField<std::string> allowed_;
};

TEST_F(AllowedRootsTest, ResolvesAllowedRootsAndDirectoriesBelow) {
  for (const std::string path :
       {"/allowed", "/allowed/", "/allowed/tree", "/allowed//tree/./deep",
        "/allowed/tree/deep/.."}) {
    const auto root =
        ResolveRoot(base_ + path, allowed_, SymbolicLinks::kFollow);
    ASSERT_TRUE(root.ok()) << path << ": " << root.status();
    EXPECT_TRUE(root->path.starts_with(base_ + "/allowed")) << root->path;
  }
}

TEST_F(AllowedRootsTest, RefusesPathsOutsideTheAllowedRoots) {
  for (const std::string path :
       {"", "/allowed-not", "/allowed/../allowed-not", "/allowed/.."}) {
    EXPECT_EQ(ReasonFor(base_ + path), Reason::PATH_NOT_ALLOWED) << path;
  }
}

TEST_F(AllowedRootsTest, RefusesSymlinksOutAndFollowsSymlinksInside) {
  ASSERT_EQ(::symlink("../allowed-not", (base_ + "/allowed/out").c_str()), 0);
  ASSERT_EQ(::symlink("/", (base_ + "/allowed/slash").c_str()), 0);
  ASSERT_EQ(::symlink("tree/deep", (base_ + "/allowed/in").c_str()), 0);
  EXPECT_EQ(ReasonFor(base_ + "/allowed/out"), Reason::PATH_NOT_ALLOWED);
  EXPECT_EQ(ReasonFor(base_ + "/allowed/slash/etc"), Reason::PATH_NOT_ALLOWED);
  const auto inside =
      ResolveRoot(base_ + "/allowed/in", allowed_, SymbolicLinks::kFollow);
  ASSERT_TRUE(inside.ok()) << inside.status();
  EXPECT_EQ(inside->path, base_ + "/allowed/tree/deep");
}

TEST_F(AllowedRootsTest, NamesWhereARefusedSymlinkLeads) {
  ASSERT_EQ(::symlink("tree/deep", (base_ + "/allowed/in").c_str()), 0);
  ASSERT_EQ(::symlink("../allowed-not", (base_ + "/allowed/out").c_str()), 0);
  ASSERT_EQ(::symlink("file", (base_ + "/allowed/link").c_str()), 0);
  const auto refused = [this](const std::string& path) {
    auto root = ResolveFile(base_ + "/allowed" + path, allowed_,
                            SymbolicLinks::kRefuse);
    EXPECT_EQ(errors::ReasonOf(root.status()), Reason::PATH_NOT_ALLOWED)
        << path;
    return std::string(root.status().message());
  };
  EXPECT_NE(refused("/in").find(base_ + "/allowed/tree/deep"),
            std::string::npos);
  EXPECT_NE(refused("/link").find(base_ + "/allowed/file"), std::string::npos);
  EXPECT_EQ(refused("/out").find(base_ + "/allowed-not:"), std::string::npos);
  EXPECT_TRUE(ResolveRoot(base_ + "/allowed/tree/deep", allowed_,
                          SymbolicLinks::kRefuse)
                  .ok());
}

TEST_F(AllowedRootsTest, RefusesPathsThatAreNoDirectories) {
  EXPECT_EQ(ReasonFor("relative"), Reason::PATH_NOT_ABSOLUTE);
  EXPECT_EQ(ReasonFor(""), Reason::PATH_NOT_ABSOLUTE);
  EXPECT_EQ(ReasonFor(base_ + "/allowed/none"), Reason::PATH_NOT_FOUND);
  EXPECT_EQ(ReasonFor(base_ + "/allowed/file"), Reason::ROOT_NOT_DIRECTORY);
}

TEST_F(AllowedRootsTest, ResolvesFilesBelowAllowedRoots) {
  ASSERT_EQ(::symlink("../allowed-not", (base_ + "/allowed/out").c_str()), 0);
  for (const std::string path : {"/allowed/file", "/allowed/tree"}) {
    const auto file =
        ResolveFile(base_ + path, allowed_, SymbolicLinks::kFollow);
    ASSERT_TRUE(file.ok()) << file.status();
    EXPECT_EQ(file->path, base_ + path);
  }
  const auto out =
      ResolveFile(base_ + "/allowed/out", allowed_, SymbolicLinks::kFollow);
  EXPECT_EQ(errors::ReasonOf(out.status()), Reason::PATH_NOT_ALLOWED);
}

TEST_F(AllowedRootsTest, SlashAllowsEveryPath) {
  *allowed_.Add() = "/";
  const auto root =
      ResolveRoot(base_ + "/allowed-not", allowed_, SymbolicLinks::kFollow);
  ASSERT_TRUE(root.ok()) << root.status();
  EXPECT_EQ(root->path, base_ + "/allowed-not");
}

TEST_F(AllowedRootsTest, NoAllowedRootsAllowNoPath) {
  allowed_.Clear();
  EXPECT_EQ(ReasonFor("/"), Reason::PATH_NOT_ALLOWED);
}

}  // namespace
}  // namespace goferd::tree
