#include "server/hostfs/dirent_reader.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <cstddef>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/base/thread.h"
#include "server/wire/decode.h"
#include "server/wire/messages/getdents.h"
#include "tests/unit/server/hostfs/private_mounts.h"
#include "tests/unit/server/hostfs/temp_directory.h"

namespace gofer::hostfs {
namespace {

using testing::IsEmpty;
using testing::SizeIs;
using Position = DirentReader::Position;

constexpr uint64_t kAll = uint64_t{1} << 31;

struct Entry {
  std::string name;
  wire::Dirent64 raw;
};

class DirentReaderTest : public testing::Test {
 protected:
  void Open(MountTable* mounts) {
    fd_ = directory_.Open("", O_RDONLY | O_DIRECTORY);
    reader_ = std::make_unique<DirentReader>(fd_.get(), mounts);
  }
  std::vector<Entry> Read(uint64_t count, Position position,
                          size_t room = 1 << 20) {
    std::vector<std::byte> memory(room);
    wire::ArrayWriter<wire::Dirent64> out(memory, 0);
    EXPECT_TRUE(reader_->Read(count, position, out).ok());
    out.Finish();
    std::vector<Entry> entries;
    const auto response = wire::Decode<wire::Getdents64Resp>(memory);
    EXPECT_TRUE(response.ok());
    for (const wire::Dirent64& entry : response->dirents) {
      entries.push_back({std::string(entry.name), entry});
    }
    return entries;
  }
  // Reads on until the end; each name once, or the test fails.
  std::set<std::string> ReadOn(uint64_t count, size_t room = 1 << 20) {
    std::set<std::string> names;
    while (true) {
      const auto entries = Read(count, Position::kContinue, room);
      if (entries.empty()) return names;
      for (const Entry& entry : entries) {
        EXPECT_TRUE(names.insert(entry.name).second) << entry.name;
      }
    }
  }
  void MakeFiles(int count) {
    for (int i = 0; i < count; ++i) {
      directory_.MakeFile("file" + std::to_string(i));
    }
  }

