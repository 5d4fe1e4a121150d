// Environment: the streams, variables and system calls that goferctl uses.

#ifndef GOFERD_CLIENTS_GOFERCTL_ENVIRONMENT_H_
#define GOFERD_CLIENTS_GOFERCTL_ENVIRONMENT_H_

#include <functional>
#include <iosfwd>
#include <string>
#include <vector>

namespace goferctl {

// The streams are borrowed and outlive the Run.
struct Environment {
  std::istream& in;
  std::ostream& out;
  std::ostream& err;
  // The value of GOFERCTL_ENDPOINT; empty when it is not set.
  std::string endpoint;
  // Becomes the program words[0] with these words. Returns errno, only on
  // failure.
  std::function<int(const std::vector<std::string>& words)> exec;
};

}  // namespace goferctl

#endif  // GOFERD_CLIENTS_GOFERCTL_ENVIRONMENT_H_
