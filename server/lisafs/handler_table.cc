#include "server/lisafs/handler_table.h"

#include <array>

#include "server/lisafs/handlers/handlers.h"
#include "server/wire/message_list.h"

namespace gofer::lisafs {
namespace {

struct StockRow {
  wire::MessageId id;
  base::ErrnoOr<size_t> (*serve)(RequestContext&);
};

using Id = wire::MessageId;

constexpr std::array<StockRow, wire::kMessageIdCount> kStockRows = {{
    {Id::kError, &handlers::Error},
    {Id::kMount, &handlers::Mount},
    {Id::kChannel, &handlers::Channel},
    {Id::kFStat, &handlers::FStat},
    {Id::kSetStat, &handlers::SetStat},
    {Id::kWalk, &handlers::Walk},
    {Id::kWalkStat, &handlers::WalkStat},
    {Id::kOpenAt, &handlers::OpenAt},
    {Id::kOpenCreateAt, &handlers::OpenCreateAt},
    {Id::kClose, &handlers::Close},
    {Id::kFSync, &handlers::FSync},
    {Id::kPWrite, &handlers::PWrite},
    {Id::kPRead, &handlers::PRead},
    {Id::kMkdirAt, &handlers::MkdirAt},
    {Id::kMknodAt, &handlers::MknodAt},
    {Id::kSymlinkAt, &handlers::SymlinkAt},
    {Id::kLinkAt, &handlers::LinkAt},
    {Id::kFStatFs, &handlers::FStatFs},
    {Id::kFAllocate, &handlers::FAllocate},
    {Id::kReadLinkAt, &handlers::ReadLinkAt},
    {Id::kFlush, &handlers::Flush},
    {Id::kConnect, &handlers::Connect},
    {Id::kUnlinkAt, &handlers::UnlinkAt},
    {Id::kRenameAt, &handlers::RenameAt},
    {Id::kGetdents64, &handlers::Getdents64},
    {Id::kFGetXattr, &handlers::FGetXattr},
    {Id::kFSetXattr, &handlers::FSetXattr},
    {Id::kFListXattr, &handlers::FListXattr},
    {Id::kFRemoveXattr, &handlers::FRemoveXattr},
    {Id::kBindAt, &handlers::BindAt},
    {Id::kListen, &handlers::Listen},
    {Id::kAccept, &handlers::Accept},
    {Id::kConnectWithCreds, &handlers::ConnectWithCreds},
    {Id::kRenameAt2, &handlers::RenameAt2},
}};

constexpr bool RowsAreIndexedById() {
  for (size_t i = 0; i < kStockRows.size(); ++i) {
    if (static_cast<size_t>(kStockRows[i].id) != i) return false;
  }
  return true;
}
static_assert(RowsAreIndexedById(), "a stock handler is out of order");

std::vector<Handler> MakeStockRows() {
  std::vector<Handler> rows;
  rows.reserve(kStockRows.size());
  for (const StockRow& row : kStockRows) {
    rows.push_back(Handler{std::string(wire::RowOf(row.id).name),
                           HandlerFunction(row.serve)});
  }
  return rows;
}

}  // namespace

const std::shared_ptr<const HandlerTable>& HandlerTable::Stock() {
  // Leaked on purpose: servers may live until the very end of the process.
  static const auto* const table = new std::shared_ptr<const HandlerTable>(
      std::make_shared<const HandlerTable>(MakeStockRows()));
  return *table;
}

}  // namespace gofer::lisafs
