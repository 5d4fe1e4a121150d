// StateDirectory: the files of goferd and its gofers that outlive goferd.

#ifndef GOFERD_CONTROLPLANE_STATE_STATE_DIRECTORY_H_
#define GOFERD_CONTROLPLANE_STATE_STATE_DIRECTORY_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "controlplane/event_loop/event_loop.h"
#include "controlplane/state/file_draft.h"
#include "server/base/unique_fd.h"

namespace goferd::state {

// Its layout:
//   lock                          locked by the goferd that owns the directory
//   revisions                     where the last run's revisions began
//   servers/ID/{bootstrap.pb, overrides.pb, death.pb, pid, control.sock,
//               log.pipe, ended, deleted}
//   adopted/ID/{control.sock, pid, failure}  made by gofers that others started
//   warm/NAME/{control.sock, pid, log.pipe}     gofers that wait for a server
//
// Other users may pass through the directory to the sockets of the API and for
// attaching; everything else is private. All work is done on descriptors of the
// directories, and no symbolic link in them is followed. The caller checks ids:
// an id with a slash would name a file elsewhere. Errors of the host are those
// of errors::FromErrno. Thread-safe but for moves.
class StateDirectory {
 public:
  // Takes the directory for this process, as long as the object lives. Makes it
  // if it is missing, but no directories above it. Errors: HOST_PERMISSION when
  // another goferd has it, or it does not belong to goferd's user.
  static absl::StatusOr<StateDirectory> Open(const std::string& path);

  const std::string& path() const { return path_; }

  // Makes the directory of a server; an existing directory is kept.
  absl::Status MakeServer(absl::string_view id);
  // Makes a SOCK_SEQPACKET socket that listens at ControlPath, in place of an
  // earlier one.
  absl::StatusOr<gofer::base::UniqueFd> ListenControl(absl::string_view id);
  std::string ControlPath(absl::string_view id) const;
  // The named pipe to which a server's gofer logs.
  struct LogPipe {
    gofer::base::UniqueFd reader;
    // Non-blocking, and open for reading as well: it never lacks a reader.
    gofer::base::UniqueFd writer;
  };
  // Makes the pipe, in place of an earlier one.
  absl::StatusOr<LogPipe> MakeLog(absl::string_view id);
  absl::StatusOr<LogPipe> MakeWarmLog(absl::string_view name);
  // Opens the existing pipe for reading.
  absl::StatusOr<gofer::base::UniqueFd> OpenLog(absl::string_view id) const;
  // Replaces the file wholly, or leaves it as it was. The directory must exist.
  absl::Status WriteServerFile(absl::string_view id, const std::string& name,
                               absl::string_view bytes);
  // Replaces the file in two steps, for a change that must not happen when it
  // cannot be kept. Empty `bytes` stand for no file.
  absl::StatusOr<FileDraft> DraftServerFile(absl::string_view id,
                                            const std::string& name,
                                            absl::string_view bytes);
  // Connects to the server's control socket, without waiting. Errors:
  // PATH_NOT_FOUND when nobody listens, or there is no socket; those of the
  // host.
  absl::StatusOr<gofer::base::UniqueFd> ConnectControl(
      absl::string_view id) const;
  // Returns OK when the server's files could be removed, or there are none.
  absl::Status CheckCanRemove(absl::string_view id) const;
  // Reads a file. Errors: PATH_NOT_FOUND when it is missing; INTERNAL_FAULT
  // when it has more than 16 MiB, is no file, or does not belong to us.
  absl::StatusOr<std::string> ReadServerFile(absl::string_view id,
                                             const std::string& name) const;
  // Lists the servers' ids in order; names that are no ids are left out. Up to
  // config::kMostServers entries are read; more of them are logged.
  std::vector<std::string> ListServers() const;
  // Removes a server's directory, or what is in its place; returns OK when
  // there is none.
  absl::Status RemoveServer(absl::string_view id);

  // A revision that no earlier run of goferd with this directory has reached:
  // the time in microseconds, which runs faster than revisions do, or more when
  // the clock went back. Written down before it is used; when that fails it is
  // only logged.
  int64_t BeginRevisions(int64_t now_micros);

  // Makes the directory of a gofer that waits for a server, and a socket as
  // ListenControl makes it. `name` has the form of an id. While the gofer's
  // `pid` file is here it serves nobody.
  absl::StatusOr<gofer::base::UniqueFd> ListenWarm(absl::string_view name);
  std::string WarmControlPath(absl::string_view name) const;
  absl::Status WriteWarmPid(absl::string_view name, absl::string_view text);
  absl::StatusOr<std::string> ReadWarmPid(absl::string_view name) const;
  std::vector<std::string> ListWarm() const;
  absl::Status RemoveWarm(absl::string_view name);
  // Moves the gofer's socket and `pid` to a server's directory, which must
  // exist.
  absl::Status GiveWarm(absl::string_view name, absl::string_view server_id);

  std::string AdoptedControlPath(absl::string_view id) const;
  // Lists ids as ListServers does.
  std::vector<std::string> ListAdopted() const;
  // Whether the adopted gofer's socket is there and nobody listens.
  bool AdoptedIsDead(absl::string_view id) const;
  // Why the gofer in the directory could not start, in its own words on one
  // line (at most 4 KiB); empty when it did start, or has left no word.
  std::string ReadAdoptedFailure(absl::string_view id) const;
  absl::Status RemoveAdopted(absl::string_view id);

  class AdoptedWatch;
  // Calls `on_change` on the loop's thread after an adopted gofer has come,
  // until the watch is destroyed.
  absl::StatusOr<std::unique_ptr<AdoptedWatch>> WatchAdopted(
      event_loop::EventLoop& loop, std::function<void()> on_change) const;

 private:
  absl::StatusOr<LogPipe> MakeLogIn(int parent, absl::string_view kind,
                                    absl::string_view id) const;
  StateDirectory(std::string path, gofer::base::UniqueFd root,
                 gofer::base::UniqueFd lock, gofer::base::UniqueFd servers,
                 gofer::base::UniqueFd adopted, gofer::base::UniqueFd warm);

  std::string path_;
  gofer::base::UniqueFd root_;
  gofer::base::UniqueFd lock_;
  gofer::base::UniqueFd servers_;
  gofer::base::UniqueFd adopted_;
  gofer::base::UniqueFd warm_;
};

// A running watch.
class StateDirectory::AdoptedWatch {
 public:
  AdoptedWatch(gofer::base::UniqueFd inotify,
               std::unique_ptr<event_loop::EventLoop::Watch> watch)
      : inotify_(std::move(inotify)), watch_(std::move(watch)) {}

 private:
  // The order of these members matters: the descriptor outlives its watch.
  gofer::base::UniqueFd inotify_;
  std::unique_ptr<event_loop::EventLoop::Watch> watch_;
};

}  // namespace goferd::state

#endif  // GOFERD_CONTROLPLANE_STATE_STATE_DIRECTORY_H_
