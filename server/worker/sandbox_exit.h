// AwaitSandboxExit: stays for the sandbox's sake, which ends faster so.

#ifndef GOFER_SERVER_WORKER_SANDBOX_EXIT_H_
#define GOFER_SERVER_WORKER_SANDBOX_EXIT_H_

namespace gofer::worker {

// Waits until the sandbox's process has ended, at most `millis`. `socket` is
// runsc's --sync-sentry-exit-fd, borrowed: runsc sends a pidfd of the sandbox
// there once, unless the sandbox was never made. Source: gVisor
// pkg/pinring/pinring.go, Aug 2026.
void AwaitSandboxExit(int socket, int millis);

}  // namespace gofer::worker

#endif  // GOFER_SERVER_WORKER_SANDBOX_EXIT_H_
