// Host: what gofers are given on this host, and found by again.

#ifndef GOFERD_CONTROLPLANE_GOFERS_HOST_H_
#define GOFERD_CONTROLPLANE_GOFERS_HOST_H_

#include <atomic>
#include <string>
#include <utility>

#include "controlplane/event_loop/event_loop.h"
#include "controlplane/link/gofer_links.h"
#include "controlplane/process/gofer_process.h"
#include "controlplane/state/gofer_logs.h"
#include "controlplane/state/state_directory.h"
#include "goferd/config/v1/config.pb.h"

namespace goferd::gofers {

// Its parts are thread-safe. `loop` outlives it, but may have ended.
struct Host {
  Host(const config::v1::DaemonConfig& config, state::StateDirectory directory,
       event_loop::EventLoop& loop)
      : gofer_path(config.gofer_path()),
        state(std::move(directory)),
        logs(state, loop),
        cgroup_parent(config.servers().cgroup_parent()),
        gofer_log_level(config.log().gofer_level()) {}
  Host(const Host&) = delete;
  Host& operator=(const Host&) = delete;

  // What every gofer is started with, whichever server it will serve.
  process::GoferProcess::Options process_options() const {
    process::GoferProcess::Options options;
    options.gofer_path = gofer_path;
    return options;
  }

  const std::string gofer_path;
  state::StateDirectory state;
  state::GoferLogs logs;
  link::GoferLinks links;
  // The control group below which gofers get theirs; empty: they have none. Set
  // before there are gofers.
  std::string cgroup_parent;
  // The level of gofers that are started from now on.
  std::atomic<int> gofer_log_level;
};

}  // namespace goferd::gofers

#endif  // GOFERD_CONTROLPLANE_GOFERS_HOST_H_
