// lisafs-tour: shows a LISAFS connection at work.
//
//   lisafs-tour --fd=N                   over a connected socket, inherited
//   lisafs-tour --gofer=PATH --root=DIR  over one of a gofer that it starts
//
// Ends with 0 when every step went as it must, else with 1, and with 2 when the
// command line makes no sense.

#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstring>
#include <string>
#include <utility>

#include "clients/examples/gofer_process.h"
#include "clients/examples/tour.h"
#include "clients/lisafs/client.h"
#include "server/uds/unix_socket.h"

namespace gofer::examples {
namespace {

struct Flags {
  int fd = -1;
  std::string gofer;
  std::string root;
  bool keep = false;
};

bool Failed(const std::string& what, base::Errno error) {
  std::fprintf(stderr, "lisafs-tour: %s: %s\n", what.c_str(),
               std::strerror(error.number()));
  return false;
}

bool RunTour(base::UniqueFd socket, const Flags& flags) {
  auto client = client::Client::Mount(std::move(socket));
  if (!client.ok()) return Failed("Mount", client.error());
  return Tour(*client,
              flags.keep ? Tour::Leftover::kKeep : Tour::Leftover::kRemove)
      .Run();
}

bool RunOnInheritedSocket(const Flags& flags) {
  if (const auto checked =
          uds::CheckConnected(flags.fd, uds::SocketType::kStream);
      !checked.ok()) {
    return Failed("--fd=" + std::to_string(flags.fd), checked.error());
  }
  return RunTour(base::UniqueFd(flags.fd), flags);
}

bool RunWithGofer(const Flags& flags) {
  auto pair = uds::MakeSocketPair(uds::SocketType::kStream);
  if (!pair.ok()) return Failed("socketpair", pair.error());
  const auto gofer =
      GoferProcess::Start(flags.gofer, flags.root, std::move(pair->second));
  if (!gofer.ok()) return Failed(flags.gofer, gofer.error());
  std::printf("gofer: process %d serves %s\n", gofer->pid(),
              flags.root.c_str());
  const bool went_well = RunTour(std::move(pair->first), flags);
  // The tour has closed our end, so the gofer ends by itself.
  const int status = gofer->Wait();
  std::printf("gofer: process %d ended with status %d\n", gofer->pid(), status);
  return went_well && status == 0;
}

int Main(int argc, char** argv) {
  Flags flags;
  CLI::App app("Shows a LISAFS connection at work.", "lisafs-tour");
  auto* const fd = app.add_option("--fd", flags.fd, "Connected socket to use")
                       ->check(CLI::NonNegativeNumber);
  auto* const gofer =
      app.add_option("--gofer", flags.gofer, "gofer executable to start");
  auto* const root =
      app.add_option("--root", flags.root, "Directory for it to serve");
  gofer->needs(root)->excludes(fd);
  root->needs(gofer);
  app.add_flag("--keep", flags.keep, "Leave the directory that it makes");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  if (flags.fd < 0 && flags.gofer.empty()) {
    std::fputs("lisafs-tour: one of --fd and --gofer is needed\n", stderr);
    return 2;
  }
  std::setvbuf(stdout, nullptr, _IOLBF, BUFSIZ);
  const bool went_well =
      flags.fd >= 0 ? RunOnInheritedSocket(flags) : RunWithGofer(flags);
  return went_well ? 0 : 1;
}

}  // namespace
}  // namespace gofer::examples

// NOLINTNEXTLINE(bugprone-exception-escape): then it ends, which is all right.
int main(int argc, char** argv) { return gofer::examples::Main(argc, argv); }
