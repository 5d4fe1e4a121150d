#include "server/flipcall/endpoint.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <climits>
#include <cstdint>
#include <cstring>
#include <string>
#include <thread>

#include "absl/strings/string_view.h"
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

class EndpointTest : public testing::Test {
 protected:
  // The client has written `datagram` and handed over.
  void HandOverToServer(absl::string_view datagram) {
    raw_.Put(datagram);
    raw_.SetState(kServerActive);
  }
  void Connect() {
    HandOverToServer("{}\n");
    ASSERT_TRUE(server_.Handshake().ok());
  }

  WindowFile file_;
  RawWindow raw_ = file_.Raw();
  Endpoint server_{Endpoint::Role::kServer, file_.Map()};
};

// Row 29 of tests/conformance/rows.md, byte for byte.
TEST_F(EndpointTest, HandshakeLeavesTheGoldenBytes) {
  HandOverToServer("{}\n");
  ASSERT_TRUE(server_.Handshake().ok());
  EXPECT_EQ(raw_.Hex(20),
            "00000000030000000000000000000000"
            "7b7d0a00");
}

TEST_F(EndpointTest, ClientHandshakeIsWhatTheServerWaitsFor) {
  Endpoint client(Endpoint::Role::kClient, file_.Map());
  std::thread server([&] { EXPECT_TRUE(server_.Handshake().ok()); });
  EXPECT_TRUE(client.Handshake().ok());
  server.join();
  EXPECT_EQ(raw_.state().load(), kClientActive);
}

TEST_F(EndpointTest, HandshakeTakesWhatTheGoServerTakes) {
  for (const absl::string_view hello :
       {"{}", "null", "  {\"a\" : 1 }garbage", "\t\r\n {}", "{\"a\":[]}"}) {
    WindowFile file;
    const RawWindow raw = file.Raw();
    Endpoint server(Endpoint::Role::kServer, file.Map());
    raw.Put(hello);
    raw.SetState(kServerActive);
    EXPECT_TRUE(server.Handshake().ok()) << hello;
    EXPECT_EQ(raw.data_len().load(), 3u);
  }
}

// Row 30.
TEST_F(EndpointTest, HandshakeOfNonsenseEndsTheChannel) {
  for (const absl::string_view hello :
       {"nonsense", "", "   ", "[]", "\"a\"", "7", "nul", "\0{}"}) {
    WindowFile file;
    const RawWindow raw = file.Raw();
    Endpoint server(Endpoint::Role::kServer, file.Map());
    raw.Put(hello);
    raw.SetState(kServerActive);
    EXPECT_EQ(server.Handshake().error(), base::Errno(EPROTO)) << hello;
    EXPECT_EQ(raw.state().load(), kShutDown);
  }
}

TEST_F(EndpointTest, HandshakeOfAWindowFullOfSpaceEndsTheChannel) {
  std::memset(raw_.data(), ' ', raw_.data_cap());
  raw_.data_len().store(static_cast<uint32_t>(raw_.data_cap()));
  raw_.SetState(kServerActive);
  EXPECT_EQ(server_.Handshake().error(), base::Errno(EPROTO));
}

TEST_F(EndpointTest, LongestDatagramIsTaken) {
  Connect();
  raw_.data_len().store(static_cast<uint32_t>(raw_.data_cap()));
  raw_.SetState(kServerActive);
  const auto turn = server_.WaitForTurn();
  ASSERT_TRUE(turn.ok());
  EXPECT_EQ(*turn, raw_.data_cap());
}

// Row 40.
TEST_F(EndpointTest, LengthBeyondTheWindowEndsTheChannel) {
  for (const uint32_t lie : {4081u, 0x80000000u, 0xFFFFFFFFu}) {
    WindowFile file;
    const RawWindow raw = file.Raw();
    Endpoint server(Endpoint::Role::kServer, file.Map());
    raw.data_len().store(lie);
    raw.SetState(kServerActive);
    EXPECT_EQ(server.WaitForTurn().error(), base::Errno(EPROTO));
    EXPECT_EQ(raw.state().load(), kShutDown);
    EXPECT_EQ(server.WaitForTurn().error(), base::Errno(ESHUTDOWN));
    EXPECT_EQ(server.HandOver(0).error(), base::Errno(ESHUTDOWN));
  }
}

// Row 41.
TEST_F(EndpointTest, StateThatDoesNotExistEndsTheChannel) {
  Connect();
  raw_.SetState(7);
  EXPECT_EQ(server_.WaitForTurn().error(), base::Errno(EPROTO));
  EXPECT_EQ(raw_.state().load(), kShutDown);
}

TEST_F(EndpointTest, StateTurnedToJunkWhileBlockedEndsTheChannel) {
  BlockingEnvironment env;
  Endpoint server(Endpoint::Role::kServer, file_.Map(), env);
  std::thread peer([&] {
    env.AwaitParks(1);
    raw_.SetState(0xFFFFFFFF);
  });
  EXPECT_EQ(server.WaitForTurn().error(), base::Errno(EPROTO));
  peer.join();
  EXPECT_EQ(raw_.state().load(), kShutDown);
}

