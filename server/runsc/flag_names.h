// The flags of runsc that change nothing of what a gofer serves.

#ifndef GOFER_SERVER_RUNSC_FLAG_NAMES_H_
#define GOFER_SERVER_RUNSC_FLAG_NAMES_H_

#include "absl/strings/string_view.h"

namespace gofer::runsc {

// Whether `name`, without dashes, is a flag of all of runsc that a gofer may
// pass over. False for a flag of a later release: that may be the flag which
// tells the gofer to serve less, as --character-device-policy once was.
bool IsHarmlessGlobalFlag(absl::string_view name);

// The same for the flags behind the word "gofer".
bool IsHarmlessGoferFlag(absl::string_view name);

}  // namespace gofer::runsc

#endif  // GOFER_SERVER_RUNSC_FLAG_NAMES_H_
