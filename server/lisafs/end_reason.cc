#include "server/lisafs/end_reason.h"

namespace gofer::lisafs {

absl::string_view ToString(EndReason reason) {
  switch (reason) {
    case EndReason::kNone:
      return "NONE";
    case EndReason::kClientEof:
      return "CLIENT_EOF";
    case EndReason::kAdminStop:
      return "ADMIN_STOP";
    case EndReason::kProtocolError:
      return "PROTOCOL_ERROR";
    case EndReason::kSocketError:
      return "SOCKET_ERROR";
    case EndReason::kQuota:
      return "QUOTA";
    case EndReason::kServerShutdown:
      return "SERVER_SHUTDOWN";
    case EndReason::kInternalError:
      return "INTERNAL_ERROR";
    case EndReason::kAttachTimeout:
      return "ATTACH_TIMEOUT";
    case EndReason::kRule:
      return "RULE";
  }
  return "?";
}

}  // namespace gofer::lisafs
