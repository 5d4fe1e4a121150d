// Shutdown against everything else, by labelled interleavings: rows 43 to 50 of
// tests/conformance/rows.md.
// "Local" is a Shutdown of the endpoint that is used, "remote" of its peer.

#include <gtest/gtest.h>

#include <atomic>
#include <cerrno>
#include <climits>
#include <cstdint>
#include <functional>
#include <thread>

#include "server/flipcall/endpoint.h"
#include "server/flipcall/futex.h"
#include "tests/support/raw_window.h"
#include "tests/unit/server/flipcall/blocking_environment.h"

namespace gofer::flipcall {
namespace {

using test::RawWindow;
using test::WindowFile;

constexpr uint32_t kClientActive = 0;
constexpr uint32_t kServerActive = 1;
constexpr uint32_t kShutDown = 2;

enum class Side { kLocal, kRemote };

class EndpointShutdownTest : public testing::TestWithParam<Side> {
 protected:
  void ShutDownSideOf(Endpoint& local, Endpoint& remote) {
    (GetParam() == Side::kLocal ? local : remote).Shutdown();
  }
  // The error that the endpoint's user gets.
  static base::Errno Expected() {
    return base::Errno(GetParam() == Side::kLocal ? ESHUTDOWN : ECONNRESET);
  }

  // Client and server do the handshake; then it is the client's turn.
  void Connect() {
    std::thread server([&] { ASSERT_TRUE(server_.Handshake().ok()); });
    ASSERT_TRUE(client_.Handshake().ok());
    server.join();
  }
  // How often an endpoint has parked must not depend on Connect's luck.
  static void RunWhileBlocked(BlockingEnvironment& env,
                              const std::function<void()>& blocks,
                              const std::function<void()>& then) {
    const int before = env.parks();
    std::thread thread(blocks);
    env.AwaitParks(before + 1);
    then();
    thread.join();
  }

