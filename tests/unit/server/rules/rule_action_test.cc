// Each action, over the socket and over a channel.

#include <fcntl.h>

#include "server/base/clock.h"
#include "tests/support/process_counts.h"
#include "tests/unit/server/rules/rules_fixture.h"

namespace gofer::rules {
namespace {

enum class Pathway { kSocket, kChannel };

class RuleActionTest : public RulesTest,
                       public testing::WithParamInterface<Pathway> {
 protected:
  test::Session Mount(const test::ClientOptions& options = {}) {
    test::Session session = served_->Mount(options);
    if (GetParam() == Pathway::kChannel) {
      EXPECT_EQ(session->OpenChannel(), 0);
    }
    return session;
  }
};

TEST_P(RuleActionTest, ErrorIsAnsweredAsLongAsTheRuleStands) {
  test::Session session = Mount();
  Set({RuleOf("r", AnswerError{ENOSPC}, {Id::kFStat})});
  EXPECT_EQ(session->FStat(session.root).error, ENOSPC);
  EXPECT_TRUE(session->FStatFs(session.root).ok());
  EXPECT_EQ(CountersOf("r").hits, 1u);
  EXPECT_EQ(CountersOf("r").last_hit_unix_ns, 1000);
  Remove("r");
  EXPECT_TRUE(session->FStat(session.root).ok());
  EXPECT_EQ(session.connection->Stats().ForMessage(Id::kFStat).errors_by_number,
            (std::map<int, uint64_t>{{ENOSPC, 1}}));
}

TEST_P(RuleActionTest, FirstTerminalActionWinsAndOthersLetLaterOnesAct) {
  test::Session session = Mount();
  Rule observe = RuleOf("observe", Observe{}, {Id::kFStat});
  observe.priority = 9;
  Rule first = RuleOf("first", AnswerError{EIO}, {Id::kFStat});
  first.priority = 5;
  Rule older = RuleOf("older", AnswerError{EPERM}, {Id::kFStat});
  older.age_number = 1;
  Rule younger = RuleOf("younger", AnswerError{EBUSY}, {Id::kFStat});
  younger.age_number = 2;
  Set({younger, older, first, observe});
  EXPECT_EQ(session->FStat(session.root).error, EIO);
  EXPECT_EQ(CountersOf("observe").hits, 1u);
  EXPECT_EQ(CountersOf("older").matches, 0u);
  Remove("first");
  EXPECT_EQ(session->FStat(session.root).error, EPERM);
  EXPECT_EQ(CountersOf("younger").matches, 0u);
}

TEST_P(RuleActionTest, DelaysAddUp) {
  constexpr uint64_t kDelay = 20'000'000;
  test::Session session = Mount();
  Set({RuleOf("a", Delay{kDelay, 0}, {Id::kFStat}),
       RuleOf("b", Delay{kDelay, 0}, {Id::kFStat}),
       RuleOf("c", Observe{}, {Id::kFStat})});
  const uint64_t before = base::MonotonicNanos();
  EXPECT_TRUE(session->FStat(session.root).ok());
  EXPECT_GE(base::MonotonicNanos() - before, 2 * kDelay);
  EXPECT_EQ(CountersOf("a").active, 0u);
  EXPECT_EQ(CountersOf("c").hits, 1u);
}

TEST_P(RuleActionTest, ReadonlyRefusesWhatMutates) {
  test::Session session = Mount();
  const test::FdId file = session->To(session.root, {"f"});
  Set({RuleOf("r", Readonly{})});
  EXPECT_EQ(session->MkdirAt(session.root, "new").error, EROFS);
  EXPECT_EQ(session->OpenAt(file, O_RDWR).error, EROFS);
  EXPECT_EQ(session->OpenAt(file, O_RDONLY | O_TRUNC).error, EROFS);
  EXPECT_TRUE(session->OpenAt(file, O_RDONLY).ok());
  EXPECT_TRUE(session->FStat(file).ok());
  EXPECT_EQ(CountersOf("r").hits, 3u);
}

TEST_P(RuleActionTest, ShortIoShortensReadsAndWrites) {
  test::Session session = Mount();
  const test::FdId open = session->Opened(session.root, {"f"}, O_RDWR);
  Set({RuleOf("r", ShortIo{3})});
  EXPECT_EQ(session->PRead(open, 11, 0).data, "hel");
  EXPECT_EQ(session->PRead(open, 2, 0).data, "he");
  const auto written = session->PWrite(open, "HELLO", 0);
  ASSERT_TRUE(written.ok());
  EXPECT_EQ(written->count, 3u);
  EXPECT_EQ(session->PRead(open, 3, 2).data, "Llo");
  Remove("r");
  EXPECT_EQ(session->PRead(open, 11, 0).data, "HELlo world");
}

TEST_P(RuleActionTest, DisconnectEndsTheConnectionUnanswered) {
  test::Session session = Mount();
  test::Session other = served_->Mount();
  Rule rule = RuleOf("r", Disconnect{}, {Id::kFStat});
  rule.trigger.max_hits = 1;
  Set({rule});
  EXPECT_LT(session->FStat(session.root).error, 0);
  EXPECT_TRUE(other->FStat(other.root).ok());
  EXPECT_EQ(session.connection->end_reason(), lisafs::EndReason::kRule);
  EXPECT_EQ(session.connection->end_detail(), "id-of-r");
  session.client.reset();
  other.client.reset();
  server().Wait();
  EXPECT_EQ(session.connection->state(), lisafs::ConnectionState::kEnded);
}

TEST_P(RuleActionTest, RefusedDonationsLeakNothing) {
  test::Session session = Mount();
  const test::FdId file = session->To(session.root, {"f"});
  EXPECT_EQ(session->OpenAt(file, O_RDONLY).fds.size(), 1u);
  Set({RuleOf("r", RefuseFdDonation{})});
  // Once this is answered, the server has closed its copy of what it donated.
  EXPECT_TRUE(session->FStat(file).ok());
  const auto before = test::ProcessCounts::Take();
  const auto opened = session->OpenAt(file, O_RDONLY);
  EXPECT_TRUE(opened.ok());
  EXPECT_TRUE(opened.fds.empty());
  EXPECT_EQ(session->PRead(opened->open_fd, 5, 0).data, "hello");
  const auto created = session->OpenCreateAt(session.root, "new");
  EXPECT_TRUE(created.ok());
  EXPECT_TRUE(created.fds.empty());
  // The memory backend keeps a descriptor for each file that exists.
  EXPECT_TRUE(session->UnlinkAt(session.root, "new").ok());
  EXPECT_TRUE(session
                  ->Close({opened->open_fd, created->open_fd,
                           created->child.control_fd})
                  .ok());
  EXPECT_EQ(test::ProcessCounts::Settled(before), before);
  Remove("r");
  EXPECT_EQ(session->OpenAt(file, O_RDONLY).fds.size(), 1u);
}

TEST_P(RuleActionTest, AReadOnlyConnectionIsRefusedBeforeTheRulesAreAsked) {
  test::ClientOptions options;
  options.connection.access = lisafs::Access::kReadOnly;
  test::Session session = Mount(options);
  Set({RuleOf("r", AnswerError{EIO}, {Id::kMkdirAt})});
  EXPECT_EQ(session->MkdirAt(session.root, "new").error, EROFS);
  EXPECT_EQ(CountersOf("r").matches, 0u);
}

TEST_P(RuleActionTest, OnlyTheNamedConnectionAndMountPathMatch) {
  test::ClientOptions options;
  options.connection.name = "one";
  test::Session one = Mount(options);
  options.connection.name = "two";
  options.mount_path = "/scratch/d1";
  test::Session two = Mount(options);
  Rule by_name = RuleOf("name", AnswerError{EIO}, {Id::kFStat});
  by_name.connection_id = "one";
  Rule by_path = RuleOf("path", AnswerError{EPERM}, {Id::kFStat});
  by_path.mount_path_glob = "/*/d?";
  Set({by_name, by_path});
  EXPECT_EQ(one->FStat(one.root).error, EIO);
  EXPECT_EQ(two->FStat(two.root).error, EPERM);
}

TEST_P(RuleActionTest, ExpiredRulesDoNothing) {
  test::Session session = Mount();
  Rule rule = RuleOf("r", AnswerError{EIO}, {Id::kFStat});
  rule.expire_unix_ns = 2000;
  Set({rule});
  now_ = 1999;
  EXPECT_EQ(session->FStat(session.root).error, EIO);
  now_ = 2000;
  EXPECT_TRUE(session->FStat(session.root).ok());
}

INSTANTIATE_TEST_SUITE_P(All, RuleActionTest,
                         testing::Values(Pathway::kSocket, Pathway::kChannel));

}  // namespace
}  // namespace gofer::rules
