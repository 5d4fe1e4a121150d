// lisafs_load FD: works on the LISAFS connection FD until its standard input
// ends, and prints after each request what came of it:
//   mounted
//   ops N failures M
// The last line is printed at the end; it exits with 1 if a request failed.
// The mount point must have a file "hello". "once" as a second word: one round.
// "directfs" as a second word: works through its mount point's FD, as gVisor's
// sandbox does with directfs, and sends no request after its Mount.

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "clients/lisafs/client.h"
#include "server/base/syscall.h"
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

// The same, and what changes the tree, without the gofer.
void RoundOnTheHost(int mount_fd, Outcome& outcome) {
  const auto note = [&outcome](auto call) {
    outcome.Note(gofer::base::Syscall(call));
  };
  note([&] { return ::mkdirat(mount_fd, "made-on-the-host", 0700); });
  note([&] { return ::unlinkat(mount_fd, "made-on-the-host", AT_REMOVEDIR); });
  note([&] { return ::faccessat(mount_fd, "hello", R_OK, 0); });
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
  const std::string word = argc > 2 ? argv[2] : "";
  const bool once = word == "once";
  if (word == "directfs" && client->mount_fd() < 0) {
    std::printf("no mount point's FD\n");
    return 1;
  }
  Outcome outcome;
  do {
    if (word == "directfs") {
      RoundOnTheHost(client->mount_fd(), outcome);
    } else {
      Round(*client, outcome);
    }
  } while (!once && !InputEnded());
  std::printf("ops %llu failures %llu errno %d\n",
              static_cast<unsigned long long>(outcome.ops),
              static_cast<unsigned long long>(outcome.failures),
              outcome.last_error);
  return outcome.failures == 0 ? 0 : 1;
}
