#include <grpc/support/log.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <iostream>
#include <string>
#include <vector>

#include "clients/goferctl/run.h"

namespace {

int Exec(const std::vector<std::string>& words) {
  std::vector<char*> argv;
  for (const std::string& word : words) {
    argv.push_back(const_cast<char*>(word.c_str()));
  }
  argv.push_back(nullptr);
  std::cout.flush();
  ::execvp(argv.front(), argv.data());
  return errno;
}

// gRPC's log is for users who ask for it: failures are in its statuses too.
void SilenceGrpc() {
  if (std::getenv("GRPC_VERBOSITY") != nullptr) return;
  ::gpr_set_log_function([](gpr_log_func_args*) {});
}

}  // namespace

int main(int argc, char** argv) {
  SilenceGrpc();
  std::ios::sync_with_stdio(false);
  const char* const endpoint = std::getenv("GOFERCTL_ENDPOINT");
  goferctl::Environment environment{std::cin, std::cout, std::cerr,
                                    endpoint != nullptr ? endpoint : "", &Exec};
  return goferctl::Run(argc, argv, environment);
}
