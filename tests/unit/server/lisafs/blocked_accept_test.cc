// A client that makes Accept block, through the donated copy of the socket.

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/socket.h>

#include <thread>

#include "server/lisafs/connection.h"
#include "tests/support/served_tree.h"

namespace gofer::lisafs {
namespace {

enum class Pathway { kSocket, kChannel };

class BlockedAcceptTest : public testing::TestWithParam<Pathway> {
 protected:
  void SetUp() override {
    if (GetParam() == Pathway::kChannel) {
      ASSERT_EQ(attacker_->OpenChannel(), 0);
    }
    const auto bound = attacker_->BindAt(attacker_.root, "s", SOCK_STREAM);
    ASSERT_EQ(bound.fds.size(), 1u);
    ASSERT_EQ(attacker_->Listen(bound->bound_socket_fd).error, 0);
    ASSERT_EQ(::fcntl(bound.fds[0].get(), F_SETFL, O_RDWR), 0);
    caller_ = std::thread([this, fd = bound->bound_socket_fd] {
      EXPECT_NE(attacker_->Accept(fd).error, 0);
    });
    while (attacker_.connection->InFlight().empty()) ::sched_yield();
  }
  void ExpectEnd() {
    caller_.join();
    served_.server().Wait();
    EXPECT_EQ(attacker_.connection->state(), ConnectionState::kEnded);
  }

  test::ServedTree served_{test::TestTree::Kind::kMemory};
  test::Session attacker_ = served_.Mount();
  std::thread caller_;
};

TEST_P(BlockedAcceptTest, OthersCanRenameWhileItBlocks) {
  test::Session victim = served_.Mount();
  EXPECT_EQ(victim->RenameAt(victim.root, "f", victim.root, "g").error, 0);
  EXPECT_EQ(victim->RenameAt(victim.root, "s", victim.root, "t").error, 0);
  victim->socket().Shutdown();
  attacker_->socket().Shutdown();
  ExpectEnd();
}

TEST_P(BlockedAcceptTest, HangUpOfTheClientEndsIt) {
  attacker_->socket().Shutdown();
  ExpectEnd();
}

TEST_P(BlockedAcceptTest, CloseEndsIt) {
  attacker_.connection->Stop(StopMode::kClose, EndReason::kAdminStop);
  ExpectEnd();
}

TEST_P(BlockedAcceptTest, AbortEndsIt) {
  attacker_.connection->Stop(StopMode::kAbort, EndReason::kAdminStop);
  ExpectEnd();
}

INSTANTIATE_TEST_SUITE_P(Pathways, BlockedAcceptTest,
                         testing::Values(Pathway::kSocket, Pathway::kChannel),
                         [](const auto& pathway) {
                           return pathway.param == Pathway::kSocket ? "Socket"
                                                                    : "Channel";
                         });

}  // namespace
}  // namespace gofer::lisafs
