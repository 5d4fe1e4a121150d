// What goferd wrote down of a server, for the goferd after it.

#ifndef GOFERD_CONTROLPLANE_GOFERS_KEPT_SERVER_H_
#define GOFERD_CONTROLPLANE_GOFERS_KEPT_SERVER_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "controlplane/gofers/host.h"
#include "controlplane/model/model.h"
#include "controlplane/process/gofer_process.h"
#include "controlplane/state/state_directory.h"
#include "goferd/state/v1/state.pb.h"

namespace goferd::gofers {

// A record of servers/ID as goferd wrote it: nothing in it comes from a gofer.
// It is STARTING, and none of its own is known that a gofer has. Null when
// there is none, or it cannot be read.
model::ServerPtr ReadKeptServer(const state::StateDirectory& state,
                                const std::string& id);

// The file in a server's directory that says: its gofer ended by itself, and is
// not to be started again.
inline constexpr char kEndedFile[] = "ended";

// The rules and the table that are laid over its gofer; none when it cannot be
// read. Rules have the server's names, and their time is not over.
state::v1::Overrides ReadKeptOverrides(const state::StateDirectory& state,
                                       const std::string& id);

// The gofer's process, if it lives. Errors: PATH_NOT_FOUND when it does not, or
// never got ready; others when that cannot be said now.
absl::StatusOr<std::shared_ptr<process::GoferProcess>> FindKeptProcess(
    const state::StateDirectory& state, const std::string& id);

// The same with its control group, for a server that goferd created. Takes the
// model's lock.
absl::StatusOr<std::shared_ptr<process::GoferProcess>> FindConfinedProcess(
    const model::Model& model, const Host& host, const std::string& id);

}  // namespace goferd::gofers

#endif  // GOFERD_CONTROLPLANE_GOFERS_KEPT_SERVER_H_
