#include "controlplane/state/state_directory.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "controlplane/config/bounds.h"
#include "controlplane/errors/error.h"
#include "controlplane/state/private_directory.h"
#include "server/base/log.h"
#include "server/base/syscall.h"
#include "server/base/text.h"

namespace goferd::state {
namespace {

using gofer::base::Errno;
using gofer::base::ErrnoOr;
using gofer::base::SyscallFd;
using gofer::base::SyscallVoid;
using gofer::base::UniqueFd;

// The most ids of each kind: any configuration allows at most so many servers.
constexpr size_t kMostIds = config::kMostServers;
constexpr size_t kMostFileBytes = size_t{16} << 20;
constexpr int kBacklog = 16;
constexpr mode_t kPassableMode = 0711;
constexpr char kControl[] = "control.sock";
constexpr char kPid[] = "pid";
constexpr char kFailure[] = "failure";
constexpr size_t kMostFailureBytes = 4096;
constexpr char kLog[] = "log.pipe";
constexpr char kRevisions[] = "revisions";

// Whether a name has the form of the API's ids; other files are not ours.
bool IsId(absl::string_view name) {
  return !name.empty() && name.size() <= 63 && name.front() >= 'a' &&
         name.front() <= 'z' && name.back() != '-' &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
         });
}

std::vector<std::string> IdsIn(int directory, const std::string& path) {
  std::vector<std::string> ids = NamesIn(directory, kMostIds + 1);
  if (ids.size() > kMostIds) {
    ids.pop_back();
    gofer::base::Log().error(
        "{} has more than {} entries: further entries are ignored", path,
        kMostIds);
  }
  std::erase_if(ids, [](const std::string& name) { return !IsId(name); });
  return ids;
}

absl::Status Failed(Errno error, const std::string& path) {
  return errors::FromErrno(error.number(), path);
}

// PATH_NOT_FOUND for what is missing only.
absl::Status Unreadable(Errno error, const std::string& path) {
  switch (error.number()) {
    case ENOENT:
      return Failed(error, path);
    case EPERM:
      return errors::Error(
          errors::Reason::INTERNAL_FAULT,
          absl::StrCat(path,
                       " belongs to another user, or others may write "
                       "to it"));
    case ENOTDIR:
    case ELOOP:
      return errors::Error(errors::Reason::INTERNAL_FAULT,
                           absl::StrCat(path, " is no directory"));
    case EISDIR:
    case EINVAL:
      return errors::Error(errors::Reason::INTERNAL_FAULT,
                           absl::StrCat(path, " is no file"));
    default:
      return errors::Error(
          errors::Reason::INTERNAL_FAULT,
          absl::StrCat(path, ": ", std::strerror(error.number())));
  }
}

// Makes an address for a path of any length, by its directory's descriptor.
sockaddr_un AddressIn(int directory, const char* name) {
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  const std::string path = absl::StrCat("/proc/self/fd/", directory, "/", name);
  std::memcpy(address.sun_path, path.c_str(),
              std::min(path.size(), sizeof(address.sun_path) - 1));
  return address;
}

const sockaddr* Generic(const sockaddr_un& address) {
  return reinterpret_cast<const sockaddr*>(&address);
}

ErrnoOr<UniqueFd> OpenIn(int parent, absl::string_view id) {
  const std::string name(id);
  return SyscallFd([&] {
    return ::openat(parent, name.c_str(),
                    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  });
}

ErrnoOr<UniqueFd> ListenIn(int directory) {
  auto socket = SyscallFd(
      [] { return ::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0); });
  if (!socket.ok()) return socket;
  if (::unlinkat(directory, kControl, 0) != 0 && errno != ENOENT) {
    return Errno::Last();
  }
  const sockaddr_un address = AddressIn(directory, kControl);
  const auto bound = SyscallVoid([&] {
    // Nobody can connect before it listens, and the directory is private.
    return ::bind(socket->get(), Generic(address), sizeof(address));
  });
  if (!bound.ok()) return bound.error();
  const auto listening =
      SyscallVoid([&] { return ::listen(socket->get(), kBacklog); });
  if (!listening.ok()) return listening.error();
  return socket;
}