  const TempDirectory directory_;
  base::UniqueFd fd_;
  std::unique_ptr<DirentReader> reader_;
};

TEST_F(DirentReaderTest, EmptyDirectoryHasNoDots) {
  Open(nullptr);
  EXPECT_THAT(Read(kAll, Position::kContinue), IsEmpty());
}

TEST_F(DirentReaderTest, SmallCountGivesOneShortName) {
  MakeFiles(10);
  Open(nullptr);
  for (int i = 0; i < 10; ++i) {
    EXPECT_THAT(Read(40, Position::kContinue), SizeIs(1));
  }
  EXPECT_THAT(Read(40, Position::kContinue), IsEmpty());
}

TEST_F(DirentReaderTest, CountTooSmallForAnyEntryGivesNone) {
  MakeFiles(1);
  Open(nullptr);
  EXPECT_THAT(Read(0, Position::kContinue), IsEmpty());
  EXPECT_THAT(Read(23, Position::kContinue), IsEmpty());
  EXPECT_THAT(Read(kAll, Position::kContinue), SizeIs(1));
}

TEST_F(DirentReaderTest, CountTooSmallForTheNextNameLosesNothing) {
  const std::string long_name(250, 'x');
  directory_.MakeFile(long_name);
  Open(nullptr);
  EXPECT_THAT(Read(100, Position::kContinue), IsEmpty());
  const auto entries = Read(280, Position::kContinue);
  ASSERT_THAT(entries, SizeIs(1));
  EXPECT_EQ(entries[0].name, long_name);
}

TEST_F(DirentReaderTest, RestartsInTheMiddle) {
  MakeFiles(10);
  Open(nullptr);
  const auto first = Read(40, Position::kContinue);
  Read(40, Position::kContinue);
  const auto again = Read(40, Position::kRestart);
  ASSERT_THAT(first, SizeIs(1));
  ASSERT_THAT(again, SizeIs(1));
  EXPECT_EQ(first[0].name, again[0].name);
}

TEST_F(DirentReaderTest, EntryThatDidNotFitComesFirstNextTime) {
  MakeFiles(300);
  Open(nullptr);
  // Room for a handful, while the kernel returns all 300 at once.
  EXPECT_THAT(ReadOn(kAll, 200), SizeIs(300));
}

TEST_F(DirentReaderTest, FirstEntryThatDoesNotFitIsNotLost) {
  directory_.MakeFile(std::string(200, 'x'));
  Open(nullptr);
  EXPECT_THAT(Read(kAll, Position::kContinue, 100), IsEmpty());
  EXPECT_THAT(Read(kAll, Position::kContinue), SizeIs(1));
}

TEST_F(DirentReaderTest, ListsManyLongNamesInPortions) {
  const std::string stem(240, 'n');
  for (int i = 0; i < 1000; ++i) {
    directory_.MakeFile(stem + std::to_string(i));
  }
  Open(nullptr);
  EXPECT_THAT(ReadOn(65536), SizeIs(1000));
}

TEST_F(DirentReaderTest, IdentityIsThatOfTheFilesWithAndWithoutProof) {
  MakeFiles(20);
  directory_.MakeDirectory("d");
  directory_.MakeSymlink("ln", "/");
  directory_.MakeFifo("fifo");
  MountTable mounts(*MountTable::OpenMountInfo());
  for (MountTable* const table : {static_cast<MountTable*>(nullptr), &mounts}) {
    Open(table);
    const auto entries = Read(kAll, Position::kContinue);
    EXPECT_THAT(entries, SizeIs(23));
    for (const Entry& entry : entries) {
      const struct stat stat = directory_.Stat(entry.name);
      EXPECT_EQ(entry.raw.ino, stat.st_ino) << entry.name;
      EXPECT_EQ(entry.raw.dev_major, major(stat.st_dev)) << entry.name;
      EXPECT_EQ(entry.raw.dev_minor, minor(stat.st_dev)) << entry.name;
      EXPECT_EQ(entry.raw.type, IFTODT(stat.st_mode)) << entry.name;
    }
  }
}

// A mount that appears after the table was read must not be taken for a part
// of the directory's file system; a file may be a mount point, too.
TEST_F(DirentReaderTest, MountPointsHaveTheDeviceOfTheirMount) {
  MakeFiles(20);
  directory_.MakeDirectory("d");
  const std::string point = directory_.Path("d");
  const std::string file = directory_.Path("file3");
  const ChildResult result = RunWithPrivateMounts([&] {
    MountTable mounts(*MountTable::OpenMountInfo());
    Open(&mounts);
    Read(kAll, Position::kContinue);
    if (::mount("none", point.c_str(), "tmpfs", 0, nullptr) != 0) {
      return ChildResult::kNoNamespaces;
    }
    directory_.MakeFile("d/x");
    if (::mount((point + "/x").c_str(), file.c_str(), nullptr, MS_BIND,
                nullptr) != 0) {
      return ChildResult::kNoNamespaces;
    }
    std::set<unsigned> devices;
    const auto entries = Read(kAll, Position::kRestart);
    for (const Entry& entry : entries) {
      const struct stat stat = directory_.Stat(entry.name);
      devices.insert(entry.raw.dev_minor);
      if (entry.raw.dev_major != major(stat.st_dev) ||
          entry.raw.dev_minor != minor(stat.st_dev)) {
        return ChildResult::kFailed;
      }
    }
    return entries.size() == 21 && devices.size() == 2 ? ChildResult::kPassed
                                                       : ChildResult::kFailed;
  });
  if (result == ChildResult::kNoNamespaces) GTEST_SKIP() << "no namespaces";
  EXPECT_EQ(result, ChildResult::kPassed);
}

TEST_F(DirentReaderTest, ErrorOfTheHostIsReported) {
  fd_ = directory_.Open("", O_PATH);
  DirentReader reader(fd_.get(), nullptr);
  std::byte memory[64];
  wire::ArrayWriter<wire::Dirent64> out(memory, 0);
  const auto read = reader.Read(kAll, Position::kContinue, out);
  ASSERT_FALSE(read.ok());
  EXPECT_EQ(read.error(), base::Errno(EBADF));
}

// Such entries were free once, so that one request went through all of a huge
// directory.
TEST_F(DirentReaderTest, EntriesThatMayNotBeLookedAtAreListed) {
  MakeFiles(20);
  ASSERT_EQ(::chmod(directory_.path().c_str(), 0444), 0);
  const ChildResult result = RunWithPrivateMounts([&] {
    if (::geteuid() == 0) {
      // No capability, and not the owner.
      if (::setresuid(65534, 65534, 65534) != 0) {
        return ChildResult::kNoNamespaces;
      }
    }
    Open(nullptr);
    const auto entries = Read(kAll, Position::kContinue);
    struct stat stat;
    if (::fstat(fd_.get(), &stat) != 0 || entries.size() != 20) {
      return ChildResult::kFailed;
    }
    return entries[0].raw.dev_minor == minor(stat.st_dev)
               ? ChildResult::kPassed
               : ChildResult::kFailed;
  });
  ASSERT_EQ(::chmod(directory_.path().c_str(), 0755), 0);
  if (result == ChildResult::kNoNamespaces) GTEST_SKIP() << "no other user";
  EXPECT_EQ(result, ChildResult::kPassed);
}

TEST_F(DirentReaderTest, TwoThreadsShareTheEntriesBetweenThem) {
  MakeFiles(200);
  Open(nullptr);
  std::set<std::string> names[2];
  std::vector<base::Thread> threads;
  for (auto& mine : names) {
    auto thread = base::Thread::Start("dirents", [&] { mine = ReadOn(100); });
    ASSERT_TRUE(thread.ok());
    threads.push_back(*std::move(thread));
  }
  for (auto& thread : threads) thread.Join();
  EXPECT_EQ(names[0].size() + names[1].size(), 200u);
  names[0].merge(names[1]);
  EXPECT_THAT(names[0], SizeIs(200));
}

}  // namespace
}  // namespace gofer::hostfs
