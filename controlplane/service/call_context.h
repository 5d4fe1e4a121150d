// CallContext: facts about a call besides its request, for a method's body.

#ifndef GOFERD_CONTROLPLANE_SERVICE_CALL_CONTEXT_H_
#define GOFERD_CONTROLPLANE_SERVICE_CALL_CONTEXT_H_

#include "absl/time/time.h"
#include "controlplane/auth/caller.h"

namespace goferd::service {

struct CallContext {
  // The caller has the role that the method needs: bodies do not check it.
  auth::Caller caller;
  // The client's deadline; no answer after it reaches the client.
  absl::Time deadline = absl::InfiniteFuture();
};

}  // namespace goferd::service

#endif  // GOFERD_CONTROLPLANE_SERVICE_CALL_CONTEXT_H_
