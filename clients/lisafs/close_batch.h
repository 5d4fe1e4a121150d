// CloseBatch: FDIDs that nobody needs any more, until there are enough of them
// for one Close.

#ifndef GOFER_CLIENTS_LISAFS_CLOSE_BATCH_H_
#define GOFER_CLIENTS_LISAFS_CLOSE_BATCH_H_

#include <cstddef>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "server/base/mutex.h"
#include "server/wire/types.h"

namespace gofer::client {

// Thread-safe. Sends nothing itself.
class CloseBatch {
 public:
  // As many as gVisor's client collects: pkg/lisafs/client.go, Nov 2023.
  static constexpr size_t kFull = 100;

  // Adds `id`. Returns the whole batch when that made it full, else an empty
  // batch. The caller closes the ids that it gets.
  std::vector<wire::FdId> Add(wire::FdId id);

  // Takes all ids that are queued, at most kFull.
  std::vector<wire::FdId> Take();

 private:
  std::vector<wire::FdId> TakeLocked() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  base::Mutex mu_;
  std::vector<wire::FdId> ids_ ABSL_GUARDED_BY(mu_);
};

}  // namespace gofer::client

#endif  // GOFER_CLIENTS_LISAFS_CLOSE_BATCH_H_
