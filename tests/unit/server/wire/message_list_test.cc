#include "server/wire/message_list.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <map>
#include <set>
#include <string>

namespace gofer::wire {
namespace {

using Id = MessageId;
using ::testing::ElementsAre;
using ::testing::Pair;

TEST(MessageListTest, NamesKnownMessagesAndMarksUnknownOnes) {
  EXPECT_EQ(NameOf(0), "Error");
  EXPECT_EQ(NameOf(17), "FStatFS");
  EXPECT_EQ(NameOf(33), "RenameAt2");
  EXPECT_EQ(NameOf(34), "?");
  EXPECT_EQ(NameOf(0xFFFF), "?");
}

TEST(MessageListTest, NamesAreDistinct) {
  std::set<absl::string_view> names;
  ForEachMessage([&names]<class Row>() { names.insert(Row::kName); });
  EXPECT_EQ(names.size(), kMessageIdCount);
}

TEST(MessageListTest, ReadOnlyConnectionsRefuseExactlyTheseMessages) {
  std::vector<Id> mutating;
  ForEachMessage([&mutating]<class Row>() {
    if (Mutates(Row::kId)) mutating.push_back(Row::kId);
  });
  EXPECT_THAT(
      mutating,
      ElementsAre(Id::kSetStat, Id::kOpenCreateAt, Id::kPWrite, Id::kMkdirAt,
                  Id::kMknodAt, Id::kSymlinkAt, Id::kLinkAt, Id::kFAllocate,
                  Id::kUnlinkAt, Id::kRenameAt, Id::kFSetXattr,
                  Id::kFRemoveXattr, Id::kBindAt, Id::kRenameAt2));
}

TEST(MessageListTest, KnowsHowManyDescriptorsEachMessageDonates) {
  std::map<Id, int> donating;
  ForEachMessage([&donating]<class Row>() {
    if (RowOf(Row::kId).max_fds > 0) {
      donating[Row::kId] = RowOf(Row::kId).max_fds;
    }
  });
  EXPECT_THAT(
      donating,
      ElementsAre(Pair(Id::kMount, 1), Pair(Id::kChannel, 2),
                  Pair(Id::kOpenAt, 1), Pair(Id::kOpenCreateAt, 1),
                  Pair(Id::kConnect, 1), Pair(Id::kBindAt, 1),
                  Pair(Id::kAccept, 1), Pair(Id::kConnectWithCreds, 1)));
}

TEST(MessageListTest, RowsAreVisitedByAscendingId) {
  uint16_t next = 0;
  ForEachMessage([&next]<class Row>() {
    EXPECT_EQ(static_cast<uint16_t>(Row::kId), next++);
    EXPECT_EQ(RowOf(Row::kId).name, Row::kName);
  });
  EXPECT_EQ(next, kMessageIdCount);
}

}  // namespace
}  // namespace gofer::wire
