// No call outlasts the server or the client's Close.

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <future>
#include <thread>

#include "clients/lisafs/client.h"
#include "tests/unit/clients/lisafs/fake_server.h"

namespace gofer::client {
namespace {

using test::FakeReply;
using test::FakeRequest;
using test::FakeServer;
using wire::MessageId;

class ClientShutdownTest : public testing::TestWithParam<Pathway> {
 protected:
  ClientShutdownTest() {
    server_.On(MessageId::kFStat, [this](const FakeRequest& request) {
      arrived_.set_value(request.kind);
      answer_.get_future().wait();
      return test::AnswerError(EBUSY);
    });
    client_ = std::make_unique<Client>(*Client::Mount(server_.TakeClientEnd()));
    EXPECT_TRUE(client_->StartChannels(1).ok());
    client_->UsePathway(GetParam());
  }
  ~ClientShutdownTest() override { client_.reset(); }

  // Starts a call that the server never answers.
  std::future<base::Errno> CallAndBlock() {
    auto call = std::async(std::launch::async,
                           [this] { return client_->root().Stat().error(); });
    EXPECT_EQ(arrived_.get_future().get(),
              GetParam() == Pathway::kSocketOnly
                  ? comm::Communicator::Kind::kSocket
                  : comm::Communicator::Kind::kChannel);
    return call;
  }

  std::promise<comm::Communicator::Kind> arrived_;
  std::promise<void> answer_;
  FakeServer server_;
  std::unique_ptr<Client> client_;
};

INSTANTIATE_TEST_SUITE_P(Pathways, ClientShutdownTest,
                         testing::Values(Pathway::kSocketOnly,
                                         Pathway::kChannels),
                         [](const auto& param_info) {
                           return param_info.param == Pathway::kSocketOnly
                                      ? "Socket"
                                      : "Channel";
                         });

TEST_P(ClientShutdownTest, ACallInFlightFailsWhenTheServerVanishes) {
  auto call = CallAndBlock();
  server_.Vanish();
  EXPECT_EQ(call.get(), base::Errno(EIO));
  EXPECT_EQ(client_->root().Stat().error(), base::Errno(ECONNRESET));
  answer_.set_value();
}

TEST_P(ClientShutdownTest, ACallInFlightFailsWhenTheClientCloses) {
  auto call = CallAndBlock();
  client_->Close();
  EXPECT_EQ(call.get(), base::Errno(EIO));
  answer_.set_value();
}

TEST_P(ClientShutdownTest, CallsThatWaitForTheSocketFailToo) {
  client_->UsePathway(Pathway::kSocketOnly);
  auto first = std::async(std::launch::async,
                          [this] { return client_->root().Stat().error(); });
  EXPECT_EQ(arrived_.get_future().get(), comm::Communicator::Kind::kSocket);
  auto second = std::async(std::launch::async,
                           [this] { return client_->root().StatFs().error(); });
  server_.Vanish();
  EXPECT_EQ(first.get(), base::Errno(EIO));
  EXPECT_EQ(second.get(), base::Errno(ECONNRESET));
  answer_.set_value();
}

TEST(ClientShutdownRaceTest, ManyThreadsCallWhileTheServerVanishes) {
  FakeServer server;
  server.On(MessageId::kFStat, [](const FakeRequest&) {
    return test::Answer(MessageId::kFStat, wire::Statx{});
  });
  Client client = *Client::Mount(server.TakeClientEnd());
  ASSERT_TRUE(client.StartChannels(2).ok());
  std::atomic<int> calls = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      while (client.root().Stat().ok()) calls.fetch_add(1);
    });
  }
  while (calls.load() < 20) std::this_thread::yield();
  server.Vanish();
  for (std::thread& thread : threads) thread.join();
  EXPECT_GE(calls.load(), 20);
}

TEST(ClientShutdownRaceTest, ChannelsStartWhileTheServerVanishes) {
  for (int round = 0; round < 20; ++round) {
    FakeServer server;
    Client client = *Client::Mount(server.TakeClientEnd());
    std::thread vanish([&] { server.Vanish(); });
    // Any number of channels, or any error: it must only return.
    (void)client.StartChannels(4);
    vanish.join();
  }
}

}  // namespace
}  // namespace gofer::client
