// Reconnector: gofers that live and do not answer.

#ifndef GOFERD_CONTROLPLANE_GOFERS_RECONNECTOR_H_
#define GOFERD_CONTROLPLANE_GOFERS_RECONNECTOR_H_

#include <cstdint>
#include <string>

#include "controlplane/gofers/gofer_watch.h"
#include "controlplane/gofers/host.h"
#include "controlplane/gofers/threads.h"
#include "controlplane/model/model.h"

namespace goferd::gofers {

class ExitHandler;
class Takeover;

// A gofer that hangs keeps its link: its next answer says that it goes on. A
// link that broke is made anew, after pauses that double, on threads of the
// adopters. Thread-safe.
class Reconnector {
 public:
  // All outlive it.
  Reconnector(model::Model& model, Threads& threads, Host& host,
              GoferWatch& watch, Takeover& takeover, ExitHandler& exits)
      : model_(model),
        threads_(threads),
        host_(host),
        watch_(watch),
        takeover_(takeover),
        exits_(exits) {}

  // The link broke. On the event loop's thread, or under the lock.
  void OnClosed(const std::string& server_id, uint64_t link_generation);
  // The gofer answers no more, or again. On the event loop's thread.
  void OnAnswering(const std::string& server_id, uint64_t link_generation,
                   bool answers);

  // Makes a new link to the gofer of a server that is UNREACHABLE.
  void ReconnectLater(const model::ModelLock& lock,
                      model::ServerRecord& server);

 private:
  void LoseLink(const std::string& server_id, uint64_t link_generation);
  void MarkUnreachable(const model::ModelLock& lock,
                       model::ServerRecord& server);
  void Reconnect(const std::string& server_id, uint64_t generation);
  // Whether the gofer's process is known now.
  bool FindProcess(const model::ServerPtr& server);

  model::Model& model_;
  Threads& threads_;
  Host& host_;
  GoferWatch& watch_;
  Takeover& takeover_;
  ExitHandler& exits_;
};

}  // namespace goferd::gofers

#endif  // GOFERD_CONTROLPLANE_GOFERS_RECONNECTOR_H_
