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

bool IsId(const std::string& id) {
  return !id.empty() && id.size() <= kMaxIdBytes;
}

std::optional<Failure> CheckNames(const v1::StartConnection& request,
                                  const ConnectionBook& connections) {
  const std::pair<absl::string_view, bool> fields[] = {
      {"uid is empty or longer than 256 bytes", IsId(request.uid())},
      {"connection_id is empty or longer than 256 bytes",
       IsId(request.connection_id())},
      {"mount_path is longer than 4095 bytes",
       request.mount_path().size() <= kMaxPathBytes},
      {"options is not set", request.has_options()},
      {"daemon_data is longer than 16 KiB",
       request.daemon_data().size() <= ConnectionBook::kMaxDaemonData}};
  for (const auto& [fault, is_good] : fields) {
    if (!is_good) {
      return MakeFailure(Failure::MALFORMED,
                         absl::StrCat("StartConnection.", fault));
    }
  }
  if (connections.Has(request.uid())) {
    return MakeFailure(
        Failure::ALREADY_EXISTS,
        absl::StrCat("there is a connection ", request.uid(), " already"));
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
        absl::StrCat("limits.max_connections of ", limit, " is reached"));
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

// Whether the mount point is a directory. Fails when it is not there or may not
// be served.
FailureOr<bool> IsDirectory(const hostfs::HostBackend& backend,
                            const std::string& path) {
  const auto fd = backend.tree().OpenPath(path);
  if (!fd.ok()) return OpenFailure(path, fd.error());
  const auto stat = backend.StatServed(fd->get());
  if (!stat.ok()) return OpenFailure(path, stat.error());
  return S_ISDIR(stat->mode);
}

// Prepares the copy of the client's directory, above which there is nothing. A
// confined gofer has copies of the root only, which it made before: it may make
// no more.
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
    return MakeFailure(Failure::MALFORMED,
                       "StartConnection.mount_path is not absolute");
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
