// RuleFrames: changes of rules that may be too long for one frame.

#ifndef GOFERD_CONTROLPLANE_GOFERS_RULE_FRAMES_H_
#define GOFERD_CONTROLPLANE_GOFERS_RULE_FRAMES_H_

#include <cstddef>
#include <vector>

#include "absl/status/status.h"
#include "controlplane/link/gofer_link.h"
#include "goferd/worker/v1/frame.pb.h"

namespace goferd::gofers {

// Far below the longest frame, of which a single rule takes a twentieth.
inline constexpr size_t kMostRuleBytes = size_t{512} << 10;

// Cuts `change` into requests of at most about `most_bytes`; a longer rule is a
// request by itself. What is removed goes first. None when nothing changes.
std::vector<worker::v1::ToGofer> ToFrames(worker::v1::ChangeRules change,
                                          size_t most_bytes = kMostRuleBytes);

// Asks the gofer for all of `change`, which a caller has asked for before: it
// does not happen at one moment, and a request may meet a part of it.
absl::Status AskToChange(link::GoferLink& link, worker::v1::ChangeRules change);

}  // namespace goferd::gofers

#endif  // GOFERD_CONTROLPLANE_GOFERS_RULE_FRAMES_H_
