// Run: goferctl, without the process around it.

#ifndef GOFERD_CLIENTS_GOFERCTL_RUN_H_
#define GOFERD_CLIENTS_GOFERCTL_RUN_H_

#include "clients/goferctl/environment.h"

namespace goferctl {

// Does what the command line says; returns the exit code. Blocks. May be called
// more than once, by one thread at a time for each environment.
int Run(int argc, const char* const* argv, Environment& environment);

}  // namespace goferctl

#endif  // GOFERD_CLIENTS_GOFERCTL_RUN_H_
