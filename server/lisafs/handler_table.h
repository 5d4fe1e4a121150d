// HandlerTable: which function answers each message; SetHandlers replaces it.

#ifndef GOFER_SERVER_LISAFS_HANDLER_TABLE_H_
#define GOFER_SERVER_LISAFS_HANDLER_TABLE_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "server/base/errno.h"
#include "server/lisafs/interceptor.h"

namespace gofer::lisafs {

class RequestContext;

// Serves one request: returns the length of the payload that it has put into
// the response, or the errno of an Error response. Called by many threads at
// once. The generic layer has already refused what a read-only connection may
// not do.
using HandlerFunction = std::function<base::ErrnoOr<size_t>(RequestContext&)>;

// One row. An empty function answers EOPNOTSUPP.
struct Handler {
  std::string name;
  HandlerFunction serve;
};

// Immutable once made and shared: every request sees one table, whole.
class HandlerTable {
 public:
  // `rows` are indexed by message id; ids past the end are not served.
  // `interceptor` is asked before each handler; null for none.
  explicit HandlerTable(
      std::vector<Handler> rows,
      std::shared_ptr<const Interceptor> interceptor = nullptr)
      : rows_(std::move(rows)), interceptor_(std::move(interceptor)) {}

  // gVisor's protocol as this library implements it.
  static const std::shared_ptr<const HandlerTable>& Stock();

  // Null when `message` is not served.
  const Handler* Find(uint16_t message) const {
    if (message >= rows_.size() || !rows_[message].serve) return nullptr;
    return &rows_[message];
  }

  // Null for none; lives as long as the table.
  const Interceptor* interceptor() const { return interceptor_.get(); }

  // A copy of the rows, to change some and make another table.
  std::vector<Handler> rows() const { return rows_; }

 private:
  const std::vector<Handler> rows_;
  const std::shared_ptr<const Interceptor> interceptor_;
};

}  // namespace gofer::lisafs

#endif  // GOFER_SERVER_LISAFS_HANDLER_TABLE_H_
