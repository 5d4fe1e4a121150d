// What goferd wrote down of a server, for the goferd after it.

#ifndef GOFERD_CONTROLPLANE_GOFERS_KEPT_SERVER_H_
#define GOFERD_CONTROLPLANE_GOFERS_KEPT_SERVER_H_

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "controlplane/gofers/host.h"
#include "controlplane/model/model.h"
#include "controlplane/process/gofer_process.h"
#include "controlplane/state/state_directory.h"
#include "goferd/state/v1/state.pb.h"

namespace goferd::gofers {

namespace admin = goferd::admin::v1;

// A record of servers/ID as goferd wrote it: nothing in it comes from a gofer.
// It is STARTING, and none of its own is known that a gofer has. Errors:
// PATH_NOT_FOUND when there is none; others, which name the file, when it
// cannot be read.
absl::StatusOr<model::ServerPtr> ReadKeptServer(
    const state::StateDirectory& state, const std::string& id);

// The most that is written down of connections that ended with their gofer.
inline constexpr size_t kMostDeathBytes = size_t{4} << 20;

// Writes down how the server failed, and which connections ended with its
// gofer: as many as have room. A failure is logged.
void KeepDeath(state::StateDirectory& state, const std::string& id,
               const admin::ServerFailure& failure,
               const std::vector<admin::Connection>& connections);
// What KeepDeath wrote. Nothing when there is none, or it cannot be read.
std::optional<state::v1::GoferDeath> ReadDeath(
    const state::StateDirectory& state, const std::string& id);
// Whether `death` is that of the server's last gofer, not of one before it.
bool IsOfLastGofer(const state::StateDirectory& state, const std::string& id,
                   const state::v1::GoferDeath& death);

// The file in a server's directory that says: its gofer ended by itself, and is
// not to be started again.
inline constexpr char kEndedFile[] = "ended";

// The file in a server's directory that says: the server is being deleted. A
// goferd that finds it finishes the deletion.
inline constexpr char kDeletedFile[] = "deleted";

// The rules and the table that are laid over its gofer. Rules have the server's
// names, and their time is not over. Errors, which name the file, when it
// cannot be read: without its policies no gofer may serve.
absl::StatusOr<state::v1::Overrides> ReadKeptOverrides(
    const state::StateDirectory& state, const std::string& id);

// Makes them those of the server, which has none: they can be read.
void AddOverrides(const model::ModelLock& lock, model::Model& model,
                  const state::v1::Overrides& overrides,
                  model::ServerRecord& server);

// The gofer's process, if it lives: that of the `pid` file, or, if the file is
// lost, cannot be read or names a process that is gone, whoever listens at the
// control socket. Errors: PATH_NOT_FOUND when it does not live, or never got
// ready; others when that cannot be said now.
absl::StatusOr<std::shared_ptr<process::GoferProcess>> FindKeptProcess(
    const Host& host, const std::string& id);

// The same with its control group, for a server that goferd created. Takes the
// model's lock.
absl::StatusOr<std::shared_ptr<process::GoferProcess>> FindConfinedProcess(
    const model::Model& model, const Host& host, const std::string& id);

}  // namespace goferd::gofers

#endif  // GOFERD_CONTROLPLANE_GOFERS_KEPT_SERVER_H_
