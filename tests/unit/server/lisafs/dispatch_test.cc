#include "server/lisafs/dispatch.h"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <memory>
#include <new>
#include <stdexcept>
#include <vector>

#include "server/wire/message_list.h"
#include "tests/support/process_counts.h"
#include "tests/support/served_tree.h"
#include "tests/support/test_handlers.h"

namespace gofer::lisafs {
namespace {

using test::StockWith;
using wire::MessageId;

// Dispatch as clients see it: the table is the test's.
class DispatchTest : public testing::Test {
 protected:
  static test::ClientOptions Options(Access access, ProtocolLevel level) {
    test::ClientOptions options;
    options.connection = ConnectionOptions::ForLevel(level);
    options.connection.access = access;
    return options;
  }
  // Every message answers with an empty success.
  void ServeEverything() {
    std::vector<Handler> rows(300);
    for (Handler& row : rows) {
      row.serve = [](RequestContext&) -> base::ErrnoOr<size_t> {
        return size_t{0};
      };
    }
    server().SetHandlers(std::make_shared<const HandlerTable>(std::move(rows)));
  }
  Server& server() { return served_.server(); }

  test::ServedTree served_{test::TestTree::Kind::kMemory};
};

TEST_F(DispatchTest, ReadOnlyConnectionsReachNoHandlerThatMutates) {
  test::Session session =
      served_.Mount(Options(Access::kReadOnly, ProtocolLevel::kAug2026));
  ServeEverything();
  wire::ForEachMessage([&]<class Row>() {
    if (Row::kId == MessageId::kError || Row::kId == MessageId::kFlush) return;
    const int expected = Row::kEffect == wire::Effect::kMutates ? EROFS : 0;
    EXPECT_EQ(session->CallBytes(static_cast<uint16_t>(Row::kId), {}).error,
              expected)
        << Row::kName;
  });
}

TEST_F(DispatchTest, WritableConnectionsReachThemAll) {
  test::Session session =
      served_.Mount(Options(Access::kReadWrite, ProtocolLevel::kAug2026));
  ServeEverything();
  wire::ForEachMessage([&]<class Row>() {
    if (Row::kId == MessageId::kError || Row::kId == MessageId::kFlush) return;
    EXPECT_EQ(session->CallBytes(static_cast<uint16_t>(Row::kId), {}).error, 0)
        << Row::kName;
  });
}

TEST_F(DispatchTest, Nov2023ServesWhatItHasAndAug2026WhatItAnnounces) {
  test::Session old_level =
      served_.Mount(Options(Access::kReadWrite, ProtocolLevel::kNov2023));
  test::Session new_level =
      served_.Mount(Options(Access::kReadWrite, ProtocolLevel::kAug2026));
  ServeEverything();
  EXPECT_EQ(old_level->CallBytes(20, {}).error, 0);
  EXPECT_EQ(new_level->CallBytes(20, {}).error, EOPNOTSUPP);
  EXPECT_EQ(old_level->CallBytes(33, {}).error, EOPNOTSUPP);
  EXPECT_EQ(new_level->CallBytes(33, {}).error, 0);
}

TEST_F(DispatchTest, ExceptionsAreAnsweredAndTheConnectionLives) {
  test::Session session = served_.Mount();
  server().SetHandlers(StockWith(MessageId::kFStatFs,
                                 [](RequestContext&) -> base::ErrnoOr<size_t> {
                                   throw std::runtime_error("thrown by a test");
                                 }));
  EXPECT_EQ(session->FStatFs(session.root).error, EREMOTEIO);
  server().SetHandlers(
      StockWith(MessageId::kFStatFs,
                [](RequestContext&) -> base::ErrnoOr<size_t> { throw 42; }));
  EXPECT_EQ(session->FStatFs(session.root).error, EREMOTEIO);
  server().SetHandlers(StockWith(MessageId::kFStatFs,
                                 [](RequestContext&) -> base::ErrnoOr<size_t> {
                                   throw std::bad_alloc();
                                 }));
  EXPECT_EQ(session->FStatFs(session.root).error, ENOMEM);
  EXPECT_TRUE(session->FStat(session.root).ok());
}

TEST_F(DispatchTest, ExceptionReleasesTheLocks) {
  test::Session session = served_.Mount();
  server().SetHandlers(
      StockWith(MessageId::kFStatFs,
                [](RequestContext& context) -> base::ErrnoOr<size_t> {
                  GlobalGuarantee global(context.server().rename_mutex());
                  throw std::runtime_error("thrown under a lock by a test");
                }));
  EXPECT_EQ(session->FStatFs(session.root).error, EREMOTEIO);
  EXPECT_EQ(session->RenameAt(session.root, "f", session.root, "g").error, 0);
}

TEST_F(DispatchTest, SlotsThatAreEmptyOrMissingAreNotSupported) {
  test::Session session = served_.Mount();
  std::vector<Handler> rows = HandlerTable::Stock()->rows();
  rows[17].serve = nullptr;
  rows.resize(20);
  server().SetHandlers(std::make_shared<const HandlerTable>(std::move(rows)));
  EXPECT_EQ(session->FStatFs(session.root).error, EOPNOTSUPP);
  EXPECT_EQ(session->UnlinkAt(session.root, "f").error, EOPNOTSUPP);
  EXPECT_TRUE(session->FStat(session.root).ok());
  server().SetHandlers(HandlerTable::Stock());
  EXPECT_TRUE(session->FStatFs(session.root).ok());
}

TEST_F(DispatchTest, PrivateMessagesMayBeServedAtNov2023) {
  test::Session session = served_.Mount();
  ServeEverything();
  EXPECT_EQ(session->CallBytes(256, {}).error, 0);
  EXPECT_EQ(session->CallBytes(300, {}).error, EOPNOTSUPP);
}

TEST_F(DispatchTest, AnswerThatIsTooLongIsEio) {
  test::Session session = served_.Mount();
  server().SetHandlers(StockWith(
      MessageId::kFStatFs,
      [](RequestContext& context) -> base::ErrnoOr<size_t> {
        const auto room = context.ResponseRoom(wire::kMaxMessageSize + 1);
        if (!room.ok()) return room.error();
        return room->size();
      }));
  EXPECT_EQ(session->FStatFs(session.root).error, EIO);
}

// What a handler has queued for the client before it fails is closed, not sent
// with a later answer.
class DonationTest : public DispatchTest,
                     public testing::WithParamInterface<bool> {
 protected:
  DonationTest() {
    if (GetParam()) {
      EXPECT_EQ(session_->OpenChannel(), 0);
    }
    // The server has closed its copies of a channel's FDs once the pathway that
    // sent them answers again.
    session_->UseSocket();
    EXPECT_TRUE(session_->FStat(session_.root).ok());
    if (GetParam()) session_->UseChannel(0);
    before_ = test::ProcessCounts::Take();
  }
  template <class Ending>
  void DonateThen(int count, Ending ending) {
    server().SetHandlers(StockWith(
        MessageId::kFStatFs,
        [count, ending](RequestContext& context) -> base::ErrnoOr<size_t> {
          for (int i = 0; i < count; ++i) {
            const char* const path = i == 0 ? "/dev/null" : "/dev/zero";
            context.Donate(base::UniqueFd(::open(path, O_RDONLY | O_CLOEXEC)));
          }
          context.Donate(base::UniqueFd());
          return ending();
        }));
  }
  static base::ErrnoOr<size_t> Succeed() { return size_t{0}; }
  static base::ErrnoOr<size_t> Fail() { return base::Errno(EPERM); }
  static base::ErrnoOr<size_t> Throw() { throw std::runtime_error("test"); }

  test::Session session_ = served_.Mount();
  test::ProcessCounts before_;
};

TEST_P(DonationTest, SendsTwoAtMostInOrder) {
  DonateThen(2, Succeed);
  {
    const auto reply = session_->CallBytes(17, {});
    ASSERT_EQ(reply.fds.size(), 2u);
    char byte = 1;
    EXPECT_EQ(::read(reply.fds[0].get(), &byte, 1), 0);
    EXPECT_EQ(::read(reply.fds[1].get(), &byte, 1), 1);
    for (const base::UniqueFd& fd : reply.fds) {
      EXPECT_NE(::fcntl(fd.get(), F_GETFL) & O_NONBLOCK, 0);
    }
  }
  EXPECT_TRUE(session_->FStat(session_.root).ok());
  EXPECT_EQ(test::ProcessCounts::Take(), before_);
}

TEST_P(DonationTest, FailureClosesDonations) {
  for (const auto ending : {&Fail, &Throw}) {
    DonateThen(2, ending);
    const auto reply = session_->CallBytes(17, {});
    EXPECT_NE(reply.error, 0);
    EXPECT_TRUE(reply.fds.empty());
    EXPECT_TRUE(session_->FStat(session_.root).fds.empty());
  }
  EXPECT_EQ(test::ProcessCounts::Take(), before_);
}

INSTANTIATE_TEST_SUITE_P(OnASocketAndOnAChannel, DonationTest, testing::Bool());

}  // namespace
}  // namespace gofer::lisafs
