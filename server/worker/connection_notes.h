// ConnectionNotes: what connections' threads tell the control thread.

#ifndef GOFER_SERVER_WORKER_CONNECTION_NOTES_H_
#define GOFER_SERVER_WORKER_CONNECTION_NOTES_H_

#include <cstdint>
#include <utility>
#include <vector>

#include "server/base/mutex.h"
#include "server/lisafs/connection.h"
#include "server/rules/unix_clock.h"
#include "server/worker/signals.h"

namespace gofer::worker {

// Each connection leaves three notes at most, so clients cannot make the notes
// grow. Thread-safe; noting never waits for the control thread.
class ConnectionNotes {
 public:
  struct Note {
    enum class What { kMounted, kEnded };
    lisafs::Connection::Id id;
    What what;
    int64_t unix_ns;
  };

  // `wake` is notified of each note, and must outlive this.
  explicit ConnectionNotes(TerminationSignals& wake) : wake_(wake) {}

  void Add(lisafs::Connection::Id id, Note::What what) {
    {
      base::MutexLock lock(mu_);
      notes_.push_back({id, what, rules::UnixNanos()});
    }
    wake_.Notify();
  }

  // Returns the notes in the order in which they came, and forgets them.
  std::vector<Note> Take() {
    base::MutexLock lock(mu_);
    return std::exchange(notes_, {});
  }

 private:
  TerminationSignals& wake_;
  base::Mutex mu_;
  std::vector<Note> notes_ ABSL_GUARDED_BY(mu_);
};

}  // namespace gofer::worker

#endif  // GOFER_SERVER_WORKER_CONNECTION_NOTES_H_
