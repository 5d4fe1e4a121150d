// How a gofer process ends, and what its clients see of it.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "clients/lisafs/client.h"
#include "tests/integration/served_directory.h"

namespace gofer {
namespace {

using client::Client;
using test::ServedDirectory;

TEST(GoferEndTest, EndsWhenItsOnlyClientHasGone) {
  ServedDirectory served;
  {
    Client client = *served.Mount();
    ASSERT_TRUE(client.StartChannels(2).ok());
  }
  EXPECT_EQ(served.gofer().Wait(), 0);
  EXPECT_EQ(served.gofer().Stderr(), "");
}

TEST(GoferEndTest, EndsWhenNobodyEverMounted) {
  ServedDirectory served;
  served.HangUp(0);
  EXPECT_EQ(served.gofer().Wait(), 0);
}

TEST(GoferEndTest, ServesOnUntilTheLastClientHasGone) {
  ServedDirectory served({}, {"/", "/"});
  { const Client first = *served.Mount(0); }
  {
    const Client second = *served.Mount(1);
    EXPECT_TRUE(second.root().Stat().ok());
    EXPECT_FALSE(served.gofer().HasEnded());
  }
  EXPECT_EQ(served.gofer().Wait(), 0);
}

class GoferSignalTest : public testing::TestWithParam<int> {};

INSTANTIATE_TEST_SUITE_P(Signals, GoferSignalTest,
                         testing::Values(SIGTERM, SIGINT));

TEST_P(GoferSignalTest, EndsCleanlyAndHangsUp) {
  ServedDirectory served;
  served.root().Write("file", "content");
  Client client = *served.Mount();
  ASSERT_TRUE(client.StartChannels(2).ok());
  const auto file = client.root().Walk("file");
  ASSERT_TRUE(file.ok());
  served.gofer().Signal(GetParam());
  EXPECT_EQ(served.gofer().Wait(), 0);
  EXPECT_EQ(served.gofer().Stderr(), "");
  EXPECT_FALSE(file->Stat().ok());
  EXPECT_THAT(served.root().List(), testing::ElementsAre("file"));
}

// Clients that have gone, or that do not follow what happens, are no obstacle.
TEST_P(GoferSignalTest, EndsWithASilentConnection) {
  ServedDirectory served({}, {"/", "/"});
  const Client client = *served.Mount(0);
  served.gofer().Signal(GetParam());
  EXPECT_EQ(served.gofer().Wait(), 0);
}

TEST(GoferEndTest, CallsInFlightFailWhenItIsKilled) {
  ServedDirectory served;
  Client client = *served.Mount();
  ASSERT_TRUE(client.StartChannels(2).ok());
  std::atomic<int> calls = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      while (client.root().Stat().ok()) calls.fetch_add(1);
    });
  }
  while (calls.load() < 100) std::this_thread::yield();
  served.gofer().Signal(SIGKILL);
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(served.gofer().Wait(), 128 + SIGKILL);
}

TEST(GoferEndTest, AMountPointThatDoesNotExistIsTheClientsError) {
  ServedDirectory served({}, {"/missing"});
  EXPECT_EQ(served.Mount().error(), base::Errno(ENOENT));
  EXPECT_EQ(served.gofer().Wait(), 0);
}

}  // namespace
}  // namespace gofer
