// Behaviours: what runsc asks of its gofer differs from release to release; the
// sign that shows what this one asks, and where that is known from.

#ifndef GOFER_SERVER_RUNSC_BEHAVIOURS_H_
#define GOFER_SERVER_RUNSC_BEHAVIOURS_H_

#include <span>
#include <string>

#include "absl/strings/string_view.h"

namespace gofer::runsc {

struct Behaviour {
  absl::string_view what;   // What the gofer does.
  absl::string_view sign;   // The flag or the part of the spec that shows it.
  absl::string_view since;  // The releases that ask it.
  absl::string_view source;
};

std::span<const Behaviour> Behaviours();

// The table as text, one paragraph for each behaviour.
std::string BehavioursText();

}  // namespace gofer::runsc

#endif  // GOFER_SERVER_RUNSC_BEHAVIOURS_H_