// A directory in the place of a file could not be replaced.
ErrnoOr<void> RemoveIfNoFile(int directory, const std::string& name) {
  struct stat stat;
  if (::fstatat(directory, name.c_str(), &stat, AT_SYMLINK_NOFOLLOW) != 0 ||
      !S_ISDIR(stat.st_mode)) {
    return {};
  }
  return RemoveAll(directory, name);
}

absl::StatusOr<UniqueFd> TakeLock(int directory, const std::string& path) {
  // The lock is not kept open for writing: an administrator could not make the
  // file system read-only then.
  auto lock = SyscallFd([&] {
    return ::openat(directory, "lock",
                    O_RDONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
  });
  if (!lock.ok()) return Failed(lock.error(), path + "/lock");
  if (::flock(lock->get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return Failed(Errno::Last(), path + "/lock");
    const auto holder = ReadFile(directory, "lock", 64);
    return errors::Error(
        errors::Reason::HOST_PERMISSION,
        absl::StrCat("another goferd (process ",
                     holder.ok() ? absl::StripAsciiWhitespace(*holder) : "?",
                     ") has the state directory ", path,
                     ": stop it, or give this one another --state-directory"));
  }
  const std::string pid = absl::StrCat(::getpid(), "\n");
  // The text is for people only: on a full disk the lock works without it.
  const UniqueFd text(
      ::openat(directory, "lock", O_WRONLY | O_TRUNC | O_NOFOLLOW | O_CLOEXEC));
  if (text) (void)!::write(text.get(), pid.data(), pid.size());
  return std::move(*lock);
}

}  // namespace

StateDirectory::StateDirectory(std::string path, UniqueFd root, UniqueFd lock,
                               UniqueFd servers, UniqueFd adopted,
                               UniqueFd warm)
    : path_(std::move(path)),
      root_(std::move(root)),
      lock_(std::move(lock)),
      servers_(std::move(servers)),
      adopted_(std::move(adopted)),
      warm_(std::move(warm)) {}

absl::StatusOr<StateDirectory> StateDirectory::Open(const std::string& path) {
  auto root = OpenPrivateDirectory(AT_FDCWD, path);
  if (!root.ok()) {
    if (root.error() == Errno(EPERM)) {
      return errors::Error(
          errors::Reason::HOST_PERMISSION,
          absl::StrCat("the state directory ", path,
                       " must belong to goferd's user, and nobody else may "
                       "write to it"));
    }
    return Failed(root.error(), path);
  }
  // Other users may pass on their way to the sockets; everything below is
  // private or has permissions of its own.
  if (::fchmod(root->get(), kPassableMode) != 0) {
    return Failed(Errno::Last(), path);
  }
  auto lock = TakeLock(root->get(), path);
  if (!lock.ok()) return lock.status();
  auto servers = OpenPrivateDirectory(root->get(), "servers");
  if (!servers.ok()) return Failed(servers.error(), path + "/servers");
  auto adopted = OpenPrivateDirectory(root->get(), "adopted");
  if (!adopted.ok()) return Failed(adopted.error(), path + "/adopted");
  auto warm = OpenPrivateDirectory(root->get(), "warm");
  if (!warm.ok()) return Failed(warm.error(), path + "/warm");
  return StateDirectory(path, std::move(*root), *std::move(lock),
                        std::move(*servers), std::move(*adopted),
                        std::move(*warm));
}

int64_t StateDirectory::BeginRevisions(int64_t now_micros) {
  constexpr size_t kMostDigits = 32;
  // More events than a run has.
  constexpr int64_t kRun = int64_t{1} << 36;
  int64_t last = 0;
  const auto text = ReadFile(root_.get(), kRevisions, kMostDigits);
  // A file that makes no sense is as good as none: the clock alone has to do.
  if (!text.ok() || !absl::SimpleAtoi(*text, &last) || last < 0 ||
      last > INT64_MAX - kRun) {
    last = 0;
  }
  const int64_t first = now_micros > last ? now_micros : last + kRun;
  auto written = RemoveIfNoFile(root_.get(), kRevisions);
  if (written.ok()) {
    written = ReplaceFile(root_.get(), kRevisions, absl::StrCat(first));
  }
  if (!written.ok()) {
    gofer::base::Log().warn("{}/{}: {}", path_, kRevisions,
                            std::strerror(written.error().number()));
  }
  return first;
}

absl::Status StateDirectory::MakeServer(absl::string_view id) {
  const auto made = OpenPrivateDirectory(servers_.get(), std::string(id));
  if (!made.ok()) {
    return Failed(made.error(), absl::StrCat(path_, "/servers/", id));
  }
  return absl::OkStatus();
}

absl::StatusOr<UniqueFd> StateDirectory::ListenControl(absl::string_view id) {
  const auto directory = OpenIn(servers_.get(), id);
  if (!directory.ok()) return Failed(directory.error(), ControlPath(id));
  auto socket = ListenIn(directory->get());
  if (!socket.ok()) return Failed(socket.error(), ControlPath(id));
  return std::move(*socket);
}

absl::StatusOr<StateDirectory::LogPipe> StateDirectory::MakeLog(
    absl::string_view id) {
  return MakeLogIn(servers_.get(), "servers", id);
}

absl::StatusOr<StateDirectory::LogPipe> StateDirectory::MakeWarmLog(
    absl::string_view name) {
  return MakeLogIn(warm_.get(), "warm", name);
}

absl::StatusOr<StateDirectory::LogPipe> StateDirectory::MakeLogIn(
    int parent, absl::string_view kind, absl::string_view id) const {
  const std::string path = absl::StrCat(path_, "/", kind, "/", id, "/", kLog);
  const auto directory = OpenIn(parent, id);
  if (!directory.ok()) return Failed(directory.error(), path);
  if ((::unlinkat(directory->get(), kLog, 0) != 0 && errno != ENOENT) ||
      ::mkfifoat(directory->get(), kLog, 0600) != 0) {
    return Failed(Errno::Last(), path);
  }
  auto reader = SyscallFd([&] {
    return ::openat(directory->get(), kLog,
                    O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
  });
  if (!reader.ok()) return Failed(reader.error(), path);
  auto writer = SyscallFd([&] {
    return ::openat(directory->get(), kLog,
                    O_RDWR | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
  });
  if (!writer.ok()) return Failed(writer.error(), path);
  return LogPipe{std::move(*reader), std::move(*writer)};
}

absl::StatusOr<UniqueFd> StateDirectory::OpenLog(absl::string_view id) const {
  const auto directory = OpenIn(servers_.get(), id);
  auto pipe = directory.ok() ? SyscallFd([&] {
    return ::openat(directory->get(), kLog,
                    O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
  })
                             : ErrnoOr<UniqueFd>(directory.error());
  if (pipe.ok()) return std::move(*pipe);
  return Failed(pipe.error(), absl::StrCat(path_, "/servers/", id, "/", kLog));
}

absl::Status StateDirectory::WriteServerFile(absl::string_view id,
                                             const std::string& name,
                                             absl::string_view bytes) {
  const auto directory = OpenIn(servers_.get(), id);
  auto written = directory.ok() ? RemoveIfNoFile(directory->get(), name)
                                : ErrnoOr<void>(directory.error());
  if (written.ok()) written = ReplaceFile(directory->get(), name, bytes);
  if (written.ok()) return absl::OkStatus();
  return Failed(written.error(),
                absl::StrCat(path_, "/servers/", id, "/", name));
}

absl::StatusOr<FileDraft> StateDirectory::DraftServerFile(
    absl::string_view id, const std::string& name, absl::string_view bytes) {
  auto directory = OpenIn(servers_.get(), id);
  if (directory.ok()) {
    const auto removed = RemoveIfNoFile(directory->get(), name);
    if (!removed.ok()) directory = removed.error();
  }
  auto draft = directory.ok()
                   ? FileDraft::Write(std::move(*directory), name, bytes)
                   : ErrnoOr<FileDraft>(directory.error());
  if (draft.ok()) return std::move(*draft);
  return Failed(draft.error(), absl::StrCat(path_, "/servers/", id, "/", name));
}

absl::Status StateDirectory::CheckCanRemove(absl::string_view id) const {
  const std::string name(id);
  // What is no directory has to be removed from its parent only.
  struct stat stat;
  const bool is_directory = ::fstatat(servers_.get(), name.c_str(), &stat,
                                      AT_SYMLINK_NOFOLLOW) == 0 &&
                            S_ISDIR(stat.st_mode);
  if (::faccessat(servers_.get(), is_directory ? name.c_str() : ".",
                  W_OK | X_OK, AT_EACCESS) == 0 ||
      errno == ENOENT) {
    return absl::OkStatus();
  }
  return Failed(Errno::Last(), absl::StrCat(path_, "/servers/", id));
}

absl::StatusOr<std::string> StateDirectory::ReadServerFile(
    absl::string_view id, const std::string& name) const {
  const std::string path = absl::StrCat(path_, "/servers/", id);
  const auto directory = OpenOwnDirectory(servers_.get(), std::string(id));
  if (!directory.ok()) return Unreadable(directory.error(), path);
  auto bytes = ReadOwnFile(directory->get(), name, kMostFileBytes);
  if (bytes.ok()) return std::move(*bytes);
  return Unreadable(bytes.error(), absl::StrCat(path, "/", name));
}

absl::StatusOr<UniqueFd> StateDirectory::ConnectControl(
    absl::string_view id) const {
  const auto directory = OpenIn(servers_.get(), id);
  struct stat stat;
  // Whoever has come to own the directory could not have made a socket of ours,
  // but a link to another.
  if (!directory.ok() ||
      ::fstatat(directory->get(), kControl, &stat, AT_SYMLINK_NOFOLLOW) != 0 ||
      !S_ISSOCK(stat.st_mode) || stat.st_uid != ::geteuid()) {
    return errors::Error(
        errors::Reason::PATH_NOT_FOUND,
        absl::StrCat(ControlPath(id), " is no socket of ours"));
  }
  auto socket = SyscallFd([] {
    return ::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  });
  if (!socket.ok()) return Failed(socket.error(), ControlPath(id));
  const sockaddr_un address = AddressIn(directory->get(), kControl);
  const auto connected = SyscallVoid([&] {
    return ::connect(socket->get(), Generic(address), sizeof(address));
  });
  if (connected.ok()) return std::move(*socket);
  const int number = connected.error().number();
  // Another kind of socket or file has nobody of ours who listens, either.
  if (number == ENOENT || number == ECONNREFUSED || number == EPROTOTYPE) {
    return errors::Error(errors::Reason::PATH_NOT_FOUND,
                         absl::StrCat("nobody listens at ", ControlPath(id)));
  }
  return Failed(connected.error(), ControlPath(id));
}

std::string StateDirectory::ControlPath(absl::string_view id) const {
  return absl::StrCat(path_, "/servers/", id, "/", kControl);
}

std::vector<std::string> StateDirectory::ListServers() const {
  return IdsIn(servers_.get(), path_ + "/servers");
}

absl::Status StateDirectory::RemoveServer(absl::string_view id) {
  const auto removed = RemoveAll(servers_.get(), std::string(id));
  if (removed.ok()) return absl::OkStatus();
  return Failed(removed.error(), absl::StrCat(path_, "/servers/", id));
}

absl::StatusOr<UniqueFd> StateDirectory::ListenWarm(absl::string_view name) {
  const auto directory = OpenPrivateDirectory(warm_.get(), std::string(name));
  if (!directory.ok()) return Failed(directory.error(), WarmControlPath(name));
  auto socket = ListenIn(directory->get());
  if (!socket.ok()) return Failed(socket.error(), WarmControlPath(name));
  return std::move(*socket);
}

std::string StateDirectory::WarmControlPath(absl::string_view name) const {
  return absl::StrCat(path_, "/warm/", name, "/", kControl);
}

absl::Status StateDirectory::WriteWarmPid(absl::string_view name,
                                          absl::string_view text) {
  const auto directory = OpenIn(warm_.get(), name);
  const auto written = directory.ok()
                           ? ReplaceFile(directory->get(), kPid, text)
                           : ErrnoOr<void>(directory.error());
  if (written.ok()) return absl::OkStatus();
  return Failed(written.error(), absl::StrCat(path_, "/warm/", name, "/pid"));
}

absl::StatusOr<std::string> StateDirectory::ReadWarmPid(
    absl::string_view name) const {
  constexpr size_t kMostPidBytes = 64;
  const auto directory = OpenIn(warm_.get(), name);
  auto text = directory.ok() ? ReadFile(directory->get(), kPid, kMostPidBytes)
                             : ErrnoOr<std::string>(directory.error());
  if (text.ok()) return std::move(*text);
  return Failed(text.error(), absl::StrCat(path_, "/warm/", name, "/pid"));
}

std::vector<std::string> StateDirectory::ListWarm() const {
  return IdsIn(warm_.get(), path_ + "/warm");
}

absl::Status StateDirectory::RemoveWarm(absl::string_view name) {
  const auto removed = RemoveAll(warm_.get(), std::string(name));
  if (removed.ok()) return absl::OkStatus();
  return Failed(removed.error(), absl::StrCat(path_, "/warm/", name));
}

absl::Status StateDirectory::GiveWarm(absl::string_view name,
                                      absl::string_view server_id) {
  const auto from = OpenIn(warm_.get(), name);
  if (!from.ok()) return Failed(from.error(), WarmControlPath(name));
  const auto to = OpenIn(servers_.get(), server_id);
  if (!to.ok()) return Failed(to.error(), ControlPath(server_id));
  // The pid is moved last: a goferd that finds it here may end the process.
  for (const char* const file : {kControl, kLog, kPid}) {
    const auto moved = SyscallVoid(
        [&] { return ::renameat(from->get(), file, to->get(), file); });
    if (moved.ok()) continue;
    // A gofer whose pipe could not be made logs nowhere.
    if (moved.error() == Errno(ENOENT) && absl::string_view(file) == kLog) {
      continue;
    }
    return Failed(moved.error(), ControlPath(server_id));
  }
  return RemoveWarm(name);
}

std::string StateDirectory::AdoptedControlPath(absl::string_view id) const {
  return absl::StrCat(path_, "/adopted/", id, "/", kControl);
}

std::vector<std::string> StateDirectory::ListAdopted() const {
  return IdsIn(adopted_.get(), path_ + "/adopted");
}

bool StateDirectory::AdoptedIsDead(absl::string_view id) const {
  const auto directory = OpenIn(adopted_.get(), id);
  if (!directory.ok()) return false;
  const auto socket = SyscallFd([] {
    return ::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  });
  if (!socket.ok()) return false;
  const sockaddr_un address = AddressIn(directory->get(), kControl);
  return ::connect(socket->get(), Generic(address), sizeof(address)) != 0 &&
         errno == ECONNREFUSED;
}

std::string StateDirectory::ReadAdoptedFailure(absl::string_view id) const {
  const auto directory = OpenIn(adopted_.get(), id);
  if (!directory.ok()) return "";
  auto text = ReadFile(directory->get(), kFailure, kMostFailureBytes);
  if (!text.ok()) return "";
  return gofer::base::PlainText(*text, kMostFailureBytes);
}

absl::Status StateDirectory::RemoveAdopted(absl::string_view id) {
  const auto removed = RemoveAll(adopted_.get(), std::string(id));
  if (removed.ok()) return absl::OkStatus();
  return Failed(removed.error(), absl::StrCat(path_, "/adopted/", id));
}

absl::StatusOr<std::unique_ptr<StateDirectory::AdoptedWatch>>
StateDirectory::WatchAdopted(event_loop::EventLoop& loop,
                             std::function<void()> on_change) const {
  auto inotify =
      SyscallFd([] { return ::inotify_init1(IN_CLOEXEC | IN_NONBLOCK); });
  if (!inotify.ok()) return Failed(inotify.error(), "inotify");
  const std::string directory = absl::StrCat("/proc/self/fd/", adopted_.get());
  if (::inotify_add_watch(inotify->get(), directory.c_str(),
                          IN_CREATE | IN_MOVED_TO) < 0) {
    return Failed(Errno::Last(), absl::StrCat(path_, "/adopted"));
  }
  const int fd = inotify->get();
  auto watch = loop.AddReadable(fd, [fd, on_change = std::move(on_change)] {
    alignas(inotify_event) char events[4096];
    // The events' contents do not matter: the caller reads the directory.
    while (::read(fd, events, sizeof(events)) > 0) {
    }
    on_change();
  });
  if (!watch.ok()) return watch.status();
  return std::make_unique<AdoptedWatch>(std::move(*inotify), *std::move(watch));
}

}  // namespace goferd::state
