// RaiseFdLimit: how many descriptors goferd may have.

#ifndef GOFERD_CONTROLPLANE_DAEMON_FD_LIMIT_H_
#define GOFERD_CONTROLPLANE_DAEMON_FD_LIMIT_H_

namespace goferd::daemon {

// As many as the hard limit allows: a server costs two, a client one, and the
// usual soft limit of 1024 is for programs that use select(2). A failure is
// logged. Before the first gofer is started.
void RaiseFdLimit();

}  // namespace goferd::daemon

#endif  // GOFERD_CONTROLPLANE_DAEMON_FD_LIMIT_H_
