// ContainerFacts: what goferd hears of a gofer that runsc has started.

#ifndef GOFER_SERVER_WORKER_CONTAINER_FACTS_H_
#define GOFER_SERVER_WORKER_CONTAINER_FACTS_H_

#include "absl/strings/string_view.h"
#include "server/oci/oci_spec.h"
#include "server/sandbox/plan.h"
#include "server/worker/gofer_facts.h"

namespace gofer::worker {

// `plan` says how the gofer confines itself, `spec` and `bundle` are those that
// runsc gave it. Such a gofer takes no new connections. The caller fills in the
// limits. Called before the process is confined.
GoferFacts ContainerFacts(const sandbox::Plan& plan, const oci::OciSpec& spec,
                          absl::string_view bundle);

}  // namespace gofer::worker

#endif  // GOFER_SERVER_WORKER_CONTAINER_FACTS_H_
