#include "controlplane/state/file_draft.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>

namespace goferd::state {
namespace {

using gofer::base::UniqueFd;

class FileDraftTest : public testing::Test {
 protected:
  void SetUp() override {
    base_ = testing::TempDir() + "draft-XXXXXX";
    ASSERT_NE(::mkdtemp(base_.data()), nullptr);
  }
  void TearDown() override { std::filesystem::remove_all(base_); }

  UniqueFd Directory() const {
    return UniqueFd(::open(base_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  }
  gofer::base::ErrnoOr<FileDraft> Write(absl::string_view bytes) const {
    return FileDraft::Write(Directory(), "file", bytes);
  }
  void Keep(absl::string_view bytes) const {
    auto draft = Write(bytes);
    ASSERT_TRUE(draft.ok());
    ASSERT_TRUE(draft->PutInPlace().ok());
  }
  std::optional<std::string> Content() const {
    std::ifstream file(base_ + "/file");
    if (!file) return std::nullopt;
    return std::string(std::istreambuf_iterator<char>(file), {});
  }
  size_t CountFiles() const {
    size_t count = 0;
    for ([[maybe_unused]] const auto& entry :
         std::filesystem::directory_iterator(base_)) {
      ++count;
    }
    return count;
  }

  std::string base_;
};

TEST_F(FileDraftTest, ChangesTheFileWhenPutInPlace) {
  Keep("old");
  auto draft = Write("new");
  ASSERT_TRUE(draft.ok());
  EXPECT_EQ(Content(), "old");
  EXPECT_TRUE(draft->PutInPlace().ok());
  EXPECT_EQ(Content(), "new");
  EXPECT_EQ(CountFiles(), 1u);
}

TEST_F(FileDraftTest, ADroppedDraftLeavesNothing) {
  Keep("old");
  { ASSERT_TRUE(Write("new").ok()); }
  EXPECT_EQ(Content(), "old");
  EXPECT_EQ(CountFiles(), 1u);
}

TEST_F(FileDraftTest, EmptyContentStandsForNoFile) {
  Keep("old");
  { ASSERT_TRUE(Write("").ok()); }
  EXPECT_EQ(Content(), "old");
  Keep("");
  EXPECT_EQ(Content(), std::nullopt);
  Keep("");
  EXPECT_EQ(CountFiles(), 0u);
}

TEST_F(FileDraftTest, DoesNotWriteAFileThatHasTheContent) {
  Keep("same");
  struct stat before {};
  ASSERT_EQ(::stat((base_ + "/file").c_str(), &before), 0);
  Keep("same");
  struct stat after {};
  ASSERT_EQ(::stat((base_ + "/file").c_str(), &after), 0);
  EXPECT_EQ(before.st_ino, after.st_ino);
  // A file that begins with the new content has another content.
  Keep("same and more");
  EXPECT_EQ(Content(), "same and more");
  Keep("same");
  EXPECT_EQ(Content(), "same");
}

TEST_F(FileDraftTest, MovedDraftIsPutInPlaceOnce) {
  auto draft = Write("new");
  ASSERT_TRUE(draft.ok());
  {
    FileDraft moved = std::move(*draft);
    EXPECT_TRUE(draft->PutInPlace().ok());
    EXPECT_EQ(Content(), std::nullopt);
    EXPECT_TRUE(moved.PutInPlace().ok());
    EXPECT_TRUE(moved.PutInPlace().ok());
  }
  EXPECT_EQ(Content(), "new");
}

TEST_F(FileDraftTest, SymbolicLinkIsReplacedAndNotFollowed) {
  const std::string outside = base_ + "/outside";
  std::ofstream(outside) << "untouched";
  ASSERT_EQ(::symlink(outside.c_str(), (base_ + "/file").c_str()), 0);
  Keep("new");
  EXPECT_EQ(Content(), "new");
  std::ifstream file(outside);
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(file), {}), "untouched");
}

TEST_F(FileDraftTest, ReportsADirectoryThatIsGone) {
  UniqueFd directory = Directory();
  std::filesystem::remove_all(base_);
  const auto draft = FileDraft::Write(std::move(directory), "file", "new");
  ASSERT_FALSE(draft.ok());
  EXPECT_EQ(draft.error().number(), ENOENT);
}

}  // namespace
}  // namespace goferd::state
