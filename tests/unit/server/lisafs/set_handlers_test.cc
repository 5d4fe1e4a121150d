// Server::SetHandlers while clients are served.

#include <gtest/gtest.h>

#include <atomic>
#include <cstring>
#include <memory>
#include <thread>
#include <vector>

#include "server/lisafs/server.h"
#include "tests/support/served_tree.h"
#include "tests/support/test_handlers.h"

namespace gofer::lisafs {
namespace {

constexpr uint16_t kFirst = 17;
constexpr uint16_t kSecond = 20;

// A table whose two messages answer `generation`.
std::shared_ptr<const HandlerTable> TableOf(uint64_t generation) {
  const auto answer =
      [generation](RequestContext& context) -> base::ErrnoOr<size_t> {
    const auto room = context.ResponseRoom(sizeof(generation));
    if (!room.ok()) return room.error();
    std::memcpy(room->data(), &generation, sizeof(generation));
    return sizeof(generation);
  };
  std::vector<Handler> rows = HandlerTable::Stock()->rows();
  rows[kFirst].serve = answer;
  rows[kSecond].serve = answer;
  return std::make_shared<const HandlerTable>(std::move(rows));
}

uint64_t Ask(test::FileClient& client, uint16_t message) {
  const auto reply = client.CallBytes(message, {});
  uint64_t generation = 0;
  EXPECT_EQ(reply.payload.size(), sizeof(generation));
  std::memcpy(&generation, reply.payload.data(), reply.payload.size());
  return generation;
}

TEST(SetHandlersTest, EveryAnswerIsOfATableThatWasCurrent) {
  constexpr uint64_t kGenerations = 2'000;
  test::ServedTree served(test::TestTree::Kind::kMemory);
  served.server().SetHandlers(TableOf(0));
  // Before and after SetHandlers.
  std::atomic<uint64_t> announced = 0;
  std::atomic<uint64_t> in_force = 0;
  std::vector<std::thread> clients;
  for (int t = 0; t < 4; ++t) {
    clients.emplace_back([&, t] {
      test::Session session = served.Mount();
      if (t % 2 == 1) {
        ASSERT_EQ(session->OpenChannel(), 0);
      }
      uint64_t last = 0;
      uint16_t message = kFirst;
      while (last < kGenerations) {
        const uint64_t oldest = in_force;
        const uint64_t got = Ask(*session.client, message);
        const uint64_t newest = announced;
        ASSERT_GE(got, oldest);
        ASSERT_LE(got, newest);
        ASSERT_GE(got, last);
        last = got;
        message = message == kFirst ? kSecond : kFirst;
      }
    });
  }
  for (uint64_t i = 1; i <= kGenerations; ++i) {
    announced = i;
    served.server().SetHandlers(TableOf(i));
    in_force = i;
  }
  for (std::thread& client : clients) client.join();
}

TEST(SetHandlersTest, RequestThatHasBegunEndsWithItsTable) {
  test::ServedTree served(test::TestTree::Kind::kMemory);
  test::Session session = served.Mount();
  test::Session other = served.Mount();
  auto handler = std::make_shared<test::BlockingHandler>();
  test::BlockingHandler& blocking = *handler;
  served.server().SetHandlers(
      test::StockBlocking(wire::MessageId::kFStatFs, handler));
  const std::weak_ptr<test::BlockingHandler> watch = handler;
  handler.reset();
  std::thread caller([&] {
    EXPECT_EQ(
        session->CallBytes(kFirst, std::vector<std::byte>(3)).payload.size(),
        3u);
  });
  blocking.begun.Wait();
  served.server().SetHandlers(HandlerTable::Stock());
  // New requests see the new table; the old table lives on.
  EXPECT_TRUE(other->FStatFs(other.root).ok());
  EXPECT_FALSE(watch.expired());
  blocking.let_go.Open();
  caller.join();
  EXPECT_TRUE(session->FStatFs(session.root).ok());
  // Nobody uses the old table any more.
  EXPECT_TRUE(watch.expired());
}

TEST(SetHandlersTest, HandlersReturnsWhatIsInForce) {
  Server server;
  EXPECT_EQ(server.Handlers(), HandlerTable::Stock());
  const auto table = TableOf(1);
  server.SetHandlers(table);
  EXPECT_EQ(server.Handlers(), table);
}

TEST(HandlerTableTest, StockHasARowForEveryMessage) {
  const HandlerTable& stock = *HandlerTable::Stock();
  for (uint16_t id = 0; id < wire::kMessageIdCount; ++id) {
    ASSERT_NE(stock.Find(id), nullptr);
    EXPECT_EQ(stock.Find(id)->name, std::string(wire::NameOf(id)));
  }
  EXPECT_EQ(stock.Find(wire::kMessageIdCount), nullptr);
  EXPECT_EQ(stock.Find(UINT16_MAX), nullptr);
}

}  // namespace
}  // namespace gofer::lisafs
