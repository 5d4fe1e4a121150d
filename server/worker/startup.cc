#include "server/worker/startup.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "server/base/log.h"
#include "server/hostfs/host_backend.h"
#include "server/hostfs/host_tree.h"
#include "server/lisafs/connection.h"
#include "server/lisafs/server.h"
#include "server/uds/unix_socket.h"
#include "server/worker/signals.h"

namespace gofer::worker {
namespace {

// Soft limits above this only make tables larger than anybody needs.
constexpr rlim_t kMostFds = rlim_t{1} << 20;
// FDs of the process itself: stdio, the tree, signals.
constexpr rlim_t kOwnFds = 64;
// The sockets, memory and FD channels of one connection, besides its files.
constexpr rlim_t kOwnFdsPerConnection = 20;
// With fewer files than this a connection is of no use.
constexpr rlim_t kFewestFds = 16;

ExitCode Failed(const char* stage, const std::string& what, base::Errno error,
                ExitCode code) {
  std::fprintf(stderr, "gofer: %s: %s: %s\n", stage, what.c_str(),
               std::strerror(error.number()));
  return code;
}

const char* WhyNoSocket(base::Errno error) {
  switch (error.number()) {
    case EBADF:
      return "no such descriptor was inherited";
    case ENOTSOCK:
      return "not a socket";
    case EAFNOSUPPORT:
      return "not a UNIX socket";
    case EPROTOTYPE:
      return "not a stream socket";
    case EOPNOTSUPP:
      return "a listening socket: pass a connected one";
    case ENOTCONN:
      return "not connected";
    default:
      return std::strerror(error.number());
  }
}

// The process that serves: made stage by stage, each named after what it does.
class ServeProcess {
 public:
  explicit ServeProcess(const ServeOptions& options) : options_(options) {}

  ExitCode Run() {
    for (const Stage& stage : kStages) {
      const ExitCode code = (this->*stage.run)(stage.name);
      if (code != ExitCode::kOk) return code;
    }
    WaitForEnd();
    return ExitCode::kOk;
  }

 private:
  struct Stage {
    const char* name;
    ExitCode (ServeProcess::*run)(const char* name);
  };
  static const std::vector<Stage> kStages;

  ExitCode BlockSignals(const char* stage) {
    auto signals = TerminationSignals::Block();
    if (!signals.ok()) {
      return Failed(stage, "signalfd", signals.error(), ExitCode::kSignals);
    }
    signals_ = std::make_unique<TerminationSignals>(std::move(*signals));
    return ExitCode::kOk;
  }

  ExitCode RaiseFdLimit(const char* stage) {
    rlimit limit;
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) {
      return Failed(stage, "getrlimit", base::Errno::Last(),
                    ExitCode::kFdLimit);
    }
    limit.rlim_cur = std::min(limit.rlim_max, kMostFds);
    if (::setrlimit(RLIMIT_NOFILE, &limit) != 0) {
      return Failed(stage, "setrlimit", base::Errno::Last(),
                    ExitCode::kFdLimit);
    }
    return ShareFds(stage, limit.rlim_cur);
  }

  // Every connection gets the same, whatever the others do.
  ExitCode ShareFds(const char* stage, rlim_t limit) {
    const rlim_t connections = options_.io_fds.size();
    const rlim_t own = kOwnFds + connections * kOwnFdsPerConnection;
    const rlim_t share = limit > own ? (limit - own) / connections : 0;
    const rlim_t wanted = options_.max_fds != 0 ? options_.max_fds : kFewestFds;
    if (share < wanted) {
      std::fprintf(stderr,
                   "gofer: %s: RLIMIT_NOFILE of %ju leaves %ju FDs to each of "
                   "%ju connections, %ju are wanted: raise the limit\n",
                   stage, uintmax_t{limit}, uintmax_t{share},
                   uintmax_t{connections}, uintmax_t{wanted});
      return ExitCode::kFdLimit;
    }
    max_fds_ =
        options_.max_fds != 0 ? options_.max_fds : static_cast<uint32_t>(share);
    return ExitCode::kOk;
  }

  ExitCode OpenRoot(const char* stage) {
    // Modes arrive masked by the sandbox.
    ::umask(0);
    auto tree = hostfs::HostTree::Open(options_.root.c_str());
    if (!tree.ok()) {
      return Failed(stage, options_.root, tree.error(), ExitCode::kOpenRoot);
    }
    tree_ = std::move(*tree);
    return ExitCode::kOk;
  }

