// lisafs_load FD: works on the LISAFS connection FD until its standard input
// ends, and prints after each request what came of it:
//   mounted
//   ops N failures M
// The last line is printed at the end; it exits with 1 if a request failed.
// The mount point must have a file "hello". "once" as a second word: one round.

#include <fcntl.h>
#include <poll.h>

#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "clients/lisafs/client.h"
#include "server/base/unique_fd.h"

namespace {

using gofer::base::UniqueFd;
using gofer::client::Client;

struct Outcome {
  uint64_t ops = 0;
  uint64_t failures = 0;
  int last_error = 0;

  template <class T>
  bool Note(const T& result) {
    ++ops;
    if (result.ok()) return true;
    ++failures;
    last_error = result.error().number();
    return false;
  }
};

bool InputEnded() {
  pollfd input = {0, POLLIN, 0};
  return ::poll(&input, 1, 0) > 0;
}

void Round(const Client& client, Outcome& outcome) {
  outcome.Note(client.root().Stat());
  const auto file = client.root().Walk("hello");
  if (!outcome.Note(file)) return;
  const auto open = file->Open(O_RDONLY);
  if (!outcome.Note(open)) return;
  std::array<std::byte, 64> bytes;
  outcome.Note(open->Read(0, bytes));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) return 2;
  auto client = Client::Mount(UniqueFd(std::atoi(argv[1])));
  if (!client.ok()) {
    std::printf("mount failed: errno %d\n", client.error().number());
    return 1;
  }
  std::printf("mounted\n");
  std::fflush(stdout);
  const bool once = argc > 2 && std::string(argv[2]) == "once";
  Outcome outcome;
  do {
    Round(*client, outcome);
  } while (!once && !InputEnded());
  std::printf("ops %llu failures %llu errno %d\n",
              static_cast<unsigned long long>(outcome.ops),
              static_cast<unsigned long long>(outcome.failures),
              outcome.last_error);
  return outcome.failures == 0 ? 0 : 1;
}
