// UserLog: the file that runsc was told to log to, where its users look for
// what went wrong.

#ifndef GOFER_SERVER_RUNSC_USER_LOG_H_
#define GOFER_SERVER_RUNSC_USER_LOG_H_

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"

namespace gofer::runsc {

// A line with a newline: the JSON object that runsc itself writes about an
// error, whatever --log-format says, and that containerd and Docker parse.
// `now_ns` is the real time in nanoseconds since 1970.
std::string UserLogLine(absl::string_view message, int64_t now_ns);

// Appends such a line about an error to the borrowed `fd`; does nothing when it
// is -1 or cannot be written to.
void LogErrorToUser(int fd, absl::string_view message);

}  // namespace gofer::runsc

#endif  // GOFER_SERVER_RUNSC_USER_LOG_H_
