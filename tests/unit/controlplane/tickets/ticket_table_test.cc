#include "controlplane/tickets/ticket_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <set>
#include <thread>

#include "controlplane/errors/error.h"

namespace goferd::tickets {
namespace {

using errors::Reason;
using errors::ReasonOf;

constexpr auto kTake = admin::ATTACH_MODE_TAKE;
const absl::Time kNow = absl::FromUnixSeconds(1'000'000);
const absl::Time kLater = kNow + absl::Seconds(30);
const gofer::uds::PeerCredentials kPeer{.pid = 10, .uid = 1, .gid = 2};

AttachClaim Claim(const std::string& uid) { return {"server", "conn", uid}; }

class TicketTableTest : public testing::Test {
 protected:
  std::string Issue(const std::string& uid,
                    const std::optional<admin::Peer>& peer = std::nullopt) {
    auto ticket = table_.Issue(Claim(uid), kTake, peer, kLater);
    EXPECT_TRUE(ticket.ok()) << ticket.status();
    return ticket.value_or("");
  }
  absl::StatusOr<std::vector<AttachClaim>> Use(
      const std::vector<std::string>& tickets) {
    return table_.Claim(tickets, kPeer, kTake, kNow);
  }

  TicketTable table_{4};
};

TEST_F(TicketTableTest, ATicketIsGoodOnce) {
  const std::string ticket = Issue("u1");
  EXPECT_EQ(ticket.size(), kTicketBytes);
  const auto claims = Use({ticket});
  ASSERT_TRUE(claims.ok()) << claims.status();
  EXPECT_EQ(claims->at(0).connection_uid, "u1");
  EXPECT_EQ(ReasonOf(Use({ticket}).status()), Reason::TICKET_INVALID);
}

TEST_F(TicketTableTest, ClaimsOfSeveralTicketsKeepTheirOrder) {
  const std::string first = Issue("u1");
  const std::string second = Issue("u2");
  const auto claims = Use({second, first});
  ASSERT_TRUE(claims.ok()) << claims.status();
  EXPECT_EQ(claims->at(0).connection_uid, "u2");
  EXPECT_EQ(claims->at(1).connection_uid, "u1");
}

TEST_F(TicketTableTest, ABadTicketUsesUpNoneOfTheOthers) {
  const std::string ticket = Issue("u1");
  const std::string unknown(kTicketBytes, 'x');
  EXPECT_EQ(ReasonOf(Use({ticket, unknown}).status()), Reason::TICKET_INVALID);
  EXPECT_TRUE(Use({ticket}).ok());
}

TEST_F(TicketTableTest, RefusesATicketThatIsNamedTwice) {
  const std::string ticket = Issue("u1");
  EXPECT_EQ(ReasonOf(Use({ticket, ticket}).status()), Reason::TICKET_INVALID);
  EXPECT_TRUE(Use({ticket}).ok());
}

TEST_F(TicketTableTest, NothingTellsWhyATicketIsBad) {
  const std::string used = Issue("u1");
  ASSERT_TRUE(Use({used}).ok());
  const std::string expired = Issue("u2");
  const std::string other_mode = Issue("u3");
  std::set<std::string> texts;
  texts.insert(Use({used}).status().ToString());
  texts.insert(Use({std::string(kTicketBytes, 'x')}).status().ToString());
  texts.insert(Use({""}).status().ToString());
  texts.insert(
      table_.Claim({expired}, kPeer, kTake, kLater).status().ToString());
  texts.insert(table_.Claim({other_mode}, kPeer, admin::ATTACH_MODE_GIVE, kNow)
                   .status()
                   .ToString());
  EXPECT_EQ(texts.size(), 1u);
}

TEST_F(TicketTableTest, AnotherPeerDoesNotUseUpTheTicket) {
  admin::Peer expected;
  expected.set_uid(7);
  const std::string ticket = Issue("u1", expected);
  EXPECT_EQ(ReasonOf(Use({ticket}).status()), Reason::PEER_MISMATCH);
  EXPECT_TRUE(
      table_.Claim({ticket}, {.pid = 1, .uid = 7, .gid = 9}, kTake, kNow).ok());
}

TEST_F(TicketTableTest, EveryFieldOfThePeerCounts) {
  for (int field = 0; field < 3; ++field) {
    admin::Peer expected;
    expected.set_uid(field == 0 ? 99 : 1);
    expected.set_gid(field == 1 ? 99 : 2);
    expected.set_pid(field == 2 ? 99 : 10);
    const std::string ticket = Issue(std::to_string(field), expected);
    EXPECT_EQ(ReasonOf(Use({ticket}).status()), Reason::PEER_MISMATCH) << field;
  }
}

TEST_F(TicketTableTest, RefusesMoreTicketsThanItsBound) {
  for (int i = 0; i < 4; ++i) Issue(std::to_string(i));
  const auto fifth = table_.Issue(Claim("5"), kTake, std::nullopt, kLater);
  EXPECT_EQ(ReasonOf(fifth.status()), Reason::TICKET_LIMIT);
  table_.Revoke("2");
  EXPECT_TRUE(table_.Issue(Claim("5"), kTake, std::nullopt, kLater).ok());
}

TEST_F(TicketTableTest, RevokedTicketsAreVoid) {
  const std::string one = Issue("u1");
  const std::string two = Issue("u2");
  table_.Revoke("u1");
  EXPECT_FALSE(Use({one}).ok());
  table_.RevokeServer("other");
  EXPECT_EQ(table_.size(), 1u);
  table_.RevokeServer("server");
  EXPECT_FALSE(Use({two}).ok());
}

TEST_F(TicketTableTest, TakesExpiredTicketsOnce) {
  Issue("u1");
  EXPECT_TRUE(table_.TakeExpired(kNow).empty());
  const auto expired = table_.TakeExpired(kLater);
  ASSERT_EQ(expired.size(), 1u);
  EXPECT_EQ(expired[0].connection_uid, "u1");
  EXPECT_TRUE(table_.TakeExpired(kLater).empty());
}

TEST_F(TicketTableTest, RestoresATicketByItsHash) {
  const std::string ticket(kTicketBytes, 't');
  EXPECT_TRUE(table_.Restore(TicketTable::HashOf(ticket), Claim("u1"), kTake,
                             std::nullopt, kLater));
  EXPECT_TRUE(Use({ticket}).ok());
}

// Notes its destruction, during which the table must not be locked.
class WatchedSocket : public ConnectionSocket {
 public:
  WatchedSocket(TicketTable& table, int& ended)
      : table_(table), ended_(ended) {}
  ~WatchedSocket() override {
    (void)table_.size();
    ++ended_;
  }
  const std::string& path() const override { return path_; }

