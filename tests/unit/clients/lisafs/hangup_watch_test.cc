#include "clients/lisafs/hangup_watch.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <atomic>
#include <future>

#include "server/uds/unix_socket.h"

namespace gofer::client {
namespace {

TEST(HangupWatchTest, ReportsThatThePeerClosed) {
  auto pair = *uds::MakeSocketPair(uds::SocketType::kStream);
  std::promise<void> hung_up;
  const auto watch =
      HangupWatch::Start(pair.first.get(), [&] { hung_up.set_value(); });
  ASSERT_TRUE(watch.ok());
  pair.second.reset();
  hung_up.get_future().wait();
}

TEST(HangupWatchTest, ReportsThatThePeerWillWriteNoMore) {
  auto pair = *uds::MakeSocketPair(uds::SocketType::kStream);
  std::promise<void> hung_up;
  const auto watch =
      HangupWatch::Start(pair.first.get(), [&] { hung_up.set_value(); });
  ASSERT_TRUE(watch.ok());
  ::shutdown(pair.second.get(), SHUT_WR);
  hung_up.get_future().wait();
}

TEST(HangupWatchTest, EndsWithoutAReportWhenDestroyed) {
  auto pair = *uds::MakeSocketPair(uds::SocketType::kStream);
  std::atomic<bool> reported = false;
  {
    auto watch = HangupWatch::Start(pair.first.get(), [&] { reported = true; });
    ASSERT_TRUE(watch.ok());
    // Bytes are not a hang-up.
    ASSERT_EQ(::send(pair.second.get(), "x", 1, 0), 1);
  }
  EXPECT_FALSE(reported);
}

}  // namespace
}  // namespace gofer::client
