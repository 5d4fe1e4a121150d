// ServeOptions and ManagedOptions: the command lines of `gofer serve` and
// `gofer managed` as values.

#ifndef GOFER_SERVER_WORKER_SERVE_OPTIONS_H_
#define GOFER_SERVER_WORKER_SERVE_OPTIONS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "server/base/log_format.h"
#include "server/hostfs/host_options.h"
#include "server/lisafs/options.h"

namespace gofer::worker {

// One inherited socket and where its client is mounted.
struct IoFd {
  int fd = -1;
  std::string mount_path = "/";
};

struct ServeOptions {
  std::string root;
  std::vector<IoFd> io_fds;
  lisafs::ConnectionOptions connection;
  hostfs::HostOptions host;
  // Whether the process confines itself to `root`.
  bool sandboxed = false;
  std::string log_level = "warning";
  // The FDs of one connection; 0 shares out what the process may have.
  uint32_t max_fds = 0;
};

// The command line of `gofer managed`.
struct ManagedOptions {
  int control_fd = -1;
  std::string log_level = "warning";
  base::LogFormat log_format = base::LogFormat::kText;
};

}  // namespace gofer::worker

#endif  // GOFER_SERVER_WORKER_SERVE_OPTIONS_H_
