#include "clients/lisafs/pathway_pool.h"

#include <gtest/gtest.h>

#include <atomic>
#include <optional>
#include <thread>

#include "server/comm/channel_offer.h"
#include "server/uds/unix_socket.h"

namespace gofer::client {
namespace {

class PathwayPoolTest : public testing::Test {
 protected:
  PathwayPoolTest() : pair_(*uds::MakeSocketPair(uds::SocketType::kStream)) {
    pool_.emplace(std::move(pair_.first));
  }

  // A channel that nobody serves.
  std::unique_ptr<comm::ClientChannel> MakeChannel() {
    auto offer = *comm::MakeChannelOffer(windows_, 4096);
    return *comm::ClientChannel::Open(offer.data_fd.get(), offer.window.offset,
                                      offer.window.length,
                                      std::move(offer.fd_socket));
  }
  // Puts a channel into the pool and leaves it idle.
  comm::ClientCommunicator* AddIdle() {
    return pool_->Adopt(MakeChannel())->get();
  }

  uds::SocketPair pair_;
  flipcall::PacketWindowAllocator windows_;
  std::optional<PathwayPool> pool_;
};

TEST_F(PathwayPoolTest, TheLastReleasedChannelGoesFirst) {
  comm::ClientCommunicator* const first = AddIdle();
  comm::ClientCommunicator* const second = AddIdle();
  {
    auto a = pool_->Acquire();
    EXPECT_EQ(a->get(), second);
    {
      auto b = pool_->Acquire();
      EXPECT_EQ(b->get(), first);
    }
  }
  // `second` was released after `first`.
  EXPECT_EQ(pool_->Acquire()->get(), second);
}

TEST_F(PathwayPoolTest, TheSocketServesWhenNoChannelIsIdle) {
  comm::ClientCommunicator* const channel = AddIdle();
  auto a = pool_->Acquire();
  EXPECT_EQ(a->get(), channel);
  auto b = pool_->Acquire();
  EXPECT_NE(b->get(), channel);
  EXPECT_EQ(pool_->counters().channel_calls, 1u);
  EXPECT_EQ(pool_->counters().socket_calls, 1u);
}

TEST_F(PathwayPoolTest, SocketOnlyLeavesChannelsIdle) {
  comm::ClientCommunicator* const channel = AddIdle();
  pool_->Use(Pathway::kSocketOnly);
  EXPECT_NE(pool_->Acquire()->get(), channel);
  pool_->Use(Pathway::kChannels);
  EXPECT_EQ(pool_->Acquire()->get(), channel);
}

TEST_F(PathwayPoolTest, ADeadChannelIsNeverUsedAgain) {
  comm::ClientCommunicator* const channel = AddIdle();
  {
    auto lease = pool_->Acquire();
    ASSERT_EQ(lease->get(), channel);
    lease->MarkDead();
  }
  EXPECT_EQ(pool_->counters().channels, 0u);
  (void)pool_->Acquire();
  EXPECT_EQ(pool_->counters().socket_calls, 1u);
}

TEST_F(PathwayPoolTest, ADeadSocketEndsTheConnection) {
  AddIdle();
  pool_->Use(Pathway::kSocketOnly);
  pool_->Acquire()->MarkDead();
  pool_->Use(Pathway::kChannels);
  EXPECT_EQ(pool_->Acquire().error(), base::Errno(ECONNRESET));
  EXPECT_EQ(pool_->Adopt(MakeChannel()).error(), base::Errno(ECONNRESET));
}

TEST_F(PathwayPoolTest, AWaiterGetsWhatIsReleased) {
  auto socket = pool_->Acquire();
  const comm::ClientCommunicator* const held = socket->get();
  std::thread waiter([&] { EXPECT_EQ(pool_->Acquire()->get(), held); });
  { const PathwayLease released = *std::move(socket); }
  waiter.join();
  EXPECT_EQ(pool_->counters().socket_calls, 2u);
}

TEST_F(PathwayPoolTest, ShutdownWakesWaiters) {
  auto socket = pool_->Acquire();
  std::thread waiter(
      [&] { EXPECT_EQ(pool_->Acquire().error(), base::Errno(ECONNRESET)); });
  pool_->Shutdown();
  waiter.join();
}

}  // namespace
}  // namespace gofer::client
