// OverridesStore: the rules and handler tables that goferd writes down.

#ifndef GOFERD_CONTROLPLANE_GOFERS_OVERRIDES_STORE_H_
#define GOFERD_CONTROLPLANE_GOFERS_OVERRIDES_STORE_H_

#include "absl/status/statusor.h"
#include "controlplane/gofers/host.h"
#include "controlplane/gofers/kept_overrides.h"
#include "controlplane/model/model.h"
#include "controlplane/state/file_draft.h"

namespace goferd::gofers {

// Writes what is laid over a server's gofer into the server's state directory,
// where the next goferd reads it. The caller holds the server's overrides_mu
// from before Draft to after Commit: without it an older table could replace a
// newer one. Thread-safe.
class OverridesStore {
 public:
  // Both outlive it.
  OverridesStore(model::Model& model, Host& host)
      : model_(model), host_(host) {}

  // Writes `kept` beside the present file; it replaces that file only in
  // Commit. The draft of a server that goferd did not create is empty: its
  // gofer keeps its own overrides. Takes the model's lock. Errors: those of the
  // disk.
  absl::StatusOr<state::FileDraft> Draft(const model::ServerPtr& server,
                                         const KeptOverrides& kept);
  // Puts the draft in place, and returns whether it is. A failure is logged:
  // the gofer has the new overrides already.
  static bool Commit(const model::ServerEntry& server, state::FileDraft draft);

 private:
  model::Model& model_;
  Host& host_;
};

}  // namespace goferd::gofers

#endif  // GOFERD_CONTROLPLANE_GOFERS_OVERRIDES_STORE_H_
