// Handler tables for tests: the stock one with some rows changed.

#ifndef GOFER_TESTS_SUPPORT_TEST_HANDLERS_H_
#define GOFER_TESTS_SUPPORT_TEST_HANDLERS_H_

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "server/lisafs/handler_table.h"
#include "server/lisafs/request_context.h"
#include "server/wire/message_id.h"
#include "tests/support/latch.h"

namespace gofer::test {

// The stock table with `serve` for `id`.
inline std::shared_ptr<const lisafs::HandlerTable> StockWith(
    wire::MessageId id, lisafs::HandlerFunction serve) {
  std::vector<lisafs::Handler> rows = lisafs::HandlerTable::Stock()->rows();
  rows[static_cast<size_t>(id)] = {"Test", std::move(serve)};
  return std::make_shared<const lisafs::HandlerTable>(std::move(rows));
}

// Sends the request's payload back.
inline base::ErrnoOr<size_t> Echo(lisafs::RequestContext& context) {
  const auto payload = context.communicator().Prefix(context.payload_len());
  if (!payload.ok()) return payload.error();
  const auto room = context.ResponseRoom(payload->size());
  if (!room.ok()) return room.error();
  std::copy(payload->begin(), payload->end(), room->begin());
  return payload->size();
}

// A handler that says that it has begun and waits to be let go. Shared by the
// test and the table.
struct BlockingHandler {
  Latch begun;
  Latch let_go;

  base::ErrnoOr<size_t> operator()(lisafs::RequestContext& context) {
    begun.Open();
    let_go.Wait();
    return Echo(context);
  }
};

inline std::shared_ptr<const lisafs::HandlerTable> StockBlocking(
    wire::MessageId id, const std::shared_ptr<BlockingHandler>& handler) {
  return StockWith(id, [handler](lisafs::RequestContext& context) {
    return (*handler)(context);
  });
}

}  // namespace gofer::test

#endif  // GOFER_TESTS_SUPPORT_TEST_HANDLERS_H_
