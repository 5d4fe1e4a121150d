#include "server/lisafs/node.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "server/lisafs/guarantees.h"
#include "server/lisafs/quota.h"

namespace gofer::lisafs {
namespace {

using base::RefPtr;

class NodeTest : public testing::Test {
 protected:
  ~NodeTest() override {
    TreeLock tree(mu_);
    root_.reset();
    EXPECT_EQ(live_, 0);
    EXPECT_EQ(quota_->in_use(), 0u);
  }

  RefPtr<Node> Child(Node& parent, absl::string_view name) {
    TreeLock tree(mu_);
    return parent.FindOrCreateChild(tree, name, *quota_);
  }
  RefPtr<Node> Find(Node& parent, absl::string_view name) {
    return parent.FindChild(name);
  }
  void Drop(RefPtr<Node>& node) {
    TreeLock tree(mu_);
    node.reset();
  }
  std::string Path(const Node& node) {
    TreeLock tree(mu_);
    return node.FilePath(tree);
  }
  void Unlink(Node& parent, Node& child) {
    TreeLock tree(mu_);
    WriteGuarantee self(tree, parent);
    WriteGuarantee victim(tree, child);
    parent.DetachDeleted(self, child);
  }
  using Kind = Node::PendingRename::Kind;
  void Rename(Node& old_parent, absl::string_view old_name, Node& new_parent,
              absl::string_view new_name, Kind kind = Kind::kReplace) {
    GlobalGuarantee global(mu_);
    Node::PendingRename(global, old_parent, old_name, new_parent, new_name)
        .Apply(kind);
  }