  WindowFile file_;
  RawWindow raw_ = file_.Raw();
  BlockingEnvironment client_env_;
  BlockingEnvironment server_env_;
  Endpoint client_{Endpoint::Role::kClient, file_.Map(), client_env_};
  Endpoint server_{Endpoint::Role::kServer, file_.Map(), server_env_};
};

INSTANTIATE_TEST_SUITE_P(Sides, EndpointShutdownTest,
                         testing::Values(Side::kLocal, Side::kRemote),
                         [](const auto& side) {
                           return side.param == Side::kLocal ? "Local"
                                                             : "Remote";
                         });

// Row 43, A: client active. B: server shuts down.
TEST_P(EndpointShutdownTest, WindowSaysShutDownWhoeverWasActive) {
  Connect();
  ShutDownSideOf(server_, client_);
  EXPECT_EQ(raw_.state().load(), kShutDown);
}

// Row 43, A: server active. B: one side shuts down.
TEST_P(EndpointShutdownTest, WindowSaysShutDownAlsoWhenTheServerWasActive) {
  Connect();
  ASSERT_TRUE(client_.HandOver(4).ok());
  ASSERT_TRUE(server_.WaitForTurn().ok());
  ShutDownSideOf(server_, client_);
  EXPECT_EQ(raw_.state().load(), kShutDown);
}

// Row 44, A: shutdown. B: the client connects.
TEST_P(EndpointShutdownTest, ShutdownFailsALaterClientHandshake) {
  ShutDownSideOf(client_, server_);
  EXPECT_EQ(client_.Handshake().error(), Expected());
}

// Row 45, A: the client blocks in its handshake. B: shutdown.
TEST_P(EndpointShutdownTest, ShutdownEndsTheClientsHandshake) {
  RunWhileBlocked(
      client_env_, [&] { EXPECT_EQ(client_.Handshake().error(), Expected()); },
      [&] { ShutDownSideOf(client_, server_); });
}

// Row 46, A: shutdown. B: the server waits for the handshake.
TEST_P(EndpointShutdownTest, ShutdownFailsTheServersFirstReceive) {
  ShutDownSideOf(server_, client_);
  EXPECT_EQ(server_.Handshake().error(), Expected());
}

// Row 47, A: the server waits for the handshake. B: shutdown before the client
// has connected.
TEST_P(EndpointShutdownTest, ShutdownEndsTheServersWaitForTheHandshake) {
  RunWhileBlocked(
      server_env_, [&] { EXPECT_EQ(server_.Handshake().error(), Expected()); },
      [&] { ShutDownSideOf(server_, client_); });
}

// Row 47, A: handshake done. B: the server waits for a request. C: shutdown.
TEST_P(EndpointShutdownTest, ShutdownEndsTheServersWaitForTheFirstRequest) {
  Connect();
  RunWhileBlocked(
      server_env_,
      [&] { EXPECT_EQ(server_.WaitForTurn().error(), Expected()); },
      [&] { ShutDownSideOf(server_, client_); });
}

// Row 48, A: the client has sent a request and waits. B: shutdown.
TEST_P(EndpointShutdownTest, ShutdownEndsTheClientsWaitForAResponse) {
  Connect();
  RunWhileBlocked(
      client_env_,
      [&] {
        ASSERT_TRUE(client_.HandOver(4).ok());
        EXPECT_EQ(client_.WaitForTurn().error(), Expected());
      },
      [&] { ShutDownSideOf(client_, server_); });
}

// Row 49, A: the server has answered a request and waits. B: shutdown.
TEST_P(EndpointShutdownTest, ShutdownEndsTheServersWaitForTheNextRequest) {
  Connect();
  ASSERT_TRUE(client_.HandOver(4).ok());
  ASSERT_TRUE(server_.WaitForTurn().ok());
  RunWhileBlocked(
      server_env_,
      [&] {
        ASSERT_TRUE(server_.HandOver(4).ok());
        EXPECT_EQ(server_.WaitForTurn().error(), Expected());
      },
      [&] { ShutDownSideOf(server_, client_); });
}

// A: the server works on a request. B: shutdown. C: the server answers.
TEST_P(EndpointShutdownTest, ShutdownFailsTheServersHandOver) {
  Connect();
  ASSERT_TRUE(client_.HandOver(4).ok());
  ASSERT_TRUE(server_.WaitForTurn().ok());
  ShutDownSideOf(server_, client_);
  EXPECT_EQ(server_.HandOver(4).error(), Expected());
  EXPECT_EQ(raw_.state().load(), kShutDown);
}

using EndpointLocalShutdownTest = EndpointShutdownTest;
INSTANTIATE_TEST_SUITE_P(Local, EndpointLocalShutdownTest,
                         testing::Values(Side::kLocal));

// Row 50, A: other threads of a hostile client sleep on the word. B: the server
// waits. C: shutdown.
TEST_P(EndpointLocalShutdownTest, ExtraWaitersCannotStealTheWake) {
  std::atomic<bool> stop = false;
  std::thread thieves[4];
  for (std::thread& thief : thieves) {
    thief = std::thread([&] {
      while (!stop && raw_.state().load() == kClientActive) {
        EXPECT_TRUE(FutexWait(raw_.futex_word(), kClientActive).ok());
      }
    });
  }
  RunWhileBlocked(
      server_env_,
      [&] { EXPECT_EQ(server_.WaitForTurn().error(), base::Errno(ESHUTDOWN)); },
      [&] { server_.Shutdown(); });
  EXPECT_EQ(raw_.state().load(), kShutDown);
  stop = true;
  // The state is 2 now: whoever sleeps has to be told once.
  FutexWake(raw_.futex_word(), INT_MAX);
  for (std::thread& thief : thieves) thief.join();
}

// A: the server waits. B: shutdown. C: the client puts the state back, again
// and again.
TEST_P(EndpointLocalShutdownTest, ClientThatRestoresTheStateCannotKeepUs) {
  std::atomic<bool> stop = false;
  std::thread client([&] {
    while (!stop) raw_.state().store(kClientActive);
  });
  RunWhileBlocked(
      server_env_,
      [&] { EXPECT_EQ(server_.WaitForTurn().error(), base::Errno(ESHUTDOWN)); },
      [&] { server_.Shutdown(); });
  EXPECT_EQ(server_.WaitForTurn().error(), base::Errno(ESHUTDOWN));
  EXPECT_EQ(server_.HandOver(0).error(), base::Errno(ESHUTDOWN));
  stop = true;
  client.join();
}

// A: shutdown by several threads at once while the server waits.
TEST_P(EndpointLocalShutdownTest, SeveralShutdownsAtOnceEndTheWait) {
  std::thread callers[4];
  RunWhileBlocked(
      server_env_,
      [&] { EXPECT_EQ(server_.WaitForTurn().error(), base::Errno(ESHUTDOWN)); },
      [&] {
        for (std::thread& caller : callers) {
          caller = std::thread([&] { server_.Shutdown(); });
        }
        for (std::thread& caller : callers) caller.join();
      });
  server_.Shutdown();
  EXPECT_EQ(raw_.state().load(), kShutDown);
}

// A: the client hands over. B: shutdown of the server at the same time. The
// server gets the request or ESHUTDOWN; the window says shut down in the end.
TEST_P(EndpointLocalShutdownTest, ShutdownDuringAHandOverEndsTheServer) {
  for (int i = 0; i < 200; ++i) {
    WindowFile file;
    const RawWindow raw = file.Raw();
    Endpoint server(Endpoint::Role::kServer, file.Map());
    std::thread thread([&] {
      for (;;) {
        const auto turn = server.WaitForTurn();
        if (!turn.ok()) {
          EXPECT_EQ(turn.error(), base::Errno(ESHUTDOWN));
          return;
        }
        const auto sent = server.HandOver(4);
        if (!sent.ok()) {
          EXPECT_EQ(sent.error(), base::Errno(ESHUTDOWN));
          return;
        }
      }
    });
    std::thread client([&] {
      uint32_t expected = kClientActive;
      for (int trip = 0; trip < i; ++trip) {
        if (raw.state().compare_exchange_strong(expected, kServerActive)) {
          FutexWake(raw.futex_word(), 1);
        }
        if (expected == kShutDown) break;
        expected = kClientActive;
      }
    });
    server.Shutdown();
    thread.join();
    client.join();
    EXPECT_EQ(raw.state().load(), kShutDown);
  }
}

// As above with both sides' own endpoints: both threads end, whoever shuts
// down.
TEST_P(EndpointShutdownTest, ShutdownDuringRoundTripsEndsBothSides) {
  for (int i = 0; i < 50; ++i) {
    WindowFile file;
    Endpoint server(Endpoint::Role::kServer, file.Map());
    Endpoint client(Endpoint::Role::kClient, file.Map());
    std::atomic<int> trips = 0;
    std::thread server_thread([&] {
      while (server.WaitForTurn().ok() && server.HandOver(4).ok()) {
      }
    });
    std::thread client_thread([&] {
      while (client.HandOver(4).ok() && client.WaitForTurn().ok()) ++trips;
    });
    while (trips < i) ::sched_yield();
    ShutDownSideOf(server, client);
    server_thread.join();
    client_thread.join();
  }
}

}  // namespace
}  // namespace gofer::flipcall
