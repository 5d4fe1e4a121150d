// GoferLogs: brings the gofers' log lines into goferd's log.

#ifndef GOFERD_CONTROLPLANE_STATE_GOFER_LOGS_H_
#define GOFERD_CONTROLPLANE_STATE_GOFER_LOGS_H_

#include <map>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "controlplane/event_loop/event_loop.h"
#include "controlplane/state/state_directory.h"
#include "server/base/mutex.h"
#include "server/base/unique_fd.h"

namespace goferd::state {

// Each gofer writes to a named pipe of its own in its state directory: no gofer
// gets goferd's standard error, which may be a file that has the audit records.
// The gofer holds both ends of its pipe. Without a goferd it writes on, and
// loses lines that find no room; the next goferd opens the pipe again.
//
// A gofer is not trusted: its lines are cut, made printable and begin with its
// server's name, and a gofer that writes too much is not read for a while.
// Thread-safe.
class GoferLogs {
 public:
  static constexpr size_t kMostLineBytes = 1024;
  // Lines at once, and in a second on average.
  static constexpr double kBurst = 256;
  static constexpr double kLinesPerSecond = 64;

  // `state` and `loop` outlive the object; the loop may have been stopped.
  GoferLogs(StateDirectory& state, event_loop::EventLoop& loop)
      : state_(state), loop_(loop) {}

  // Makes a new pipe for the gofer of a server, and begins to read it. Returns
  // the gofer's descriptor. The server's directory must exist.
  absl::StatusOr<gofer::base::UniqueFd> Make(const std::string& server_id);
  // Does the same for a warm gofer, which has no server yet.
  absl::StatusOr<gofer::base::UniqueFd> MakeWarm(const std::string& name);
  // Must be called when a warm gofer has got a server, whose directory has its
  // pipe now: its lines get the server's name.
  void Given(const std::string& warm_name, const std::string& server_id);
  // Reads the pipes of gofers from an earlier run.
  void ReopenAll();

 private:
  class Reader;

  absl::StatusOr<gofer::base::UniqueFd> Begin(
      const std::string& name, absl::StatusOr<StateDirectory::LogPipe> pipe);
  void Reopen(const std::string& server_id);
  // `name` begins the lines: the server's name, or warm/NAME.
  void Read(const std::string& name, gofer::base::UniqueFd pipe);

  StateDirectory& state_;
  event_loop::EventLoop& loop_;
  gofer::base::Mutex mu_;
  // By name.
  std::map<std::string, std::shared_ptr<Reader>> readers_ ABSL_GUARDED_BY(mu_);
};

// Returns `line` with everything escaped that is no printable ASCII.
std::string Printable(absl::string_view line);

}  // namespace goferd::state

#endif  // GOFERD_CONTROLPLANE_STATE_GOFER_LOGS_H_
