#include "server/worker/new_connection.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/base/syscall.h"
#include "server/hostfs/host_backend.h"
#include "server/lisafs/mount_path.h"
#include "server/worker/protocol_translation.h"

namespace gofer::worker {
namespace {

namespace v1 = ::goferd::worker::v1;

constexpr size_t kMaxIdBytes = 256;
constexpr size_t kMaxPathBytes = 4095;
constexpr absl::string_view kOpenStep = "open-mount-path";

std::optional<Failure> CheckNames(const v1::StartConnection& request,
                                  const ConnectionBook& connections) {
  if (request.uid().empty() || request.uid().size() > kMaxIdBytes ||
      request.connection_id().empty() ||
      request.connection_id().size() > kMaxIdBytes ||
      request.mount_path().size() > kMaxPathBytes || !request.has_options() ||
      request.daemon_data().size() > ConnectionBook::kMaxDaemonData) {
    return MakeFailure(Failure::MALFORMED,
                       "uid, connection_id, mount_path, options or "
                       "daemon_data");
  }
  if (connections.Has(request.uid())) {
    return MakeFailure(Failure::ALREADY_EXISTS, request.uid());
  }
  return std::nullopt;
}

std::optional<Failure> CheckRoom(const GoferFacts& facts,
                                 const ConnectionBook& connections) {
  if (facts.adopt.draining()) {
    return MakeFailure(Failure::DRAINING, "the server drains");
  }
  const uint32_t limit = facts.adopt.limits().max_connections();
  if (connections.live_count() >= limit) {
    return MakeFailure(
        Failure::CONNECTION_LIMIT,
        absl::StrCat(limit, " connections are all there may be"));
  }
  return std::nullopt;
}

Failure OpenFailure(const std::string& path, base::Errno error) {
  Failure failure = HostFailure(kOpenStep, path, error);
  if (error == base::Errno(EMFILE) || error == base::Errno(ENFILE)) {
    failure.set_code(Failure::FD_LIMIT);
  }
  return failure;
}

// Whether the mount point is there and may be served, and is a directory.
FailureOr<bool> IsDirectory(const hostfs::HostBackend& backend,
                            const std::string& path) {
  const auto fd = backend.tree().OpenPath(path);
  if (!fd.ok()) return OpenFailure(path, fd.error());
  const auto stat = backend.StatServed(fd->get());
  if (!stat.ok()) return OpenFailure(path, stat.error());
  return S_ISDIR(stat->mode);
}

// A client gets a copy of its directory, above which there is nothing. A
// confined gofer has made those of the root; it may make no others.
std::optional<Failure> PrepareDonation(const GoferFacts& facts,
                                       const std::string& path,
                                       const lisafs::ConnectionOptions& options,
                                       hostfs::HostBackend& backend) {
  if (facts.may_clone_mounts) {
    const auto prepared = backend.PrepareDonation(path, options);
    if (prepared.ok()) return std::nullopt;
    return HostFailure("donate-mount", path, prepared.error());
  }
  const base::UniqueFd& clone = options.access == lisafs::Access::kReadOnly
                                    ? facts.readonly_clone
                                    : facts.clone;
  if (path != "/" || !clone.valid()) {
    Failure failure = MakeFailure(
        Failure::UNSUPPORTED,
        absl::StrCat(path,
                     ": this gofer, as it is confined, can give a client "
                     "no directory but the root"));
    failure.set_step("donate-mount");
    return failure;
  }
  auto copy =
      base::SyscallFd([&] { return ::fcntl(clone.get(), F_DUPFD_CLOEXEC, 0); });
  if (!copy.ok()) return OpenFailure(path, copy.error());
  backend.SetDonation(*std::move(copy));
  return std::nullopt;
}

}  // namespace

FailureOr<v1::Connection> MakeConnection(const v1::StartConnection& request,
                                         const GoferFacts& facts,
                                         lisafs::Server& server,
                                         ConnectionBook& connections) {
  if (auto failure = CheckNames(request, connections)) return *failure;
  auto options = ToConnectionOptions(request.options(), facts.adopt.options());
  if (!options.ok()) return options.failure();
  const auto path = lisafs::CleanMountPath(request.mount_path());
  if (!path.ok()) {
    return MakeFailure(Failure::MALFORMED, "mount_path is not absolute");
  }
  if (auto failure = CheckRoom(facts, connections)) return *failure;
  options->connection.name = request.connection_id();
  auto backend = std::make_unique<hostfs::HostBackend>(
      facts.tree, options->host, options->connection.level);
  const auto is_directory = IsDirectory(*backend, *path);
  if (!is_directory.ok()) return is_directory.failure();
  if (*is_directory &&
      options->connection.donation == lisafs::Donation::kFilesAndMountPoint) {
    auto failure = PrepareDonation(facts, *path, options->connection, *backend);
    if (failure) return *failure;
  }
  auto made =
      server.CreateConnection(*path, options->connection, std::move(backend));
  if (!made.ok()) return HostFailure("create-connection", *path, made.error());
  v1::Connection connection;
  connection.set_uid(request.uid());
  connection.set_connection_id(request.connection_id());
  connection.set_mount_path(*path);
  *connection.mutable_options() = request.options();
  connection.set_daemon_data(request.daemon_data());
  return connections.Add(std::move(connection), *std::move(made));
}

}  // namespace gofer::worker
