// Lifecycle: gofers from their start to their end, whoever wants it.

#ifndef GOFERD_CONTROLPLANE_GOFERS_LIFECYCLE_H_
#define GOFERD_CONTROLPLANE_GOFERS_LIFECYCLE_H_

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "controlplane/gofers/context.h"
#include "controlplane/gofers/gofer_events.h"
#include "controlplane/gofers/gofer_starter.h"
#include "controlplane/gofers/overrides_store.h"
#include "controlplane/gofers/restoration.h"
#include "controlplane/link/early_events.h"
#include "controlplane/tree/served_tree.h"
#include "goferd/state/v1/state.pb.h"

namespace goferd::gofers {

namespace admin = goferd::admin::v1;

// Starts the gofers of servers, watches them, starts them again by policy, and
// finds those that live from an earlier run of goferd or were started by
// somebody else. Thread-safe. In four parts: lifecycle.cc (starts and ends),
// restarting.cc (new gofers for dead ones), adoption.cc (gofers that live
// already), reconnection.cc (gofers that do not answer).
class Lifecycle {
 public:
  Lifecycle(Context& context, OverridesStore& store, WarmGofers& warm)
      : context_(context),
        store_(store),
        events_(context),
        restoration_(context, store, events_),
        starter_(context, warm) {}

  // Starts the gofer of a server that is STARTING, lays its overrides over it
  // and makes it ACTIVE. The caller has the mutation, or nobody else can.
  // Blocks.
  absl::Status StartGofer(const model::Model::ServerPtr& server,
                          const tree::ServedTree& tree);
  // Ends the gofer of a server that is STOPPING, and removes the server with
  // all that it has. Blocks.
  absl::Status EndGofer(const model::Model::ServerPtr& server);

  // Adopts what lives in the state directory, at most for `patience`; what
  // takes longer is adopted meanwhile. The servers are in the model from the
  // beginning. Blocks.
  void AdoptAll(absl::Duration patience);
  // Adopts gofers that others have started since.
  void AdoptNew();

 private:
  enum class Origin { kOurs, kForeign };

  // STARTS AND ENDS

  worker::GoferClient::Callbacks CallbacksFor(const std::string& server_id,
                                              uint64_t link_generation);
  absl::Status LayOverrides(const model::Model::ServerPtr& server,
                            link::GoferLink& link);
  // Takes over what a gofer says of itself.
  static void Known(model::ServerRecord& server,
                    const process::GoferProcess& process,
                    const worker::v1::BootstrapResult& result);
  // OnExit will be called when it ends.
  void WatchProcess(model::ServerRecord& server,
                    std::shared_ptr<process::GoferProcess> process)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(context_.model.mu);
  // Of all that belongs to the gofer, or of the link only: not now, and not
  // under the lock.
  void LetGo(model::ServerRecord& server)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(context_.model.mu);
  void LetGoOfLink(model::ServerRecord& server)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(context_.model.mu);
  // On the event loop's thread.
  void OnExit(const std::string& server_id, uint64_t generation);
  void TakeNoteOfEnd(model::ServerRecord& server, const process::GoferExit& end)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(context_.model.mu);
  void Fail(model::ServerRecord& server, admin::ServerFailure failure)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(context_.model.mu);
  void RestartLater(model::ServerRecord& server)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(context_.model.mu);
  void Restart(const std::string& server_id);
  absl::Status StartAgain(const model::Model::ServerPtr& server);
  // Whether it said that it ends.
  bool AskToEnd(const model::ServerRecord& server, link::GoferLink& link) const;
  void RemoveState(const model::ServerRecord& server);
  // So that the next goferd does not start it again.
  void NoteEnded(const std::string& server_id);
  // Those that go with their gofer.
  void DropFaults(model::ServerRecord& server)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(context_.model.mu);
  // Of a server that is STOPPING, whose gofer died when nobody waited for it
  // any more.
  void EndLater(const model::ServerRecord& server);
  // The gofer of `server`, if it lives and is not in the record: null when it
  // is surely dead. Errors: it is not known.
  absl::StatusOr<std::shared_ptr<process::GoferProcess>> FindUnknown(
      const model::Model::ServerPtr& server);

  // ADOPTION

  // A gofer that was asked to know us.
  struct Hailed {
    // Null when nobody took the call.
    std::shared_ptr<link::GoferLink> link;
    uint64_t link_generation = 0;
    worker::v1::AdoptResult result;
    std::shared_ptr<link::EarlyEvents> events =
        std::make_shared<link::EarlyEvents>();
  };
  // One that an earlier run of goferd wrote down.
  void AddKept(const model::Model::ServerPtr& server,
               const state::v1::Overrides& overrides)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(context_.model.mu);
  // Ends a claim of Model::BeginAdoption.
  void EndAdoption(const std::string& id);
  absl::Status Hail(const std::string& id, Origin origin, Hailed& hailed);
  // The process of a server of ours, with its control group.
  absl::StatusOr<std::shared_ptr<process::GoferProcess>> FindConfined(
      const std::string& id);
  void AdoptOurs(const std::string& id);
  // One that was never given its server: nobody is told of it.
  void EndUnused(const std::string& id, const model::Model::ServerPtr& server,
                 process::GoferProcess& process);
  // On a thread of the adopters, unless somebody else adopts it.
  void AdoptNew(const std::string& id)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(context_.model.mu);
  void AdoptForeign(const std::string& id, int attempt);
  absl::Status TryForeign(const std::string& id);
  // The record for a gofer that others started; replaces one that has ended.
  absl::StatusOr<model::Model::ServerPtr> MakeForeign(const std::string& id,
                                                      const Hailed& hailed);
  // Makes a server that is STARTING or UNREACHABLE what its gofer says it is.
  absl::Status TakeOver(const model::Model::ServerPtr& server, Hailed& hailed);
  bool MayTakeOver(const model::Model::ServerPtr& server,
                   uint64_t generation) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(context_.model.mu);
  // Makes it what its gofer's silence, or refusal, says it is.
  void NotTakenOver(const model::Model::ServerPtr& server, Hailed& hailed,
                    const absl::Status& why);
  // Says so when nobody of an earlier run is still to be known.
  void NoteWhetherAllAreAdopted()
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(context_.model.mu);
  // What is there of a server whose gofer died while goferd was away.
  void Bury(const std::string& id);

  // GOFERS THAT DO NOT ANSWER

  // On the event loop's thread.
  void OnClosed(const std::string& server_id, uint64_t link_generation);
  void OnAnswering(const std::string& server_id, uint64_t link_generation,
                   bool answers);
  void LoseLink(const std::string& server_id, uint64_t link_generation);
  void MarkUnreachable(model::ServerRecord& server)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(context_.model.mu);
  void ReconnectLater(model::ServerRecord& server)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(context_.model.mu);
  // On a thread of the adopters.
  void Reconnect(const std::string& server_id, uint64_t generation);
  // Whether the process is known now. Takes the lock.
  bool FindProcess(const model::Model::ServerPtr& server);

  Context& context_;
  OverridesStore& store_;
  GoferEvents events_;
  Restoration restoration_;
  GoferStarter starter_;
  std::atomic<uint64_t> next_generation_ = 1;
};

}  // namespace goferd::gofers

#endif  // GOFERD_CONTROLPLANE_GOFERS_LIFECYCLE_H_
