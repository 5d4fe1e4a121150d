// HangUpWatch: notices that a connection's client has gone while the thread
// that reads the connection's socket is kept busy.

#ifndef GOFER_SERVER_LISAFS_HANG_UP_WATCH_H_
#define GOFER_SERVER_LISAFS_HANG_UP_WATCH_H_

#include <functional>

#include "server/base/errno.h"
#include "server/base/thread.h"
#include "server/base/unique_fd.h"

namespace gofer::lisafs {

// Costs a thread, so it is only started by a connection that needs it. Start
// and Stop belong to one thread.
class HangUpWatch {
 public:
  HangUpWatch() = default;
  ~HangUpWatch() { Stop(); }
  HangUpWatch(const HangUpWatch&) = delete;
  HangUpWatch& operator=(const HangUpWatch&) = delete;

  // Calls `on_hang_up` once, on a thread of the watch, when the other end of
  // the borrowed `socket` has been closed or will send no more, or when this
  // end was shut down for receiving. `socket` stays open until Stop. Does
  // nothing when started already. Errors: EMFILE, EAGAIN when there is no room
  // for a thread.
  base::ErrnoOr<void> Start(int socket, std::function<void()> on_hang_up);

  // Ends the watch; `on_hang_up` is not running any more.
  void Stop();

 private:
  base::UniqueFd stop_;
  base::Thread thread_;
};

}  // namespace gofer::lisafs

#endif  // GOFER_SERVER_LISAFS_HANG_UP_WATCH_H_
