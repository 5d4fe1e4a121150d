// AwaitReadable: waits for a descriptor until a certain time.

#ifndef GOFER_SERVER_WORKER_AWAIT_READABLE_H_
#define GOFER_SERVER_WORKER_AWAIT_READABLE_H_

#include <cstdint>

namespace gofer::worker {

enum class Awaited { kReadable, kTimeOver, kFailed };

// Waits until the borrowed descriptor is readable or has hung up, or until
// base::MonotonicNanos() is `end_nanos`. Signals do not make it longer. On
// failure the reason is in errno.
Awaited AwaitReadable(int fd, uint64_t end_nanos);

}  // namespace gofer::worker

#endif  // GOFER_SERVER_WORKER_AWAIT_READABLE_H_
