// EndReason and StopMode: why and how a connection ends.

#ifndef GOFER_SERVER_LISAFS_END_REASON_H_
#define GOFER_SERVER_LISAFS_END_REASON_H_

#include <cstdint>

#include "absl/strings/string_view.h"

namespace gofer::lisafs {

enum class EndReason : uint8_t {
  kNone,            // It has not ended.
  kClientEof,       // The client closed its socket.
  kAdminStop,       // Stop() was called on an administrator's behalf.
  kProtocolError,   // The client broke the transport's rules.
  kSocketError,     // The socket failed otherwise.
  kQuota,           // The client used up what it may have.
  kServerShutdown,  // The whole server is going away.
  kInternalError,   // A thread could not be started.
  kAttachTimeout,   // Nobody attached in time.
  kRule,            // A handler rule; end_detail() is its id.
};

// The word used in logs and by the control plane, e.g. "CLIENT_EOF".
absl::string_view ToString(EndReason reason);

// From gentle to hard; a running stop can be made harder, never softer.
enum class StopMode : uint8_t {
  // Go on serving until the client has no file open, then as kClose.
  kDrain,
  // Answer the requests in flight, refuse later requests, end. This waits for a
  // client that does not read its answers, so the caller escalates after a
  // while. A channel's last answer may be overtaken by the channel's end, which
  // the client sees in the same word.
  kClose,
  // End now: requests in flight run to their end, but are not answered.
  kAbort,
};

}  // namespace gofer::lisafs

#endif  // GOFER_SERVER_LISAFS_END_REASON_H_