TEST_F(EndpointTest, StateStolenBeforeTheHandOverEndsTheChannel) {
  Connect();
  HandOverToServer("abcd");
  ASSERT_TRUE(server_.WaitForTurn().ok());
  // The client takes the turn back while we work for it.
  raw_.SetState(kClientActive);
  EXPECT_EQ(server_.HandOver(4).error(), base::Errno(EPROTO));
  EXPECT_EQ(raw_.state().load(), kShutDown);
}

TEST_F(EndpointTest, PeerShutdownIsAConnectionReset) {
  Connect();
  raw_.SetState(kShutDown);
  EXPECT_EQ(server_.WaitForTurn().error(), base::Errno(ECONNRESET));
  EXPECT_EQ(server_.HandOver(4).error(), base::Errno(ECONNRESET));
}

TEST_F(EndpointTest, LengthChangedAfterTheTurnWasTakenChangesNothing) {
  Connect();
  HandOverToServer("abcd");
  const auto turn = server_.WaitForTurn();
  raw_.data_len().store(0xFFFFFFFF);
  ASSERT_TRUE(turn.ok());
  EXPECT_EQ(*turn, 4u);
  EXPECT_TRUE(server_.HandOver(8).ok());
  EXPECT_EQ(raw_.data_len().load(), 8u);
}

TEST_F(EndpointTest, FalseWakesDoNotEndTheWait) {
  BlockingEnvironment env;
  Endpoint server(Endpoint::Role::kServer, file_.Map(), env);
  std::atomic<bool> taken = false;
  std::thread waiter([&] {
    EXPECT_TRUE(server.WaitForTurn().ok());
    taken = true;
  });
  for (int wakes = 1; wakes <= 100; ++wakes) {
    env.AwaitParks(wakes);
    // A wake before the thread sleeps is lost: wake until it parks again.
    while (env.parks() == wakes) {
      FutexWake(raw_.futex_word(), INT_MAX);
      ::sched_yield();
    }
    EXPECT_FALSE(taken);
  }
  HandOverToServer("abcd");
  waiter.join();
  // Woken for nothing a hundred times, it never burned a nanosecond.
  EXPECT_EQ(server.waiter().counters().spun_ns, 0u);
}

TEST_F(EndpointTest, PeerThatFlipsEveryWordAllTheTimeIsSurvived) {
  std::atomic<bool> stop = false;
  std::thread peer([&] {
    uint32_t x = 12345;
    while (!stop) {
      x = x * 1664525 + 1013904223;
      raw_.data_len().store((x & 1) != 0 ? x % 4081 : x);
      raw_.SetState((x >> 8) % 1000 == 0 ? 7 : (x >> 4) % 2);
    }
  });
  for (int i = 0; i < 2000; ++i) {
    Endpoint server(Endpoint::Role::kServer, file_.Map());
    for (;;) {
      const auto turn = server.WaitForTurn();
      if (!turn.ok()) {
        EXPECT_TRUE(turn.error() == base::Errno(EPROTO) ||
                    turn.error() == base::Errno(ECONNRESET));
        break;
      }
      EXPECT_LE(*turn, server.data().size());
      if (!server.HandOver(*turn).ok()) break;
    }
  }
  stop = true;
  peer.join();
}

void Echo(Endpoint& server) {
  if (!server.Handshake().ok()) return;
  for (;;) {
    const auto turn = server.WaitForTurn();
    if (!turn.ok()) return;
    if (*turn > 0) server.data()[0] ^= std::byte{0xFF};
    if (!server.HandOver(*turn).ok()) return;
  }
}

void PingPong(Endpoint& client, int trips) {
  ASSERT_TRUE(client.Handshake().ok());
  for (int i = 0; i < trips; ++i) {
    const auto len = static_cast<uint32_t>(i) % 4080 + 1;
    client.data()[0] = std::byte(i & 0xFF);
    client.data()[len - 1] = len == 1 ? client.data()[0] : std::byte{0x5A};
    ASSERT_TRUE(client.HandOver(len).ok());
    const auto turn = client.WaitForTurn();
    ASSERT_TRUE(turn.ok());
    ASSERT_EQ(*turn, len);
    ASSERT_EQ(client.data()[0], std::byte(~i & 0xFF));
  }
}

TEST_F(EndpointTest, CarriesPingPongBetweenThreads) {
  std::thread server([&] { Echo(server_); });
  Endpoint client(Endpoint::Role::kClient, file_.Map());
  PingPong(client, 20'000);
  client.Shutdown();
  server.join();
}

TEST_F(EndpointTest, CarriesPingPongBetweenProcesses) {
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    Endpoint server(Endpoint::Role::kServer, file_.Map());
    Echo(server);
    ::_exit(0);
  }
  {
    Endpoint client(Endpoint::Role::kClient, file_.Map());
    PingPong(client, 5000);
    client.Shutdown();
  }
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

TEST_F(EndpointTest, ManyChannelsWorkAtOnce) {
  std::thread threads[8];
  for (std::thread& thread : threads) {
    thread = std::thread([] {
      WindowFile file;
      Endpoint server(Endpoint::Role::kServer, file.Map());
      Endpoint client(Endpoint::Role::kClient, file.Map());
      std::thread echo([&] { Echo(server); });
      PingPong(client, 2000);
      client.Shutdown();
      echo.join();
    });
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace gofer::flipcall