 private:
  TicketTable& table_;
  int& ended_;
  const std::string path_;
};

TEST_F(TicketTableTest, ASocketIsDestroyedWithItsTicket) {
  constexpr auto kListen = admin::ATTACH_MODE_LISTEN;
  int ended = 0;
  const auto issue = [&](const std::string& uid) {
    const std::string ticket =
        *table_.Issue(Claim(uid), kListen, std::nullopt, kLater);
    const std::string hash = TicketTable::HashOf(ticket);
    EXPECT_EQ(table_.WithoutSocket(), std::vector<std::string>{hash});
    table_.Keep(hash, std::make_unique<WatchedSocket>(table_, ended));
    EXPECT_TRUE(table_.WithoutSocket().empty());
    return ticket;
  };
  const std::string used = issue("u1");
  EXPECT_EQ(ended, 0);
  EXPECT_TRUE(table_.Claim({used}, kPeer, kListen, kNow).ok());
  EXPECT_EQ(ended, 1);
  issue("u2");
  table_.Revoke("u2");
  EXPECT_EQ(ended, 2);
  issue("u3");
  table_.RevokeServer("server");
  EXPECT_EQ(ended, 3);
  issue("u4");
  table_.TakeExpired(kLater);
  EXPECT_EQ(ended, 4);
  // This socket comes too late.
  table_.Keep(TicketTable::HashOf(used),
              std::make_unique<WatchedSocket>(table_, ended));
  EXPECT_EQ(ended, 5);
}

TEST_F(TicketTableTest, TicketsOfOtherModesNeedNoSocket) {
  Issue("u1");
  EXPECT_TRUE(table_.WithoutSocket().empty());
}

TEST_F(TicketTableTest, RestoringIsBoundedAndReplacesNoTicket) {
  TicketTable table(2);
  const auto restore = [&](const std::string& hash, const std::string& uid) {
    return table.Restore(hash, Claim(uid), kTake, std::nullopt, kLater);
  };
  EXPECT_FALSE(restore("", "u0")) << "no hash";
  EXPECT_TRUE(restore(TicketTable::HashOf("a"), "u1"));
  EXPECT_FALSE(restore(TicketTable::HashOf("a"), "u2")) << "another's";
  EXPECT_TRUE(restore(TicketTable::HashOf("b"), "u3"));
  EXPECT_FALSE(restore(TicketTable::HashOf("c"), "u4")) << "full";
  EXPECT_EQ(table.size(), 2u);
}

TEST_F(TicketTableTest, OneOfTwoRacingClaimsSucceeds) {
  for (int round = 0; round < 50; ++round) {
    const std::string ticket = Issue("u");
    std::atomic<int> won = 0;
    std::thread other([&] { won += Use({ticket}).ok() ? 1 : 0; });
    won += Use({ticket}).ok() ? 1 : 0;
    other.join();
    EXPECT_EQ(won.load(), 1);
  }
}

}  // namespace
}  // namespace goferd::tickets
