#include "server/lisafs/fd_table.h"

#include <gtest/gtest.h>

#include <memory>
#include <set>
#include <thread>
#include <utility>
#include <vector>

#include "server/lisafs/connection.h"
#include "tests/support/served_tree.h"

namespace gofer::lisafs {
namespace {

using wire::FdId;

class StubFd : public Fd {
 public:
  StubFd(Kind kind, Connection& connection, int* alive)
      : Fd(kind, connection, connection.TakeFdSlot()), alive_(alive) {
    ++*alive_;
  }
  ~StubFd() override { --*alive_; }

 private:
  int* const alive_;
};

class FdTableTest : public testing::Test {
 protected:
  base::RefPtr<Fd> Make(Fd::Kind kind) {
    return base::MakeRef<StubFd>(kind, *session_.connection, &alive_);
  }

  test::ServedTree served_{test::TestTree::Kind::kMemory};
  test::Session session_ = served_.Connect();
  int alive_ = 0;
  FdTable table_;
};

TEST_F(FdTableTest, IdsStartAt1AndAreNeverUsedAgain) {
  std::set<FdId> ids;
  for (uint64_t i = 1; i <= 100; ++i) {
    const FdId id = table_.Insert(Make(Fd::Kind::kControl));
    EXPECT_EQ(static_cast<uint64_t>(id), i);
    EXPECT_TRUE(ids.insert(id).second);
    EXPECT_TRUE(table_.Remove(id));
  }
  EXPECT_EQ(alive_, 0);
}

TEST_F(FdTableTest, KnowsWhatItHolds) {
  const FdId id = table_.Insert(Make(Fd::Kind::kOpen));
  const auto found = table_.LookupAny(id);
  ASSERT_TRUE(found.ok());
  EXPECT_EQ((*found)->id(), id);
  EXPECT_EQ((*found)->kind(), Fd::Kind::kOpen);
}

TEST_F(FdTableTest, UnknownIdsAreEbadf) {
  EXPECT_EQ(table_.LookupAny(FdId{0}).error(), base::Errno(EBADF));
  EXPECT_EQ(table_.LookupControl(FdId{1}).error(), base::Errno(EBADF));
  EXPECT_FALSE(table_.Remove(FdId{1}));
}

TEST_F(FdTableTest, WrongKindsAreEinval) {
  const FdId control = table_.Insert(Make(Fd::Kind::kControl));
  const FdId open = table_.Insert(Make(Fd::Kind::kOpen));
  const FdId bound = table_.Insert(Make(Fd::Kind::kBoundSocket));
  EXPECT_EQ(table_.LookupOpen(control).error(), base::Errno(EINVAL));
  EXPECT_EQ(table_.LookupBoundSocket(control).error(), base::Errno(EINVAL));
  EXPECT_EQ(table_.LookupControl(open).error(), base::Errno(EINVAL));
  EXPECT_EQ(table_.LookupControl(bound).error(), base::Errno(EINVAL));
}

TEST_F(FdTableTest, CountsByKind) {
  const FdId control = table_.Insert(Make(Fd::Kind::kControl));
  table_.Insert(Make(Fd::Kind::kOpen));
  table_.Insert(Make(Fd::Kind::kOpen));
  table_.Insert(Make(Fd::Kind::kBoundSocket));
  FdCounts counts = table_.Counts();
  EXPECT_EQ(counts.control, 1u);
  EXPECT_EQ(counts.open, 2u);
  EXPECT_EQ(counts.bound_socket, 1u);
  EXPECT_TRUE(table_.Remove(control));
  EXPECT_EQ(table_.Counts().control, 0u);
  EXPECT_EQ(table_.Clear().size(), 3u);
  counts = table_.Counts();
  EXPECT_EQ(counts.control + counts.open + counts.bound_socket, 0u);
  EXPECT_EQ(alive_, 0);
}

TEST_F(FdTableTest, RemovedFdLivesWhileSomebodyUsesIt) {
  const FdId id = table_.Insert(Make(Fd::Kind::kControl));
  auto used = table_.LookupAny(id);
  ASSERT_TRUE(used.ok());
  EXPECT_TRUE(table_.Remove(id));
  EXPECT_EQ(alive_, 1);
  used->reset();
  EXPECT_EQ(alive_, 0);
}

TEST_F(FdTableTest, ThreadsGetDifferentIds) {
  constexpr size_t kEach = 2'000;
  std::vector<std::vector<FdId>> ids(4);
  std::vector<std::thread> threads;
  std::vector<int> alive(4);
  for (size_t t = 0; t < ids.size(); ++t) {
    threads.emplace_back([&, t] {
      for (size_t i = 0; i < kEach; ++i) {
        ids[t].push_back(table_.Insert(base::MakeRef<StubFd>(
            Fd::Kind::kControl, *session_.connection, &alive[t])));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::set<FdId> all;
  for (const auto& some : ids) all.insert(some.begin(), some.end());
  EXPECT_EQ(all.size(), 4 * kEach);
  EXPECT_EQ(table_.Counts().control, 4 * kEach);
  table_.Clear();
  EXPECT_EQ(alive, std::vector<int>(4));
}

}  // namespace
}  // namespace gofer::lisafs
