// A client that works together with a process of the host, which changes the
// tree behind the server's back.

#include "tests/conformance/conformance_test.h"

namespace gofer::test {
namespace {

class ChangedFromOutsideTest : public ConformanceTest {
 protected:
  // Another connection on the tree gets answers to what takes its locks.
  void ExpectOthersAreServed() {
    Session other = NewSession(Options());
    EXPECT_EQ(other->RenameAt(other.root, "f", other.root, "f2").error, 0);
    EXPECT_EQ(other->RenameAt(other.root, "f2", other.root, "f").error, 0);
    EXPECT_EQ(other->MkdirAt(other.root, "of the other").error, 0);
  }
};

// The server believes that b is below a; on the host it is not any more, so the
// host lets a move below b.
TEST_P(ChangedFromOutsideTest, RenameBelowItselfMakesNoRing) {
  tree().MakeDirectory("/scratch/a");
  tree().MakeDirectory("/scratch/a/b");
  const FdId a = To({"a"});
  const FdId b = To({"a", "b"});
  tree().Rename("/scratch/a/b", "/scratch/b");
  ASSERT_EQ(c_.RenameAt(root_, "a", b, "c").error, 0);

  // What climbs to the root gets there.
  static_cast<void>(c_.LinkAt(b, To({"f"}), "link"));
  static_cast<void>(c_.BindAt(b, "socket", SOCK_STREAM));
  EXPECT_EQ(c_.FStat(a).error, 0);
  EXPECT_EQ(c_.MkdirAt(a, "x").error, EINVAL) << "its position is unknown";
  ExpectOthersAreServed();
}

TEST_P(ChangedFromOutsideTest, ExchangeWithItsOwnParentMakesNoRing) {
  if (!aug2026()) return;  // RenameAt2 came then.
  tree().MakeDirectory("/scratch/a");
  tree().MakeDirectory("/scratch/a/b");
  tree().MakeDirectory("/scratch/a/b/c");
  const FdId b = To({"a", "b"});
  static_cast<void>(To({"a", "b", "c"}));
  tree().Rename("/scratch/a/b", "/scratch/b");
  ASSERT_EQ(c_.RenameAt2(root_, "a", b, "c", 2).error, 0);
  static_cast<void>(c_.LinkAt(b, To({"f"}), "link"));
  ExpectOthersAreServed();
}

// One position is both ends of the link: its lock cannot be had twice.
TEST_P(ChangedFromOutsideTest, FileThatBecameDirectoryIsNotLinkedIntoItself) {
  tree().MakeFile("/scratch/p", "text");
  const FdId file = To({"p"});
  tree().Rename("/scratch/p", "/scratch/elsewhere");
  tree().MakeDirectory("/scratch/p");
  const FdId directory = To({"p"});
  EXPECT_EQ(c_.LinkAt(directory, file, "x").error, EINVAL);
  ExpectOthersAreServed();
}

// Nobody changes the tree in memory but the server.
std::vector<Setting> HostSettings() {
  std::vector<Setting> settings = AllSettings();
  std::erase_if(settings, [](const Setting& setting) {
    return setting.tree != TestTree::Kind::kHost;
  });
  return settings;
}

INSTANTIATE_TEST_SUITE_P(Host, ChangedFromOutsideTest,
                         testing::ValuesIn(HostSettings()), NameOfSetting);

}  // namespace
}  // namespace gofer::test
