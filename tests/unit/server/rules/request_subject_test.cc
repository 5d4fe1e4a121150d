#include "server/rules/request_subject.h"

#include <fcntl.h>

#include "tests/support/wire_bytes.h"
#include "tests/unit/server/rules/rules_fixture.h"

namespace gofer::rules {
namespace {

class RequestSubjectTest : public RulesTest {
 protected:
  // Whether a request that `call` makes is about a file called `glob`.
  template <class Call>
  bool IsAbout(const std::string& glob, Call call) {
    Rule rule = RuleOf("r", Observe{});
    rule.path_glob = glob;
    Set({rule});
    call();
    return CountersOf("r").matches == 1;
  }

  test::Session session_ = served_->Mount();
  test::FileClient& c_ = *session_.client;
  const test::FdId root_ = session_.root;
};

TEST_F(RequestSubjectTest, FdsAreTheirFiles) {
  const test::FdId d2 = c_.To(root_, {"d1", "d2"});
  const test::FdId open = c_.Opened(root_, {"f"}, O_RDWR);
  EXPECT_TRUE(IsAbout("/d1/d2", [&] { c_.FStat(d2); }));
  EXPECT_TRUE(IsAbout("/f", [&] { c_.PRead(open, 1, 0); }));
  EXPECT_TRUE(IsAbout("/f", [&] { c_.FSync({d2, open}); }));
  EXPECT_TRUE(IsAbout("/", [&] { c_.FStat(root_); }));
  EXPECT_FALSE(IsAbout("/scratch/**", [&] { c_.FStat(d2); }));
}

TEST_F(RequestSubjectTest, CreationsAreAboutTheNewName) {
  const test::FdId d1 = c_.To(root_, {"d1"});
  EXPECT_TRUE(IsAbout("/d1/new", [&] { c_.MkdirAt(d1, "new"); }));
  EXPECT_TRUE(IsAbout("/d1/c", [&] { c_.OpenCreateAt(d1, "c"); }));
  EXPECT_TRUE(IsAbout("/d1/s", [&] { c_.SymlinkAt(d1, "s", "/etc"); }));
  EXPECT_TRUE(IsAbout("/d1/new", [&] { c_.UnlinkAt(d1, "new", 0x200); }));
  EXPECT_FALSE(IsAbout("/d1", [&] { c_.MkdirAt(d1, "x"); }));
}

TEST_F(RequestSubjectTest, WalksAreAboutEachFileThatTheyPass) {
  EXPECT_TRUE(IsAbout("/d1/d2", [&] { c_.Walk(root_, {"d1", "d2"}); }));
  EXPECT_TRUE(IsAbout("/d1", [&] { c_.WalkStat(root_, {"", "d1"}); }));
  EXPECT_TRUE(IsAbout("/d1", [&] { c_.Walk(root_, {"d1", "d2"}); }));
  EXPECT_TRUE(IsAbout("/d1", [&] { c_.WalkStat(root_, {"d1", "no"}); }));
  EXPECT_TRUE(IsAbout("/", [&] { c_.WalkStat(root_, {"", "d1"}); }));
  EXPECT_FALSE(IsAbout("/", [&] { c_.Walk(root_, {"d1", "d2"}); }));
}

TEST_F(RequestSubjectTest, RenamesAndLinksAreAboutBothFiles) {
  const test::FdId d1 = c_.To(root_, {"d1"});
  const test::FdId f = c_.To(root_, {"f"});
  EXPECT_TRUE(IsAbout("/d1/l", [&] { c_.LinkAt(d1, f, "l"); }));
  EXPECT_TRUE(IsAbout("/f", [&] { c_.LinkAt(d1, f, "m"); }));
  EXPECT_TRUE(IsAbout("/f", [&] { c_.RenameAt(root_, "f", d1, "g"); }));
  EXPECT_TRUE(IsAbout("/d1/h", [&] { c_.RenameAt(d1, "g", d1, "h"); }));
}

TEST_F(RequestSubjectTest, ARenamedFileIsKnownByItsPresentPath) {
  const test::FdId d2 = c_.To(root_, {"d1", "d2"});
  ASSERT_TRUE(c_.RenameAt(root_, "d1", root_, "moved").ok());
  EXPECT_TRUE(IsAbout("/moved/d2", [&] { c_.FStat(d2); }));
  EXPECT_FALSE(IsAbout("/d1/d2", [&] { c_.FStat(d2); }));
}

TEST_F(RequestSubjectTest, AFileMovedOutOfTheMountPathIsAboutNothing) {
  test::ClientOptions options;
  options.mount_path = "/scratch/d1";
  test::Session inner = served_->Mount(options);
  const test::FdId d2 = inner->To(inner.root, {"d2"});
  EXPECT_TRUE(IsAbout("/d2", [&] { inner->FStat(d2); }));
  const test::FdId d1 = c_.To(root_, {"d1"});
  ASSERT_TRUE(c_.RenameAt(d1, "d2", root_, "d11").ok());
  EXPECT_FALSE(IsAbout("**", [&] { inner->FStat(d2); }));
}

TEST_F(RequestSubjectTest, CloseAndChannelAreAboutNoFile) {
  const test::FdId f = c_.To(root_, {"f"});
  EXPECT_FALSE(IsAbout("**", [&] { c_.Close({f}); }));
  EXPECT_FALSE(IsAbout("**", [&] { c_.OpenChannel(); }));
}

TEST_F(RequestSubjectTest, UserIdsMatchWhereTheyAreCarried) {
  Rule rule = RuleOf("r", AnswerError{EDQUOT});
  rule.request_uid = 1001;
  Set({rule});
  const lisafs::Owner owner{1001, 5};
  EXPECT_EQ(c_.MkdirAt(root_, "a", 0755, owner).error, EDQUOT);
  EXPECT_EQ(c_.OpenCreateAt(root_, "b", 2, 0644, owner).error, EDQUOT);
  EXPECT_TRUE(c_.MkdirAt(root_, "c").ok());
  EXPECT_TRUE(c_.FStat(root_).ok());
  EXPECT_EQ(CountersOf("r").matches, 2u);
}

TEST_F(RequestSubjectTest, HostileRequestsAreAboutNothing) {
  const auto about = [this](uint16_t message, std::vector<std::byte> payload) {
    return IsAbout("**", [&] { c_.CallBytes(message, payload); });
  };
  for (uint16_t message = 2; message < 40; ++message) {
    EXPECT_FALSE(about(message, {})) << message;
    EXPECT_FALSE(about(message, std::vector<std::byte>(7))) << message;
    // FDID 0 names nothing, and so do all names of no bytes.
    EXPECT_FALSE(about(message, std::vector<std::byte>(64))) << message;
  }
  for (const char* name : {"..", ".", "", "a/b"}) {
    EXPECT_FALSE(IsAbout("**", [&] { c_.MkdirAt(root_, name); })) << name;
    // What comes before has been given to the client.
    EXPECT_TRUE(IsAbout("/d1", [&] { c_.Walk(root_, {"d1", name}); })) << name;
    EXPECT_TRUE(IsAbout("/d1", [&] { c_.Walk(root_, {"d1", "no", name}); }));
    EXPECT_FALSE(IsAbout("/d1/no/*", [&] {
      c_.Walk(root_, {"d1", "no", name});
    })) << name;
  }
  EXPECT_FALSE(IsAbout("**", [&] { c_.FStat(test::FdId{999}); }));
}

TEST_F(RequestSubjectTest, OverLongPathsMatchEveryPattern) {
  const std::string name(250, 'n');
  const std::vector<absl::string_view> path(300, name);
  EXPECT_TRUE(IsAbout("/else", [&] { c_.Walk(root_, path); }));
  EXPECT_FALSE(IsAbout("/else", [&] { c_.Walk(root_, {name}); }));
}

TEST_F(RequestSubjectTest, TooManyFilesMatchEveryPattern) {
  const std::vector<absl::string_view> path(RequestSubject::kMaxFiles + 1, "d");
  EXPECT_TRUE(IsAbout("/else", [&] { c_.Walk(root_, path); }));
  const test::FdId file = c_.Opened(root_, {"f"}, O_RDONLY);
  EXPECT_TRUE(IsAbout("/else", [&] {
    c_.FSync(std::vector<test::FdId>(RequestSubject::kMaxFiles + 1, file));
  }));
}

}  // namespace
}  // namespace gofer::rules
