// What a session sends, and what it makes of answers that are not as they
// should be. Through ControlFile, on the socket and on a channel.

#include "clients/lisafs/session.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <string>
#include <vector>

#include "clients/lisafs/client.h"
#include "tests/unit/clients/lisafs/fake_server.h"

namespace gofer::client {
namespace {

using test::Answer;
using test::FakeReply;
using test::FakeRequest;
using test::FakeServer;
using wire::MessageId;

class SessionTest : public testing::TestWithParam<Pathway> {
 protected:
  Client Mount() {
    Client client = *Client::Mount(server_.TakeClientEnd());
    EXPECT_TRUE(client.StartChannels(1).ok());
    client.UsePathway(GetParam());
    return client;
  }
  // FStat is answered by `message` with `payload`.
  void AnswerFStat(MessageId message, std::vector<std::byte> payload) {
    server_.On(MessageId::kFStat, [=](const FakeRequest&) {
      return FakeReply{.message = message, .payload = payload};
    });
  }
  // Answers as it should, to see that the connection still works.
  void ExpectAlive(Client& client) {
    AnswerFStat(MessageId::kFStat, test::Encoded(wire::Statx{}));
    EXPECT_TRUE(client.root().Stat().ok());
  }

  FakeServer server_;
};

INSTANTIATE_TEST_SUITE_P(Pathways, SessionTest,
                         testing::Values(Pathway::kSocketOnly,
                                         Pathway::kChannels),
                         [](const auto& param_info) {
                           return param_info.param == Pathway::kSocketOnly
                                      ? "Socket"
                                      : "Channel";
                         });

TEST_P(SessionTest, AnUnannouncedMessageIsNotSent) {
  server_.set_supported({1, 2, 3, 9});
  const Client client = Mount();
  EXPECT_EQ(client.root().StatFs().error(), base::Errno(EOPNOTSUPP));
  EXPECT_EQ(server_.Count(MessageId::kFStatFs), 0u);
}

TEST_P(SessionTest, ATooLongRequestIsNotSent) {
  server_.set_max_message_size(1000);
  const Client client = Mount();
  const std::string name(1000 - wire::kMinSize<wire::MkdirAtReq> + 1, 'x');
  EXPECT_EQ(client.root().Mkdir(name, {}).error(), base::Errno(EIO));
  EXPECT_EQ(server_.Count(MessageId::kMkdirAt), 0u);
  // One byte less is sent, and it is the server who refuses.
  EXPECT_EQ(client.root().Mkdir(name.substr(1), {}).error(),
            base::Errno(ENOTTY));
}

TEST_P(SessionTest, AStringLongerThanItsLengthFieldIsNotSent) {
  const Client client = Mount();
  EXPECT_EQ(client.root().Mkdir(std::string(65536, 'x'), {}).error(),
            base::Errno(EIO));
  EXPECT_EQ(server_.Count(MessageId::kMkdirAt), 0u);
}

TEST_P(SessionTest, TheServersErrnoIsReturned) {
  AnswerFStat(MessageId::kError, test::Encoded(wire::ErrorResp{.error = 5000}));
  Client client = Mount();
  EXPECT_EQ(client.root().Stat().error(), base::Errno(EIO));
  AnswerFStat(MessageId::kError, test::Encoded(wire::ErrorResp{.error = 0}));
  EXPECT_EQ(client.root().Stat().error(), base::Errno(EIO));
  AnswerFStat(MessageId::kError,
              test::Encoded(wire::ErrorResp{.error = ENOTDIR}));
  EXPECT_EQ(client.root().Stat().error(), base::Errno(ENOTDIR));
  ExpectAlive(client);
}

TEST_P(SessionTest, AnErrorWithoutAnErrno) {
  AnswerFStat(MessageId::kError, {});
  Client client = Mount();
  EXPECT_EQ(client.root().Stat().error(), base::Errno(EIO));
  ExpectAlive(client);
}

TEST_P(SessionTest, AnAnswerToAnotherMessage) {
  AnswerFStat(MessageId::kWalk, test::Encoded(wire::Statx{}));
  Client client = Mount();
  EXPECT_EQ(client.root().Stat().error(), base::Errno(EPROTO));
  ExpectAlive(client);
}

TEST_P(SessionTest, AnAnswerThatIsTooShort) {
  AnswerFStat(MessageId::kFStat, std::vector<std::byte>(143));
  Client client = Mount();
  EXPECT_EQ(client.root().Stat().error(), base::Errno(EIO));
  ExpectAlive(client);
}

TEST_P(SessionTest, AnAnswerLongerThanTheMaximum) {
  server_.set_max_message_size(1000);
  AnswerFStat(MessageId::kFStat, std::vector<std::byte>(1001));
  Client client = Mount();
  EXPECT_EQ(client.root().Stat().error(), base::Errno(EIO));
  ExpectAlive(client);
}

TEST_P(SessionTest, ArraysThatClaimMoreThanThereIs) {
  server_.On(MessageId::kWalk, [](const FakeRequest&) {
    return FakeReply{.message = MessageId::kWalk,
                     .payload = test::FromHex("00 ffff 0000")};
  });
  Client client = Mount();
  EXPECT_EQ(client.root().Walk("x").error(), base::Errno(EIO));
  ExpectAlive(client);
}

TEST_P(SessionTest, DescriptorsThatNobodyAskedForAreClosed) {
  test::TrackedFd tracked;
  server_.On(MessageId::kFStat, [&](const FakeRequest&) {
    FakeReply reply = Answer(MessageId::kFStat, wire::Statx{});
    for (int i = 0; i < 3; ++i) reply.fds.push_back(tracked.Copy());
    return reply;
  });
  Client client = Mount();
  EXPECT_TRUE(client.root().Stat().ok());
  EXPECT_FALSE(tracked.IsOpenElsewhere());
}

TEST_P(SessionTest, DescriptorsBesideAnErrorAreClosed) {
  test::TrackedFd tracked;
  server_.On(MessageId::kOpenAt, [&](const FakeRequest&) {
    FakeReply reply = test::AnswerError(EACCES);
    reply.fds.push_back(tracked.Copy());
    return reply;
  });
  const Client client = Mount();
  EXPECT_EQ(client.root().Open(0).error(), base::Errno(EACCES));
  EXPECT_FALSE(tracked.IsOpenElsewhere());
}

TEST_P(SessionTest, DescriptorsBesideAMismatchAreClosed) {
  test::TrackedFd tracked;
  server_.On(MessageId::kOpenAt, [&](const FakeRequest&) {
    FakeReply reply = Answer(MessageId::kMount, wire::OpenAtResp{});
    reply.fds.push_back(tracked.Copy());
    return reply;
  });
  const Client client = Mount();
  EXPECT_EQ(client.root().Open(0).error(), base::Errno(EPROTO));
  EXPECT_FALSE(tracked.IsOpenElsewhere());
}

TEST_P(SessionTest, DescriptorsBesideGarbageAreClosed) {
  test::TrackedFd tracked;
  server_.On(MessageId::kOpenAt, [&](const FakeRequest&) {
    FakeReply reply;
    reply.message = MessageId::kOpenAt;
    reply.fds.push_back(tracked.Copy());
    return reply;
  });
  const Client client = Mount();
  EXPECT_EQ(client.root().Open(0).error(), base::Errno(EIO));
  EXPECT_FALSE(tracked.IsOpenElsewhere());
}

TEST_P(SessionTest, AFrameThatAnnouncesFourGigabytesEndsTheSocket) {
  server_.On(MessageId::kFStat, [](const FakeRequest&) {
    return FakeReply{.kind = FakeReply::Kind::kRawBytes,
                     .payload = test::FromHex("ffffffff 0300 0000")};
  });
  Client client = Mount();
  client.UsePathway(Pathway::kSocketOnly);
  EXPECT_EQ(client.root().Stat().error(), base::Errno(EIO));
  EXPECT_EQ(client.root().Stat().error(), base::Errno(ECONNRESET));
}

TEST_P(SessionTest, TwoAnswersToOneRequestEndTheSocket) {
  server_.On(MessageId::kFStat, [](const FakeRequest&) {
    return FakeReply{
        .kind = FakeReply::Kind::kRawBytes,
        .payload = test::FromHex("00000000 0300 0000 00000000 0300 0000")};
  });
  Client client = Mount();
  client.UsePathway(Pathway::kSocketOnly);
  EXPECT_EQ(client.root().Stat().error(), base::Errno(EIO));
  EXPECT_EQ(client.root().Stat().error(), base::Errno(ECONNRESET));
}

TEST(SessionChannelTest, ADeadChannelCostsOneCallAndIsNeverUsedAgain) {
  FakeServer server;
  server.On(MessageId::kFStat, [](const FakeRequest& request) {
    if (request.pathway == 2) {
      return FakeReply{.kind = FakeReply::Kind::kEndPathway};
    }
    return Answer(MessageId::kFStat, wire::Statx{});
  });
  Client client = *Client::Mount(server.TakeClientEnd());
  ASSERT_EQ(*client.StartChannels(2, Client::StartOrder::kSequential), 2u);
  EXPECT_EQ(client.root().Stat().error(), base::Errno(EIO));
  EXPECT_EQ(client.counters().channels, 1u);
  EXPECT_TRUE(client.root().Stat().ok());
  EXPECT_EQ(server.RequestsOf(MessageId::kFStat).back().pathway, 1u);
}

}  // namespace
}  // namespace gofer::client
