// The limits of one connection: FDs, nodes, bytes in a message.

#include <fcntl.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <string>

#include "server/lisafs/connection.h"
#include "tests/support/served_tree.h"

namespace gofer::lisafs {
namespace {

class ConnectionLimitsTest : public testing::Test {
 protected:
  test::ServedTree served_{test::TestTree::Kind::kMemory};
};

TEST_F(ConnectionLimitsTest, FdsAreLimited) {
  test::ClientOptions options;
  options.connection.max_fds = 3;
  test::Session session = served_.Mount(options);
  const test::FdId f = session->To(session.root, {"f"});
  const auto open = session->OpenAt(f, O_RDONLY);
  ASSERT_EQ(open.error, 0);
  EXPECT_EQ(session->OpenAt(f, O_RDONLY).error, EMFILE);
  EXPECT_EQ(session->Walk(session.root, {"d1"}).error, EMFILE);
  EXPECT_EQ(session->MkdirAt(session.root, "new").error, EMFILE);
  EXPECT_EQ(session->Mount().error, EMFILE);
  EXPECT_FALSE(served_.tree().Look("/scratch/new").has_value());
  // An FD that only another FD keeps alive counts as well.
  ASSERT_TRUE(session->Close({f}).ok());
  EXPECT_EQ(session->Walk(session.root, {"d1"}).error, EMFILE);
  ASSERT_TRUE(session->Close({open->open_fd}).ok());
  EXPECT_EQ(session->Walk(session.root, {"d1", "d2"}).error, 0);
}

TEST_F(ConnectionLimitsTest, FailedWalkGivesItsFdsBack) {
  test::ClientOptions options;
  options.connection.max_fds = 3;
  test::Session session = served_.Mount(options);
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(session->Walk(session.root, {"d1", "d2", "d3"}).error, EMFILE);
  }
  EXPECT_EQ(session.connection->fd_counts().control, 1u);
  EXPECT_EQ(session->Walk(session.root, {"d1", "d2"}).error, 0);
}

TEST_F(ConnectionLimitsTest, CreationThatGetsOnlyOneFdLeavesNoFile) {
  test::ClientOptions options;
  options.connection.max_fds = 2;
  test::Session session = served_.Mount(options);
  EXPECT_EQ(session->OpenCreateAt(session.root, "new").error, EMFILE);
  EXPECT_EQ(session->BindAt(session.root, "new", SOCK_STREAM).error, EMFILE);
  EXPECT_FALSE(served_.tree().Look("/scratch/new").has_value());
  EXPECT_EQ(session.connection->fd_counts().control, 1u);
}

TEST_F(ConnectionLimitsTest, OneClientsLimitIsItsOwn) {
  test::ClientOptions options;
  options.connection.max_fds = 1;
  test::Session poor = served_.Mount(options);
  test::Session rich = served_.Mount();
  EXPECT_EQ(poor->Walk(poor.root, {"d1"}).error, EMFILE);
  EXPECT_EQ(rich->Walk(rich.root, {"d1"}).error, 0);
}

// What one leaves, another may use, but for a few.
TEST_F(ConnectionLimitsTest, GreedyClientLeavesOthersTheirAssuredFds) {
  served_.server().ShareFds(/*assured=*/4, /*pooled=*/6);
  const test::Session greedy = served_.Mount();
  const test::Session modest = served_.Mount();
  // The roots have taken one each.
  test::FdId last{};
  for (int i = 0; i < 9; ++i) last = greedy->To(greedy.root, {"f"});
  EXPECT_EQ(greedy->Walk(greedy.root, {"f"}).error, EMFILE);
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(modest->Walk(modest.root, {"f"}).ok()) << i;
  }
  EXPECT_EQ(modest->Walk(modest.root, {"f"}).error, EMFILE);
  ASSERT_TRUE(greedy->Close({last}).ok());
  EXPECT_TRUE(modest->Walk(modest.root, {"f"}).ok());
  EXPECT_EQ(greedy->Walk(greedy.root, {"f"}).error, EMFILE);
}

TEST_F(ConnectionLimitsTest, AbsurdNumberOfChannelsReservesNothing) {
  test::ClientOptions options;
  options.connection.max_channels = UINT32_MAX;
  test::Session session = served_.Mount(options);
  EXPECT_EQ(session->OpenChannel(), 0);
}

TEST_F(ConnectionLimitsTest, NodesAreLimited) {
  test::ClientOptions options;
  options.connection.max_nodes = 3;
  test::Session session = served_.Mount(options);  // Has made /scratch.
  EXPECT_EQ(session->Walk(session.root, {"d1", "d2", "d3"}).error, ENOMEM);
  const auto walked = session->Walk(session.root, {"d1", "d2"});
  ASSERT_EQ(walked.error, 0);
  EXPECT_EQ(session->MkdirAt(session.root, "new").error, ENOMEM);
  EXPECT_FALSE(served_.tree().Look("/scratch/new").has_value());
  // Closing the upper one frees no node: the lower one keeps it.
  ASSERT_TRUE(session->Close({walked->inodes[0].control_fd}).ok());
  EXPECT_EQ(session->Walk(session.root, {"f"}).error, ENOMEM);
  ASSERT_TRUE(session->Close({walked->inodes[1].control_fd}).ok());
  EXPECT_EQ(session->Walk(session.root, {"f"}).error, 0);
}

TEST_F(ConnectionLimitsTest, NodesOfOthersCostNothing) {
  test::Session rich = served_.Mount();
  rich->To(rich.root, {"d1", "d2", "d3"});
  test::ClientOptions options;
  options.connection.max_nodes = 0;
  test::Session poor = served_.Mount(options);
  EXPECT_EQ(poor->Walk(poor.root, {"d1", "d2", "d3"}).error, 0);
  EXPECT_EQ(poor->Walk(poor.root, {"f"}).error, ENOMEM);
}

TEST_F(ConnectionLimitsTest, MaximumMessageSizeMayBeLower) {
  test::ClientOptions options;
  options.connection.max_message_size = 4096;
  test::Session session = served_.Connect(options);
  const auto mounted = session->Mount();
  ASSERT_EQ(mounted.error, 0);
  EXPECT_EQ(mounted->max_message_size, 4096u);
  const test::FdId root = mounted->root.control_fd;
  const test::FdId open = session->Opened(root, {"f"}, O_RDWR);
  EXPECT_EQ(session->PRead(open, 4088, 0).data, "hello world");
  EXPECT_EQ(session->PRead(open, 4089, 0).error, ENOBUFS);
  EXPECT_EQ(session->PWrite(open, std::string(4076, 'x'), 0).error, 0);
  EXPECT_EQ(session->PWrite(open, std::string(4077, 'x'), 0).error, EIO);
  ASSERT_EQ(session->OpenChannel(), 0);
  EXPECT_EQ(session->PRead(open, 4089, 0).error, ENOBUFS);
  EXPECT_EQ(session->PWrite(open, std::string(4077, 'x'), 0).error, EIO);
  EXPECT_EQ(session->PWrite(open, std::string(4076, 'x'), 0).error, 0);
}

}  // namespace
}  // namespace gofer::lisafs
