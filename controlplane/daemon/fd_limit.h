// RaiseFdLimit: how many descriptors goferd may have.

#ifndef GOFERD_CONTROLPLANE_DAEMON_FD_LIMIT_H_
#define GOFERD_CONTROLPLANE_DAEMON_FD_LIMIT_H_

namespace goferd::daemon {

// Raises the soft limit to the hard limit: a server costs three descriptors and
// a client one, and the usual soft limit of 1024 is for programs that use
// select(2). A failure is logged. Call it before the first gofer is started.
void RaiseFdLimit();

}  // namespace goferd::daemon

#endif  // GOFERD_CONTROLPLANE_DAEMON_FD_LIMIT_H_
