// HostileFds: descriptors that take their time to close.

#ifndef GOFER_TESTS_SUPPORT_HOSTILE_FDS_H_
#define GOFER_TESTS_SUPPORT_HOSTILE_FDS_H_

#include <memory>

#include "server/base/thread.h"
#include "server/base/unique_fd.h"
#include "tests/support/latch.h"

namespace gofer::test {

// A TCP socket with SO_LINGER whose peer does not read: who closes it last
// waits for `seconds`.
struct LingeringSocket {
  explicit LingeringSocket(int seconds);
  // Mutable: to be closed by who sends it.
  mutable base::UniqueFd socket;
  base::UniqueFd peer;
};

// A file of a FUSE file system whose daemon does not answer when one of its
// descriptors is closed. No signal ends that; the end of this object does.
class SilentFuseFile {
 public:
  // Null when the host gives no FUSE.
  static std::unique_ptr<SilentFuseFile> Make();
  ~SilentFuseFile();

  int fd() const { return file_.get(); }
  // Until somebody closes it.
  void AwaitClose() { closing_.Wait(); }

 private:
  SilentFuseFile() = default;
  void Serve();
  bool Answer();

  base::UniqueFd device_;
  base::UniqueFd stop_;
  base::UniqueFd file_;
  Latch closing_;
  base::Thread daemon_;
};

}  // namespace gofer::test

#endif  // GOFER_TESTS_SUPPORT_HOSTILE_FDS_H_
