// CallContext: what a method's body knows of a call besides the request.

#ifndef GOFERD_CONTROLPLANE_SERVICE_CALL_CONTEXT_H_
#define GOFERD_CONTROLPLANE_SERVICE_CALL_CONTEXT_H_

#include "absl/time/time.h"
#include "controlplane/auth/caller.h"

namespace goferd::service {

struct CallContext {
  // Has the role that the method needs: bodies do not check it.
  auth::Caller caller;
  // The client's; it is not told about anything after it.
  absl::Time deadline = absl::InfiniteFuture();
};

}  // namespace goferd::service

#endif  // GOFERD_CONTROLPLANE_SERVICE_CALL_CONTEXT_H_
