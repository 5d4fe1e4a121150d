#include "controlplane/model/event_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

namespace goferd::model {
namespace {

constexpr char kInstance[] = "01234567-89ab-4cde-8f01-23456789abcd";

admin::Event Named(const std::string& name) {
  admin::Event event;
  event.set_type(admin::Event::MODIFIED);
  event.mutable_server()->set_name(name);
  return event;
}

std::vector<std::string> Names(const EventLog::Batch& batch) {
  std::vector<std::string> names;
  for (const auto& event : batch.events)
    names.push_back(event->server().name());
  return names;
}

TEST(EventLogTest, RevisionsHaveNoGaps) {
  EventLog log(8, kInstance);
  EXPECT_EQ(log.revision(), 1);
  EXPECT_EQ(log.Publish(Named("a")), 2);
  EXPECT_EQ(log.Publish(Named("b")), 3);
  const auto batch = log.Read(1, 10);
  EXPECT_TRUE(batch.complete);
  EXPECT_THAT(Names(batch), testing::ElementsAre("a", "b"));
  EXPECT_EQ(batch.events[1]->revision(), 3);
  EXPECT_EQ(batch.events[1]->resume_token(), log.TokenOf(3));
}

TEST(EventLogTest, ReadsInPartsAndBehindARevision) {
  EventLog log(8, kInstance);
  for (const char* name : {"a", "b", "c"}) log.Publish(Named(name));
  EXPECT_THAT(Names(log.Read(1, 2)), testing::ElementsAre("a", "b"));
  EXPECT_THAT(Names(log.Read(3, 2)), testing::ElementsAre("c"));
  EXPECT_THAT(Names(log.Read(4, 2)), testing::IsEmpty());
  EXPECT_TRUE(log.Read(4, 2).complete);
}

TEST(EventLogTest, AFreshLogCanBeReadFromItsStart) {
  EventLog log(8, kInstance);
  const int64_t start = log.revision();
  EXPECT_GE(start, 1);
  EXPECT_TRUE(log.Read(start, 10).complete);
  log.Publish(Named("a"));
  EXPECT_THAT(Names(log.Read(start, 10)), testing::ElementsAre("a"));
}

TEST(EventLogTest, ReportsThatOldEventsAreNotKept) {
  EventLog log(2, kInstance);
  for (const char* name : {"a", "b", "c"}) log.Publish(Named(name));
  EXPECT_FALSE(log.Read(1, 10).complete);
  EXPECT_TRUE(log.Read(2, 10).complete);
  EXPECT_THAT(Names(log.Read(2, 10)), testing::ElementsAre("b", "c"));
}

TEST(EventLogTest, KeepsFewerEventsWhenTheyAreLarge) {
  constexpr size_t kBytes = 100'000;
  EventLog log(1000, kInstance, 1, 10 * kBytes);
  const std::string large(kBytes, 'x');
  for (int i = 0; i < 100; ++i) log.Publish(Named(large));
  const int64_t last = log.revision();
  EXPECT_FALSE(log.Read(last - 11, 100).complete);
  EXPECT_TRUE(log.Read(last - 8, 100).complete);
  EXPECT_EQ(log.Read(last - 8, 100).events.size(), 8u);
}

TEST(EventLogTest, RevisionsOfAnEarlierRunAreNotThere) {
  EventLog log(8, kInstance, 1'000'000);
  EXPECT_EQ(log.revision(), 1'000'000);
  EXPECT_FALSE(log.Read(1, 10).complete);
  EXPECT_FALSE(log.Read(999'999, 10).complete);
  EXPECT_TRUE(log.Read(1'000'000, 10).complete);
  EXPECT_EQ(log.Publish(Named("a")), 1'000'001);
  EXPECT_THAT(Names(log.Read(1'000'000, 10)), testing::ElementsAre("a"));
}

TEST(EventLogTest, TokensOfAnotherRunAreForeign) {
  EventLog log(2, kInstance);
  EventLog other(2, "11234567-89ab-4cde-8f01-23456789abcd");
  const auto own = log.ParseToken(log.TokenOf(7));
  ASSERT_TRUE(own.has_value());
  EXPECT_EQ(own->revision, 7);
  EXPECT_FALSE(own->foreign);
  const auto foreign = log.ParseToken(other.TokenOf(7));
  ASSERT_TRUE(foreign.has_value());
  EXPECT_TRUE(foreign->foreign);
}

TEST(EventLogTest, RefusesMalformedTokens) {
  const EventLog log(2, kInstance);
  for (const char* token :
       {"", "7", "x.7", "01234567-89ab-4cde-8f01-23456789abcd",
        "01234567-89ab-4cde-8f01-23456789abcd.-1",
        "01234567-89ab-4cde-8f01-23456789abcd.1x"}) {
    EXPECT_FALSE(log.ParseToken(token).has_value()) << token;
  }
}

TEST(EventLogTest, SubscribersAreWokenUntilTheyEnd) {
  EventLog log(8, kInstance);
  int woken = 0;
  auto subscription = log.Subscribe([&] { ++woken; });
  log.Publish(Named("a"));
  EXPECT_EQ(woken, 1);
  subscription.reset();
  log.Publish(Named("b"));
  EXPECT_EQ(woken, 1);
}

TEST(EventLogTest, PublishersDoNotLoseEventsToEachOther) {
  constexpr int kEach = 500;
  EventLog log(4 * kEach, kInstance);
  std::atomic<int> woken = 0;
  const auto subscription = log.Subscribe([&] { ++woken; });
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i) {
    threads.emplace_back([&] {
      for (int j = 0; j < kEach; ++j) log.Publish(Named("x"));
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(log.revision(), 3 * kEach + 1);
  EXPECT_EQ(woken.load(), 3 * kEach);
  int64_t next = 2;
  for (const auto& event : log.Read(1, 4 * kEach).events) {
    EXPECT_EQ(event->revision(), next++);
  }
  EXPECT_EQ(next, 3 * kEach + 2);
}

}  // namespace
}  // namespace goferd::model
