// How the socket waits for the next request: on the core first where that pays,
// in the kernel otherwise.

#include <gtest/gtest.h>

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <functional>
#include <thread>
#include <utility>

#include "server/comm/socket_communicator.h"
#include "server/flipcall/wait_environment.h"
#include "server/uds/unix_socket.h"
#include "server/wire/limits.h"
#include "tests/unit/server/comm/raw_socket.h"

namespace gofer::comm {
namespace {

// A machine whose time stands still, but for what a test makes of a pause.
class FakeEnvironment final : public flipcall::WaitEnvironment {
 public:
  uint64_t NowNanos() override { return now; }
  bool TakeSpinPlace() override { return true; }
  void LeaveSpinPlace() override {}
  void Pause() override {
    now += 1000;
    if (on_pause) on_pause();
  }
  base::ErrnoOr<void> Park(const uint32_t*, uint32_t,
                           const std::atomic<uint32_t>&, uint32_t) override {
    ADD_FAILURE() << "a socket parks in recv(2)";
    return {};
  }

  uint64_t now = 1'000'000'000;
  std::function<void()> on_pause;
};

class SocketSpinTest : public testing::Test {
 protected:
  SocketSpinTest()
      : SocketSpinTest(*uds::MakeSocketPair(uds::SocketType::kStream)) {}

  void ExpectRequest() {
    const auto request = server_.Receive();
    ASSERT_TRUE(request.ok());
    EXPECT_EQ(request->message, 3);
  }

  // Requests that come at once: the budget grows.
  void Hurry() {
    for (int i = 0; i < 10; ++i) {
      ASSERT_TRUE(client_.Write(Frame(3, "abc")));
      ExpectRequest();
    }
  }

  const flipcall::Waiter::Counters& counters() const {
    return server_.waiter().counters();
  }

  FakeEnvironment environment_;
  RawSocket client_;
  SocketCommunicator server_;

 private:
  explicit SocketSpinTest(uds::SocketPair pair)
      : client_(std::move(pair.first)),
        server_(std::move(pair.second), wire::kMaxMessageSize,
                SocketCommunicator::kIdleMillis, environment_) {}
};

TEST_F(SocketSpinTest, FirstRequestIsAwaitedInTheKernel) {
  ASSERT_TRUE(client_.Write(Frame(3, "abc")));
  ExpectRequest();
  EXPECT_EQ(counters().parks, 1u);
  EXPECT_EQ(counters().spins_won, 0u);
}

TEST_F(SocketSpinTest, RequestThatComesWhileSpinningNeedsNoPark) {
  Hurry();
  const uint64_t parks = counters().parks;
  const uint64_t won = counters().spins_won;
  int pauses = 0;
  environment_.on_pause = [&] {
    if (++pauses == 5) {
      ASSERT_TRUE(client_.Write(Frame(3, "abc")));
    }
  };
  ExpectRequest();
  EXPECT_EQ(pauses, 5);
  EXPECT_EQ(counters().parks, parks);
  EXPECT_EQ(counters().spins_won, won + 1);
}

TEST_F(SocketSpinTest, SpinningEndsWithTheBudget) {
  Hurry();
  const uint64_t parks = counters().parks;
  const uint64_t budget_ns = server_.waiter().budget_ns();
  ASSERT_GT(budget_ns, 0u);
  const uint64_t start_ns = environment_.now;
  std::atomic<bool> spent = false;
  std::thread client([&] {
    spent.wait(false);
    ASSERT_TRUE(client_.Write(Frame(3, "abc")));
  });
  environment_.on_pause = [&] {
    if (environment_.now - start_ns < budget_ns) return;
    spent = true;
    spent.notify_one();
  };
  ExpectRequest();
  client.join();
  // One step of looks may go beyond it; if that is when the request came,
  // nobody parked.
  EXPECT_LE(environment_.now - start_ns, budget_ns + 8000);
  EXPECT_LE(counters().parks, parks + 1);
}

TEST_F(SocketSpinTest, HangUpEndsASpin) {
  Hurry();
  const uint64_t parks = counters().parks;
  environment_.on_pause = [&] { client_.Close(); };
  EXPECT_EQ(server_.Receive().error(), base::Errno(ECONNRESET));
  EXPECT_EQ(counters().parks, parks);
}

TEST_F(SocketSpinTest, ShutdownEndsASpin) {
  Hurry();
  environment_.on_pause = [&] { server_.ShutdownReceive(); };
  EXPECT_EQ(server_.Receive().error(), base::Errno(ESHUTDOWN));
}

}  // namespace
}  // namespace gofer::comm
