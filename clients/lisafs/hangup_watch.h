// HangupWatch: notices that the server has gone.

#ifndef GOFER_CLIENTS_LISAFS_HANGUP_WATCH_H_
#define GOFER_CLIENTS_LISAFS_HANGUP_WATCH_H_

#include <functional>
#include <memory>
#include <utility>

#include "server/base/errno.h"
#include "server/base/thread.h"
#include "server/base/unique_fd.h"

namespace gofer::client {

// A thread that sleeps until a socket hangs up. A thread that waits on a
// channel does not see the server die: the memory stays mapped and nobody wakes
// it.
class HangupWatch {
 public:
  // Calls `on_hangup` once, on the watch's thread, when either side has shut
  // the borrowed `socket` down for reading. The socket, and what `on_hangup`
  // uses, outlive the watch. Errors: EMFILE, ENFILE, ENOMEM, EAGAIN (no
  // thread).
  static base::ErrnoOr<std::unique_ptr<HangupWatch>> Start(
      int socket, std::function<void()> on_hangup);

  HangupWatch(const HangupWatch&) = delete;
  HangupWatch& operator=(const HangupWatch&) = delete;
  // Waits for a running `on_hangup`. Not to be called by it.
  ~HangupWatch();

 private:
  explicit HangupWatch(base::UniqueFd stop) : stop_(std::move(stop)) {}

  const base::UniqueFd stop_;
  base::Thread thread_;
};

}  // namespace gofer::client

#endif  // GOFER_CLIENTS_LISAFS_HANGUP_WATCH_H_
