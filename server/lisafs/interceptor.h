// Interceptor: is asked about every request before the table's handler runs.

#ifndef GOFER_SERVER_LISAFS_INTERCEPTOR_H_
#define GOFER_SERVER_LISAFS_INTERCEPTOR_H_

#include <cstdint>
#include <string>

#include "server/base/errno.h"

namespace gofer::lisafs {

class RequestContext;

// The decision on a request.
struct Verdict {
  enum class Action : uint8_t {
    kProceed,     // The handler serves it.
    kAnswer,      // It is answered `error`.
    kDisconnect,  // It is not answered: its connection ends, aborted.
  };
  Action action = Action::kProceed;
  // For kAnswer: the errno.
  base::Errno error{EREMOTEIO};
  // For kDisconnect: the connection's end_detail; its end reason is kRule.
  std::string end_detail;
  // For kProceed: the most bytes that PRead and PWrite move, at least 1.
  uint64_t max_io_bytes = UINT64_MAX;
  // For kProceed: Mount, OpenAt and OpenCreateAt answer without a host FD.
  bool refuse_fd_donation = false;
};

// Belongs to a HandlerTable, so that handlers and interceptor are replaced
// together. Called by many threads at once.
class Interceptor {
 public:
  virtual ~Interceptor() = default;

  // Called for a request that would be handled, with no lock held and within
  // the connection's gate: teardown waits for it. It may block in
  // RequestContext::Hold only, which ends with the connection. It may parse the
  // request; the handler then sees the same bytes.
  virtual Verdict Judge(RequestContext& context) const = 0;
};

}  // namespace gofer::lisafs

#endif  // GOFER_SERVER_LISAFS_INTERCEPTOR_H_
