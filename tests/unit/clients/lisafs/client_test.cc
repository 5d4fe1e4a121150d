#include "clients/lisafs/client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <thread>
#include <vector>

#include "server/wire/limits.h"
#include "tests/unit/clients/lisafs/fake_server.h"

namespace gofer::client {
namespace {

using test::Answer;
using test::FakeReply;
using test::FakeRequest;
using test::FakeServer;
using testing::Each;
using testing::Field;
using testing::SizeIs;
using wire::MessageId;

class ClientTest : public testing::Test {
 protected:
  Client Mount() { return *Client::Mount(server_.TakeClientEnd()); }
  base::Errno MountError() {
    return Client::Mount(server_.TakeClientEnd()).error();
  }
  // Mount answers `root` and `max_message_size`.
  void AnswerMount(const wire::Inode& root, uint32_t max_message_size) {
    server_.On(MessageId::kMount, [=](const FakeRequest&) {
      return Answer(
          MessageId::kMount,
          wire::MountResp{.root = root, .max_message_size = max_message_size});
    });
  }
  void AnswerFStat() {
    server_.On(MessageId::kFStat, [](const FakeRequest&) {
      return Answer(MessageId::kFStat, wire::Statx{.mode = S_IFDIR});
    });
  }

  FakeServer server_;
};

TEST_F(ClientTest, MountKeepsWhatTheServerSaid) {
  server_.set_max_message_size(100'000);
  server_.set_supported({1, 3, 9, 500});
  const Client client = Mount();
  EXPECT_EQ(client.root().id(), wire::FdId{1});
  EXPECT_EQ(client.root().found_stat().mode, S_IFDIR | 0755);
  EXPECT_EQ(client.max_message_size(), 100'000u);
  EXPECT_TRUE(client.Supports(MessageId::kFStat));
  EXPECT_FALSE(client.Supports(MessageId::kWalk));
  EXPECT_EQ(client.mount_fd(), -1);
}

TEST_F(ClientTest, KeepsADonatedMountFd) {
  test::TrackedFd tracked;
  server_.On(MessageId::kMount, [&](const FakeRequest&) {
    FakeReply reply =
        Answer(MessageId::kMount,
               wire::MountResp{.root = test::MakeInode(1, S_IFDIR),
                               .max_message_size = wire::kMaxMessageSize});
    reply.fds.push_back(tracked.Copy());
    return reply;
  });
  {
    const Client client = Mount();
    EXPECT_GE(client.mount_fd(), 0);
  }
  EXPECT_FALSE(tracked.IsOpenElsewhere());
}

TEST_F(ClientTest, AMaximumAboveOursIsOurs) {
  server_.set_max_message_size(0xFFFFFFFF);
  EXPECT_EQ(Mount().max_message_size(), wire::kMaxMessageSize);
}

TEST_F(ClientTest, RefusesAMaximumTooSmallToWorkWith) {
  server_.set_max_message_size(0);
  EXPECT_EQ(MountError(), base::Errno(EPROTO));
}

TEST_F(ClientTest, RefusesARootWithoutAttributes) {
  AnswerMount(wire::Inode{.control_fd = wire::FdId{1}}, 4096);
  EXPECT_EQ(MountError(), base::Errno(EIO));
}

TEST_F(ClientTest, RefusesARootWithoutAnFd) {
  AnswerMount(test::MakeInode(0, S_IFDIR), 4096);
  EXPECT_EQ(MountError(), base::Errno(EIO));
}

TEST_F(ClientTest, RefusesATruncatedMountResponse) {
  server_.On(MessageId::kMount, [](const FakeRequest&) {
    return FakeReply{.message = MessageId::kMount,
                     .payload = std::vector<std::byte>(157)};
  });
  EXPECT_EQ(MountError(), base::Errno(EIO));
}

TEST_F(ClientTest, ReportsTheServersRefusal) {
  server_.On(MessageId::kMount,
             [](const FakeRequest&) { return test::AnswerError(ENOENT); });
  EXPECT_EQ(MountError(), base::Errno(ENOENT));
}

TEST_F(ClientTest, ReportsThatNobodyIsThere) {
  base::UniqueFd end = server_.TakeClientEnd();
  server_.Vanish();
  // Whether the watch or the request noticed it first.
  const base::Errno error = Client::Mount(std::move(end)).error();
  EXPECT_TRUE(error == base::Errno(EIO) || error == base::Errno(ECONNRESET));
}

TEST_F(ClientTest, StartsChannelsConcurrently) {
  Client client = Mount();
  EXPECT_EQ(*client.StartChannels(4), 4u);
  EXPECT_EQ(server_.Count(MessageId::kChannel), 4u);
}

TEST_F(ClientTest, StartsChannelsOneAfterTheOther) {
  Client client = Mount();
  EXPECT_EQ(*client.StartChannels(3, Client::StartOrder::kSequential), 3u);
  const auto requests = server_.RequestsOf(MessageId::kChannel);
  ASSERT_THAT(requests, SizeIs(3));
  // The later ones travel on the first channel.
  EXPECT_EQ(requests[0].pathway, 0u);
  EXPECT_EQ(requests[1].pathway, 1u);
  EXPECT_EQ(requests[2].pathway, 2u);
}

TEST_F(ClientTest, MakesDoWithTheServersLimit) {
  server_.set_channel_limit(2);
  Client client = Mount();
  EXPECT_EQ(*client.StartChannels(4), 2u);
  AnswerFStat();
  EXPECT_TRUE(client.root().Stat().ok());
  EXPECT_EQ(server_.RequestsOf(MessageId::kFStat)[0].kind,
            comm::Communicator::Kind::kChannel);
}

TEST_F(ClientTest, NoChannelAtAllIsAnErrorButTheSocketWorks) {
  server_.set_channel_limit(0);
  Client client = Mount();
  EXPECT_EQ(client.StartChannels(2).error(), base::Errno(ENOMEM));
  AnswerFStat();
  EXPECT_TRUE(client.root().Stat().ok());
}

TEST_F(ClientTest, ChannelWithoutItsDescriptorsIsRefused) {
  test::TrackedFd tracked;
  server_.On(MessageId::kChannel, [&](const FakeRequest&) {
    FakeReply reply =
        Answer(MessageId::kChannel, wire::ChannelResp{.data_length = 4096});
    reply.fds.push_back(tracked.Copy());
    return reply;
  });
  Client client = Mount();
  EXPECT_EQ(client.StartChannels(1).error(), base::Errno(EBADF));
  EXPECT_FALSE(tracked.IsOpenElsewhere());
}

TEST_F(ClientTest, ChannelWhoseFileIsNoMemoryFileIsRefused) {
  test::TrackedFd tracked;
  server_.On(MessageId::kChannel, [&](const FakeRequest&) {
    FakeReply reply =
        Answer(MessageId::kChannel,
               wire::ChannelResp{.data_offset = -4096, .data_length = 4096});
    reply.fds.push_back(tracked.Copy());
    reply.fds.push_back(tracked.Copy());
    return reply;
  });
  Client client = Mount();
  EXPECT_EQ(client.StartChannels(1).error(), base::Errno(EINVAL));
  EXPECT_FALSE(tracked.IsOpenElsewhere());
}

TEST_F(ClientTest, PathwayCanBeChosen) {
  AnswerFStat();
  Client client = Mount();
  ASSERT_TRUE(client.StartChannels(1).ok());
  client.UsePathway(Pathway::kSocketOnly);
  ASSERT_TRUE(client.root().Stat().ok());
  client.UsePathway(Pathway::kChannels);
  ASSERT_TRUE(client.root().Stat().ok());
  const auto requests = server_.RequestsOf(MessageId::kFStat);
  ASSERT_THAT(requests, SizeIs(2));
  EXPECT_EQ(requests[0].kind, comm::Communicator::Kind::kSocket);
  EXPECT_EQ(requests[1].kind, comm::Communicator::Kind::kChannel);
}

TEST_F(ClientTest, ThreadsCallAtTheSameTime) {
  server_.On(MessageId::kWalk, [](const FakeRequest& request) {
    // The inode's number is the name, so that a mixed-up answer shows.
    const auto walk = wire::Decode<wire::WalkReq>(request.payload);
    const std::string name(*walk->path.begin());
    const std::vector<wire::Inode> inodes = {
        test::MakeInode(std::stoul(name), S_IFDIR)};
    return Answer(MessageId::kWalk, wire::WalkResp{.inodes = inodes});
  });
  Client client = Mount();
  ASSERT_TRUE(client.StartChannels(2).ok());
  std::vector<std::thread> threads;
  for (size_t thread = 1; thread <= 4; ++thread) {
    threads.emplace_back([&client, thread] {
      for (size_t i = 0; i < 200; ++i) {
        const size_t number = thread * 1000 + i;
        const auto file = client.root().Walk(std::to_string(number));
        ASSERT_TRUE(file.ok());
        ASSERT_EQ(file->id(), static_cast<wire::FdId>(number));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  ASSERT_TRUE(client.FlushCloses().ok());
  EXPECT_THAT(server_.ClosedIds(), SizeIs(800));
}

TEST_F(ClientTest, ClosesAreSentAtOneHundred) {
  uint64_t next = 2;
  server_.On(MessageId::kWalk, [&next](const FakeRequest&) {
    const std::vector<wire::Inode> inodes = {test::MakeInode(next++, S_IFDIR)};
    return Answer(MessageId::kWalk, wire::WalkResp{.inodes = inodes});
  });
  Client client = Mount();
  for (int i = 0; i < 99; ++i) ASSERT_TRUE(client.root().Walk("x").ok());
  EXPECT_EQ(server_.Count(MessageId::kClose), 0u);
  ASSERT_TRUE(client.root().Walk("x").ok());
  EXPECT_EQ(server_.Count(MessageId::kClose), 1u);
  EXPECT_THAT(server_.ClosedIds(), SizeIs(100));
  EXPECT_EQ(server_.ClosedIds().front(), wire::FdId{2});
  EXPECT_EQ(server_.ClosedIds().back(), wire::FdId{101});
}

TEST_F(ClientTest, FlushSendsWhatIsQueued) {
  server_.On(MessageId::kMkdirAt, [](const FakeRequest&) {
    return Answer(MessageId::kMkdirAt,
                  wire::MkdirAtResp{.child = test::MakeInode(7, S_IFDIR)});
  });
  Client client = Mount();
  ASSERT_TRUE(client.FlushCloses().ok());
  EXPECT_EQ(server_.Count(MessageId::kClose), 0u);
  ASSERT_TRUE(client.root().Mkdir("d", {}).ok());
  ASSERT_TRUE(client.FlushCloses().ok());
  EXPECT_THAT(server_.ClosedIds(), testing::ElementsAre(wire::FdId{7}));
}

TEST_F(ClientTest, AMovedClientWorksAndTheOtherIsEmpty) {
  AnswerFStat();
  Client first = Mount();
  const ControlFile& root = first.root();
  Client second = std::move(first);
  EXPECT_EQ(&second.root(), &root);
  EXPECT_TRUE(root.Stat().ok());
}

TEST_F(ClientTest, HandlesOutliveTheClientButItsConnectionEnds) {
  server_.On(MessageId::kMkdirAt, [](const FakeRequest&) {
    return Answer(MessageId::kMkdirAt,
                  wire::MkdirAtResp{.child = test::MakeInode(7, S_IFDIR)});
  });
  auto directory = Mount().root().Mkdir("d", {});
  ASSERT_TRUE(directory.ok());
  EXPECT_EQ(directory->Stat().error(), base::Errno(ECONNRESET));
}

TEST_F(ClientTest, LeavesNoDescriptorBehind) {
  const size_t before = test::OpenFdCount();
  {
    FakeServer server;
    Client client = *Client::Mount(server.TakeClientEnd());
    ASSERT_TRUE(client.StartChannels(3).ok());
    ASSERT_GT(test::OpenFdCount(), before);
  }
  EXPECT_EQ(test::OpenFdCount(), before);
}

}  // namespace
}  // namespace gofer::client