  std::atomic<int64_t> live_ = 0;
  RenameMutex mu_;
  RefPtr<Quota> quota_ = base::MakeRef<Quota>(1'000'000u);
  RefPtr<Node> root_ = Node::MakeRoot(live_);
};

TEST_F(NodeTest, OneNodePerPosition) {
  RefPtr<Node> a = Child(*root_, "a");
  RefPtr<Node> again = Child(*root_, "a");
  EXPECT_EQ(a.get(), again.get());
  EXPECT_EQ(live_, 2);
  Drop(again);
  EXPECT_EQ(live_, 2);
  Drop(a);
  EXPECT_EQ(live_, 1);
  EXPECT_FALSE(Find(*root_, "a"));
}

TEST_F(NodeTest, ChildrenKeepTheirParents) {
  RefPtr<Node> a = Child(*root_, "a");
  RefPtr<Node> b = Child(*a, "b");
  Node* const raw = a.get();
  Drop(a);
  EXPECT_EQ(live_, 3);
  RefPtr<Node> found = Find(*root_, "a");
  EXPECT_EQ(found.get(), raw);
  Drop(found);
  Drop(b);
  EXPECT_EQ(live_, 1);
}

TEST_F(NodeTest, PathsFollowTheParents) {
  RefPtr<Node> a = Child(*root_, "a");
  RefPtr<Node> b = Child(*a, "b");
  EXPECT_EQ(Path(*root_), "/");
  EXPECT_EQ(Path(*b), "/a/b");
  TreeLock tree(mu_);
  EXPECT_EQ(b->Depth(tree), 2u);
  EXPECT_EQ(b->Name(tree), "b");
  EXPECT_EQ(b->Parent(tree), a.get());
  EXPECT_EQ(root_->Parent(tree), nullptr);
  b.reset();
  a.reset();
}

TEST_F(NodeTest, FindsEachOfFiveAndTenChildren) {
  for (const int count : {5, 10}) {
    std::vector<RefPtr<Node>> children;
    for (int i = 0; i < count; ++i) {
      children.push_back(Child(*root_, std::to_string(i)));
    }
    EXPECT_EQ(live_, count + 1);
    for (int i = 0; i < count; ++i) {
      RefPtr<Node> found = Find(*root_, std::to_string(i));
      EXPECT_EQ(found.get(), children[static_cast<size_t>(i)].get());
      Drop(found);
    }
    for (int i = 0; i < count; i += 2) {
      Drop(children[static_cast<size_t>(i)]);
      EXPECT_FALSE(Find(*root_, std::to_string(i)));
    }
    for (RefPtr<Node>& child : children) Drop(child);
    EXPECT_EQ(live_, 1);
  }
}

TEST_F(NodeTest, DyingNodeLeavesItsSuccessorsEntry) {
  RefPtr<Node> first = Child(*root_, "a");
  Unlink(*root_, *first);
  RefPtr<Node> second = Child(*root_, "a");
  EXPECT_NE(first.get(), second.get());
  EXPECT_TRUE(first->deleted());
  EXPECT_FALSE(second->deleted());
  Drop(first);
  RefPtr<Node> found = Find(*root_, "a");
  EXPECT_EQ(found.get(), second.get());
  Drop(found);
  Drop(second);
}

TEST_F(NodeTest, DeletionReachesEverythingBelow) {
  RefPtr<Node> a = Child(*root_, "a");
  RefPtr<Node> b = Child(*a, "b");
  RefPtr<Node> c = Child(*b, "c");
  RefPtr<Node> other = Child(*root_, "other");
  Unlink(*root_, *a);
  EXPECT_TRUE(a->deleted());
  EXPECT_TRUE(b->deleted());
  EXPECT_TRUE(c->deleted());
  EXPECT_FALSE(other->deleted());
  EXPECT_FALSE(root_->deleted());
  EXPECT_FALSE(Find(*root_, "a"));
  for (RefPtr<Node>* node : {&a, &b, &c, &other}) Drop(*node);
}

TEST_F(NodeTest, ChainOf100000NodesDiesWithoutRecursion) {
  // On a thread with as little stack as the server's have.
  std::thread([this] {
    RefPtr<Node> deepest = Child(*root_, "x");
    for (int i = 0; i < 100'000; ++i) {
      RefPtr<Node> next = Child(*deepest, "x");
      Drop(deepest);
      deepest = std::move(next);
    }
    EXPECT_EQ(live_, 100'002);
    EXPECT_EQ(Path(*deepest).size(), 200'002u);
    Drop(deepest);
    EXPECT_EQ(live_, 1);
  }).join();
}

TEST_F(NodeTest, DeepTreeIsFlaggedWithoutRecursion) {
  RefPtr<Node> top = Child(*root_, "x");
  RefPtr<Node> deepest = Child(*top, "x");
  for (int i = 0; i < 100'000; ++i) {
    RefPtr<Node> next = Child(*deepest, "x");
    Drop(deepest);
    deepest = std::move(next);
  }
  Unlink(*root_, *top);
  EXPECT_TRUE(deepest->deleted());
  Drop(deepest);
  Drop(top);
}

TEST_F(NodeTest, QuotaBoundsTheNodesOfAConnection) {
  auto small = base::MakeRef<Quota>(2u);
  RefPtr<Node> a;
  RefPtr<Node> b;
  {
    TreeLock tree(mu_);
    a = root_->FindOrCreateChild(tree, "a", *small);
    b = a->FindOrCreateChild(tree, "b", *small);
    EXPECT_FALSE(b->FindOrCreateChild(tree, "c", *small));
    // A node that exists costs nothing.
    EXPECT_TRUE(root_->FindOrCreateChild(tree, "a", *small));
  }
  EXPECT_EQ(live_, 3);
  Drop(b);
  EXPECT_EQ(small->in_use(), 1u);
  Drop(a);
  EXPECT_EQ(small->in_use(), 0u);
}

TEST_F(NodeTest, RenameMovesTheSubtree) {
  RefPtr<Node> a = Child(*root_, "a");
  RefPtr<Node> b = Child(*a, "b");
  RefPtr<Node> to = Child(*root_, "to");
  Rename(*root_, "a", *to, "c");
  EXPECT_EQ(Path(*b), "/to/c/b");
  EXPECT_FALSE(Find(*root_, "a"));
  RefPtr<Node> found = Find(*to, "c");
  EXPECT_EQ(found.get(), a.get());
  for (RefPtr<Node>* node : {&found, &a, &b}) Drop(*node);
  EXPECT_EQ(live_, 2);
  Drop(to);
}

TEST_F(NodeTest, RenameDeletesWhatItReplaces) {
  RefPtr<Node> a = Child(*root_, "a");
  RefPtr<Node> b = Child(*root_, "b");
  Rename(*root_, "a", *root_, "b");
  EXPECT_TRUE(b->deleted());
  EXPECT_FALSE(a->deleted());
  EXPECT_EQ(Path(*a), "/b");
  Drop(b);
  RefPtr<Node> found = Find(*root_, "b");
  EXPECT_EQ(found.get(), a.get());
  Drop(found);
  Drop(a);
}

TEST_F(NodeTest, RenameOfANameWithoutNodeDeletesTheTarget) {
  RefPtr<Node> b = Child(*root_, "b");
  Rename(*root_, "a", *root_, "b");
  EXPECT_TRUE(b->deleted());
  EXPECT_FALSE(Find(*root_, "b"));
  Drop(b);
}

TEST_F(NodeTest, ExchangeDeletesNeither) {
  RefPtr<Node> dir = Child(*root_, "dir");
  RefPtr<Node> a = Child(*root_, "a");
  RefPtr<Node> b = Child(*dir, "b");
  Rename(*root_, "a", *dir, "b", Kind::kExchange);
  EXPECT_EQ(Path(*a), "/dir/b");
  EXPECT_EQ(Path(*b), "/a");
  EXPECT_FALSE(a->deleted());
  EXPECT_FALSE(b->deleted());
  for (RefPtr<Node>* node : {&dir, &a, &b}) Drop(*node);
  EXPECT_EQ(live_, 1);
}

TEST_F(NodeTest, ExchangeWithANameWithoutNodeMovesTheOther) {
  RefPtr<Node> a = Child(*root_, "a");
  Rename(*root_, "a", *root_, "b", Kind::kExchange);
  EXPECT_EQ(Path(*a), "/b");
  EXPECT_FALSE(Find(*root_, "a"));
  Rename(*root_, "a", *root_, "b", Kind::kExchange);
  EXPECT_EQ(Path(*a), "/a");
  Drop(a);
}

TEST_F(NodeTest, RenameBelowItselfMakesNoRing) {
  // The host can allow it when its tree was changed from outside.
  RefPtr<Node> a = Child(*root_, "a");
  RefPtr<Node> b = Child(*a, "b");
  Rename(*root_, "a", *b, "c");
  EXPECT_TRUE(a->deleted());
  EXPECT_TRUE(b->deleted());
  Drop(b);
  Drop(a);
  EXPECT_EQ(live_, 1);
}

TEST_F(NodeTest, FindingAndDyingDoNotMeet) {
  constexpr int kRounds = 5'000;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([this] {
      for (int i = 0; i < kRounds; ++i) {
        RefPtr<Node> a = Child(*root_, "a");
        RefPtr<Node> b = Child(*a, "b");
        Drop(a);
        Drop(b);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(live_, 1);
}

}  // namespace
}  // namespace gofer::lisafs
