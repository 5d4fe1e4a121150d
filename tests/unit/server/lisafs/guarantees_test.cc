#include "server/lisafs/guarantees.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <optional>
#include <thread>

#include "server/lisafs/node.h"
#include "tests/support/asleep.h"
#include "tests/support/latch.h"
#include "tests/support/served_tree.h"

namespace gofer::lisafs {
namespace {

using test::Latch;

class GuaranteesTest : public testing::Test {
 protected:
  GuaranteesTest() {
    TreeLock tree(mu_);
    a_ = root_->FindOrCreateChild(tree, "a", *quota_);
    b_ = root_->FindOrCreateChild(tree, "b", *quota_);
  }
  ~GuaranteesTest() override {
    TreeLock tree(mu_);
    a_.reset();
    b_.reset();
    root_.reset();
  }

  // Runs `body` on another thread and tells whether it ended by itself, or
  // only after `let_go`.
  template <class Body>
  bool Blocks(Body body, Latch& let_go, std::thread& holder) {
    std::atomic<bool> done = false;
    std::atomic<pid_t> tid = 0;
    Latch started;
    std::thread other([&] {
      tid = ::gettid();
      started.Open();
      body();
      done = true;
    });
    started.Wait();
    const bool blocked =
        test::WaitUntilAsleep(tid, [&] { return done.load(); });
    let_go.Open();
    holder.join();
    other.join();
    return blocked;
  }
  // A thread that holds what `take` constructs.
  template <class Take>
  std::thread Hold(Take take, Latch& held, Latch& let_go) {
    std::thread thread([take, &held, &let_go] {
      take([&] {
        held.Open();
        let_go.Wait();
      });
    });
    held.Wait();
    return thread;
  }

  auto Reading(Node& node) {
    return [this, &node](auto inside) {
      TreeLock tree(mu_);
      ReadGuarantee guarantee(tree, node);
      inside();
    };
  }
  auto Writing(Node& node) {
    return [this, &node](auto inside) {
      TreeLock tree(mu_);
      WriteGuarantee guarantee(tree, node);
      inside();
    };
  }
  auto Globally() {
    return [this](auto inside) {
      GlobalGuarantee guarantee(mu_);
      inside();
    };
  }
  template <class First, class Second>
  bool Excludes(First first, Second second) {
    Latch held;
    Latch let_go;
    std::thread holder = Hold(first, held, let_go);
    return Blocks([second] { second([] {}); }, let_go, holder);
  }

  std::atomic<int64_t> live_ = 0;
  RenameMutex mu_;
  base::RefPtr<Quota> quota_ = base::MakeRef<Quota>(100u);
  base::RefPtr<Node> root_ = Node::MakeRoot(live_);
  base::RefPtr<Node> a_;
  base::RefPtr<Node> b_;
};

TEST_F(GuaranteesTest, ReadersOfOneNodeShare) {
  EXPECT_FALSE(Excludes(Reading(*a_), Reading(*a_)));
}

TEST_F(GuaranteesTest, WritersExcludeEverybodyOnTheirNode) {
  EXPECT_TRUE(Excludes(Writing(*a_), Reading(*a_)));
  EXPECT_TRUE(Excludes(Reading(*a_), Writing(*a_)));
  EXPECT_TRUE(Excludes(Writing(*a_), Writing(*a_)));
}

TEST_F(GuaranteesTest, OtherNodesAreFree) {
  EXPECT_FALSE(Excludes(Writing(*a_), Writing(*b_)));
  EXPECT_FALSE(Excludes(Writing(*a_), Writing(*root_)));
}

TEST_F(GuaranteesTest, GlobalExcludesEverything) {
  EXPECT_TRUE(Excludes(Globally(), Reading(*a_)));
  EXPECT_TRUE(Excludes(Reading(*a_), Globally()));
  EXPECT_TRUE(Excludes(Globally(), Globally()));
}

TEST_F(GuaranteesTest, ThreadsKnowWhatTheyHold) {
  RenameMutex other;
  EXPECT_FALSE(mu_.HeldByThisThread());
  {
    TreeLock tree(mu_);
    EXPECT_TRUE(mu_.HeldByThisThread());
    EXPECT_FALSE(other.HeldByThisThread());
    std::thread([this] { EXPECT_FALSE(mu_.HeldByThisThread()); }).join();
  }
  EXPECT_FALSE(mu_.HeldByThisThread());
  {
    GlobalGuarantee global(mu_);
    EXPECT_TRUE(mu_.HeldByThisThread());
  }
  EXPECT_FALSE(mu_.HeldByThisThread());
}

TEST_F(GuaranteesTest, TakingTheTreeTwiceIsABug) {
  EXPECT_DEATH(
      {
        TreeLock tree(mu_);
        GlobalGuarantee again(mu_);
      },
      "broken invariant");
}

// The last reference on an FD may go anywhere.
class LastReferenceTest : public testing::Test {
 protected:
  base::RefPtr<ControlFd> LastReference() {
    const test::FdId id = session_->To(session_.root, {"d1", "d2"});
    auto fd = session_.connection->fds().LookupControl(id);
    EXPECT_TRUE(fd.ok());
    EXPECT_TRUE(session_->Close({id}).ok());
    EXPECT_EQ(served_.server().NodeCount(), 4);
    return *fd;
  }
  void ExpectGone() { EXPECT_EQ(served_.server().NodeCount(), 2); }

  test::ServedTree served_{test::TestTree::Kind::kMemory};
  test::Session session_ = served_.Mount();
};

TEST_F(LastReferenceTest, MayBeDroppedWithoutAnyLock) {
  LastReference().reset();
  ExpectGone();
}

TEST_F(LastReferenceTest, MayBeDroppedUnderTheTreeLock) {
  base::RefPtr<ControlFd> fd = LastReference();
  TreeLock tree(served_.server().rename_mutex());
  fd.reset();
  ExpectGone();
}

TEST_F(LastReferenceTest, MayBeDroppedUnderTheGlobalGuarantee) {
  base::RefPtr<ControlFd> fd = LastReference();
  GlobalGuarantee global(served_.server().rename_mutex());
  fd.reset();
  ExpectGone();
}

TEST_F(LastReferenceTest, MayBeDroppedUnderItsOwnNodesLock) {
  base::RefPtr<ControlFd> fd = LastReference();
  auto node = base::RefPtr<Node>::Share(&fd->node());
  {
    TreeLock tree(served_.server().rename_mutex());
    const WriteGuarantee guarantee(tree, *node);
    fd.reset();
  }
  TreeLock tree(served_.server().rename_mutex());
  node.reset();
  ExpectGone();
}

TEST(LockOrderTest, LinksInOppositeDirectionsDoNotDeadlock) {
  // Each takes a directory for writing and the other's file for reading, at
  // depths 2 and 3.
  constexpr int kRounds = 300;
  test::ServedTree served(test::TestTree::Kind::kMemory);
  served.tree().MakeFile("/scratch/d1/g", "");
  const auto run = [&](test::Names target, test::Names directory) {
    test::Session session = served.Mount();
    const test::FdId file = session->To(session.root, target);
    const test::FdId dir = session->To(session.root, directory);
    for (int i = 0; i < kRounds; ++i) {
      ASSERT_EQ(session->LinkAt(dir, file, "link").error, 0);
      ASSERT_EQ(session->UnlinkAt(dir, "link").error, 0);
    }
  };
  std::thread down([&] { run({"f"}, {"d1", "d2"}); });
  std::thread up([&] { run({"d1", "g"}, {"d1", "d2", "d3"}); });
  down.join();
  up.join();
}

}  // namespace
}  // namespace gofer::lisafs
