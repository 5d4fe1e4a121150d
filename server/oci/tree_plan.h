// MakeTreePlan: the file tree that an OCI configuration asks for.

#ifndef GOFER_SERVER_OCI_TREE_PLAN_H_
#define GOFER_SERVER_OCI_TREE_PLAN_H_

#include <variant>

#include "server/oci/oci_spec.h"
#include "server/sandbox/plan.h"

namespace gofer::oci {

// Plans one bind mount with its options. Errors: an option that a gofer must
// refuse (shared).
std::variant<sandbox::BindMount, SpecError> MakeBind(const OciMount& mount);

// linux.rootfsPropagation, or its default where it is absent. Errors: a
// propagation that a gofer must refuse, or that is not known.
std::variant<sandbox::Propagation, SpecError> RootPropagation(
    const OciSpec& spec);

// Plans the root, all bind mounts in the spec's order, and the working
// directory. Touches nothing. Errors: those of MakeBind and RootPropagation.
std::variant<sandbox::TreePlan, SpecError> MakeTreePlan(const OciSpec& spec);

}  // namespace gofer::oci

#endif  // GOFER_SERVER_OCI_TREE_PLAN_H_
