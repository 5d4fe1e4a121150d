// ExitHandler: what follows from the end of a gofer.

#ifndef GOFERD_CONTROLPLANE_GOFERS_EXIT_HANDLER_H_
#define GOFERD_CONTROLPLANE_GOFERS_EXIT_HANDLER_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "controlplane/gofers/gofer_watch.h"
#include "controlplane/gofers/host.h"
#include "controlplane/gofers/settings.h"
#include "controlplane/gofers/threads.h"
#include "controlplane/model/model.h"
#include "controlplane/tickets/ticket_table.h"

namespace goferd::gofers {

namespace admin = goferd::admin::v1;

class Adopter;
class GoferStopper;
class Restarter;

// A gofer that ended by itself, with exit code 0 or after it has said so, makes
// its server STOPPED; one that died makes it FAILED, and the restart policy
// goes on from there. Its connections end either way. How it ended is on the
// disk before anybody is told. Thread-safe.
class ExitHandler {
 public:
  // All outlive it.
  ExitHandler(model::Model& model, tickets::TicketTable& tickets,
              Threads& threads, const Settings& settings, Host& host,
              GoferWatch& watch, Restarter& restarter, Adopter& adopter,
              GoferStopper& stopper)
      : model_(model),
        tickets_(tickets),
        threads_(threads),
        settings_(settings),
        host_(host),
        watch_(watch),
        restarter_(restarter),
        adopter_(adopter),
        stopper_(stopper) {}

  // On the event loop's thread; does not block. Nothing happens when the server
  // has another gofer by now.
  void OnExit(const std::string& server_id, uint64_t generation);
  // The gofer of that generation has ended. Writes a file, so that the caller
  // must not have the model's lock.
  void Settle(const std::string& server_id, uint64_t generation);

 private:
  // How the gofer of a server ended. Nothing when it has another by now, or it
  // has been settled.
  std::optional<process::GoferExit> FindExit(const model::ModelLock& lock,
                                             const model::ServerPtr& server,
                                             uint64_t generation) const;
  static bool EndedByItself(const model::ServerRecord& server,
                            const process::GoferExit& end);
  // The connections that end with the gofer, as they will be: as many as have
  // room.
  std::vector<admin::Connection> Crashed(const model::ModelLock& lock,
                                         const model::ServerRecord& server,
                                         const process::GoferExit& end,
                                         absl::Time now) const;
  // Writes down that the gofer ended by itself: the next goferd does not start
  // it again.
  void KeepEnd(const std::string& server_id);
  void HandleExit(const model::ModelLock& lock, model::ServerRecord& server,
                  const process::GoferExit& end, absl::Time time);
  // Removes a server that is STOPPING, and whose gofer died when nobody waited
  // for it any more.
  void FinishStop(const model::ModelLock& lock,
                  const model::ServerRecord& server);

  model::Model& model_;
  tickets::TicketTable& tickets_;
  Threads& threads_;
  const Settings& settings_;
  Host& host_;
  GoferWatch& watch_;
  Restarter& restarter_;
  Adopter& adopter_;
  GoferStopper& stopper_;
};

}  // namespace goferd::gofers

#endif  // GOFERD_CONTROLPLANE_GOFERS_EXIT_HANDLER_H_
