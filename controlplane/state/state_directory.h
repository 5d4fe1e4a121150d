// StateDirectory: where goferd and its gofers keep what outlives goferd.

#ifndef GOFERD_CONTROLPLANE_STATE_STATE_DIRECTORY_H_
#define GOFERD_CONTROLPLANE_STATE_STATE_DIRECTORY_H_

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
//   lock                          held by the goferd that has it
//   servers/ID/{bootstrap.pb, overrides.pb, pid, control.sock, log.pipe}
//   adopted/ID/{control.sock, pid}    made by gofers that others started
//   warm/NAME/{control.sock, pid, log.pipe}     gofers that wait for a server
//
// Others may pass through it, to the sockets of the API and for attaching; the
// rest is private. All work is done on descriptors of the directories; no
// symbolic link in them is followed. Ids are checked by the caller. Errors of
// the host are those of errors::FromErrno. Thread-safe but for moves.
class StateDirectory {
 public:
  // Takes the directory for this process, as long as the object lives. Makes
  // it, but not those above it. Errors: HOST_PERMISSION when another goferd has
  // it, or it is not goferd's user's own.
  static absl::StatusOr<StateDirectory> Open(const std::string& path);

  const std::string& path() const { return path_; }

  // The directory of a server; one that is there is kept.
  absl::Status MakeServer(absl::string_view id);
  // A SOCK_SEQPACKET socket that listens at ControlPath, in place of one
  // before.
  absl::StatusOr<gofer::base::UniqueFd> ListenControl(absl::string_view id);
  std::string ControlPath(absl::string_view id) const;
  // The named pipe of a server's gofer for what it logs.
  struct LogPipe {
    gofer::base::UniqueFd reader;
    // Non-blocking, and never without a reader: it reads as well.
    gofer::base::UniqueFd writer;
  };
  // In place of one before.
  absl::StatusOr<LogPipe> MakeLog(absl::string_view id);
  absl::StatusOr<LogPipe> MakeWarmLog(absl::string_view name);
  // The reader of the one that is there.
  absl::StatusOr<gofer::base::UniqueFd> OpenLog(absl::string_view id) const;
  // All of it is written, or the file stays as it was. The directory exists.
  absl::Status WriteServerFile(absl::string_view id, const std::string& name,
                               absl::string_view bytes);
  // The same in two steps, for a change that must not happen when it cannot be
  // kept. Empty `bytes` stand for no file.
  absl::StatusOr<FileDraft> DraftServerFile(absl::string_view id,
                                            const std::string& name,
                                            absl::string_view bytes);
  // OK when its files could be removed, or there are none.
  absl::Status CheckCanRemove(absl::string_view id) const;
  // Errors: PATH_NOT_FOUND; INTERNAL_FAULT when it has more than 16 MiB.
  absl::StatusOr<std::string> ReadServerFile(absl::string_view id,
                                             const std::string& name) const;
  // In order; what is no id is left out. Up to config::kMostServers entries of
  // the directory are read; it is logged when there are more.
  std::vector<std::string> ListServers() const;
  // OK when there is none.
  absl::Status RemoveServer(absl::string_view id);

  // The directory of a gofer that waits for a server, `name` being like an id,
  // and a socket as ListenControl makes it. While its `pid` is here it serves
  // nobody.
  absl::StatusOr<gofer::base::UniqueFd> ListenWarm(absl::string_view name);
  std::string WarmControlPath(absl::string_view name) const;
  absl::Status WriteWarmPid(absl::string_view name, absl::string_view text);
  absl::StatusOr<std::string> ReadWarmPid(absl::string_view name) const;
  std::vector<std::string> ListWarm() const;
  absl::Status RemoveWarm(absl::string_view name);
  // Makes its socket and `pid` those of a server, whose directory exists.
  absl::Status GiveWarm(absl::string_view name, absl::string_view server_id);

  std::string AdoptedControlPath(absl::string_view id) const;
  // As ListServers.
  std::vector<std::string> ListAdopted() const;
  // Whether its socket is there and nobody listens.
  bool AdoptedIsDead(absl::string_view id) const;
  absl::Status RemoveAdopted(absl::string_view id);

  class AdoptedWatch;
  // Calls `on_change` on the loop's thread after something came among the
  // adopted gofers, until the watch is destroyed.
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
  // In this order: the descriptor outlives its watch.
  gofer::base::UniqueFd inotify_;
  std::unique_ptr<event_loop::EventLoop::Watch> watch_;
};

}  // namespace goferd::state

#endif  // GOFERD_CONTROLPLANE_STATE_STATE_DIRECTORY_H_