  ExitCode CheckMountDonation(const char* stage) {
    if (options_.connection.donation != lisafs::Donation::kFilesAndMountPoint) {
      return ExitCode::kOk;
    }
    const auto checked = tree_->CheckMountClone();
    if (checked.ok()) return ExitCode::kOk;
    // Without a copy of its own, a client would reach everything above.
    return Failed(
        stage,
        "--donate-mount needs CAP_SYS_ADMIN, Linux 5.12 and a root in "
        "our own mount namespace",
        checked.error(), ExitCode::kDonateMount);
  }

  ExitCode CheckSockets(const char* stage) {
    for (const IoFd& io_fd : options_.io_fds) {
      const auto checked =
          uds::CheckConnected(io_fd.fd, uds::SocketType::kStream);
      if (!checked.ok()) {
        std::fprintf(stderr, "gofer: %s: --io-fds=%d: %s\n", stage, io_fd.fd,
                     WhyNoSocket(checked.error()));
        return ExitCode::kCheckSockets;
      }
      ::fcntl(io_fd.fd, F_SETFD, FD_CLOEXEC);
    }
    return ExitCode::kOk;
  }

  ExitCode CreateConnections(const char* stage) {
    server_ = std::make_unique<lisafs::Server>(
        lisafs::ServerOptions(),
        [this](const lisafs::Connection& connection) { NoteEnd(connection); });
    lisafs::ConnectionOptions connection_options = options_.connection;
    connection_options.max_fds = max_fds_;
    // Each FD may be on a node of its own; the rest is for those above.
    connection_options.max_nodes = 2 * max_fds_ + 1024;
    for (const IoFd& io_fd : options_.io_fds) {
      auto connection = server_->CreateConnection(
          base::UniqueFd(io_fd.fd), io_fd.mount_path, connection_options,
          std::make_unique<hostfs::HostBackend>(tree_, options_.host,
                                                options_.connection.level));
      if (!connection.ok()) {
        return Failed(stage, "--mount-path=" + io_fd.mount_path,
                      connection.error(), ExitCode::kConnect);
      }
      connections_.push_back(std::move(*connection));
    }
    return ExitCode::kOk;
  }

  ExitCode StartConnections(const char* stage) {
    for (const auto& connection : connections_) {
      const auto started = server_->StartConnection(connection);
      if (!started.ok()) {
        return Failed(stage, connection->mount_path(), started.error(),
                      ExitCode::kStart);
      }
    }
    connections_.clear();
    return ExitCode::kOk;
  }

  void NoteEnd(const lisafs::Connection& connection) {
    const absl::string_view reason = ToString(connection.end_reason());
    base::Log().info("connection {} on {} ended: {}", connection.id(),
                     connection.mount_path(),
                     std::string(reason.data(), reason.size()));
    if (ended_.fetch_add(1, std::memory_order_acq_rel) + 1 ==
        options_.io_fds.size()) {
      signals_->Notify();
    }
  }

  void WaitForEnd() {
    auto mode = lisafs::StopMode::kClose;
    while (signals_->Wait() == TerminationSignals::Event::kSignal) {
      base::Log().info("asked to end");
      for (const auto& connection : server_->Connections()) {
        connection->Stop(mode, lisafs::EndReason::kServerShutdown);
      }
      mode = lisafs::StopMode::kAbort;
    }
    server_->Wait();
  }

  const ServeOptions& options_;
  uint32_t max_fds_ = 0;
  std::unique_ptr<TerminationSignals> signals_;
  std::shared_ptr<hostfs::HostTree> tree_;
  std::atomic<size_t> ended_ = 0;
  // Before the connections that it outlives.
  std::unique_ptr<lisafs::Server> server_;
  std::vector<std::shared_ptr<lisafs::Connection>> connections_;
};

const std::vector<ServeProcess::Stage> ServeProcess::kStages = {
    {"block-signals", &ServeProcess::BlockSignals},
    {"raise-fd-limit", &ServeProcess::RaiseFdLimit},
    {"open-root", &ServeProcess::OpenRoot},
    {"donate-mount", &ServeProcess::CheckMountDonation},
    {"check-sockets", &ServeProcess::CheckSockets},
    {"create-connections", &ServeProcess::CreateConnections},
    {"start-connections", &ServeProcess::StartConnections},
};

}  // namespace

ExitCode Serve(const ServeOptions& options) {
  return ServeProcess(options).Run();
}

}  // namespace gofer::worker
