#include "server/worker/adopted_directory.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "server/base/syscall.h"

namespace gofer::worker {
namespace {

constexpr size_t kMostServerIdBytes = 63;
constexpr mode_t kDirectoryMode = 0700;
constexpr mode_t kFileMode = 0600;
constexpr int kBacklog = 8;
constexpr char kSocketName[] = "control.sock";
constexpr char kPidName[] = "pid";
constexpr char kFailureName[] = "failure";

base::ErrnoOr<base::UniqueFd> MakeDirectory(int parent,
                                            const std::string& name) {
  if (::mkdirat(parent, name.c_str(), kDirectoryMode) != 0 && errno != EEXIST) {
    return base::Errno::Last();
  }
  return base::SyscallFd([&] {
    return ::openat(parent, name.c_str(),
                    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  });
}

base::ErrnoOr<base::UniqueFd> MakeSocket() {
  return base::SyscallFd([] {
    return ::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  });
}

// Names the socket by way of the directory's descriptor: an address has room
// for 107 bytes only.
sockaddr_un AddressIn(int directory) {
  const std::string path =
      absl::StrCat("/proc/self/fd/", directory, "/", kSocketName);
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof(address.sun_path) - 1);
  return address;
}

// Whether somebody listens on the socket that is there.
bool IsAlive(const sockaddr_un& address) {
  const auto socket = MakeSocket();
  if (!socket.ok()) return true;
  const int result =
      ::connect(socket->get(), reinterpret_cast<const sockaddr*>(&address),
                sizeof(address));
  return result == 0 || errno == EAGAIN;
}

base::ErrnoOr<base::UniqueFd> Listen(int directory) {
  const sockaddr_un address = AddressIn(directory);
  if (IsAlive(address)) return base::Errno(EEXIST);
  ::unlinkat(directory, kSocketName, 0);
  auto socket = MakeSocket();
  if (!socket.ok()) return socket;
  if (::bind(socket->get(), reinterpret_cast<const sockaddr*>(&address),
             sizeof(address)) != 0 ||
      ::fchmodat(directory, kSocketName, kFileMode, 0) != 0 ||
      ::listen(socket->get(), kBacklog) != 0) {
    return base::Errno::Last();
  }
  return socket;
}

// Our number as the host counts, and when we began: field 22 of stat, the 20th
// behind the name. In a PID namespace of our own getpid() would say 1.
base::ErrnoOr<std::string> Identity() {
  constexpr size_t kStartTime = 19;
  char pid[32];
  const auto size =
      base::Syscall([&] { return ::readlink("/proc/self", pid, sizeof(pid)); });
  if (!size.ok()) return size.error();
  const auto file = base::SyscallFd(
      [] { return ::open("/proc/self/stat", O_RDONLY | O_CLOEXEC); });
  if (!file.ok()) return file.error();
  std::string stat(4096, '\0');
  const auto got = base::Syscall(
      [&] { return ::read(file->get(), stat.data(), stat.size()); });
  if (!got.ok()) return got.error();
  stat.resize(static_cast<size_t>(*got));
  const size_t name_end = stat.rfind(") ");
  if (name_end == std::string::npos) return base::Errno(EPROTO);
  const std::vector<std::string> fields =
      absl::StrSplit(stat.substr(name_end + 2), ' ');
  if (fields.size() <= kStartTime) return base::Errno(EPROTO);
  return absl::StrCat(absl::string_view(pid, static_cast<size_t>(*size)), " ",
                      fields[kStartTime], "\n");
}

base::ErrnoOr<base::UniqueFd> MakeFile(int directory, const char* name) {
  return base::SyscallFd([&] {
    return ::openat(directory, name,
                    O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC,
                    kFileMode);
  });
}

base::ErrnoOr<void> WritePid(int directory) {
  const auto text = Identity();
  if (!text.ok()) return text.error();
  const auto file = MakeFile(directory, kPidName);
  if (!file.ok()) return file.error();
  const auto wrote = base::Syscall(
      [&] { return ::write(file->get(), text->data(), text->size()); });
  if (!wrote.ok()) return wrote.error();
  return {};
}

}  // namespace

std::string AdoptedServerId(absl::string_view container_id) {
  std::string id = "runsc-";
  for (const char c : container_id) {
    const char lower = absl::ascii_tolower(static_cast<unsigned char>(c));
    id.push_back(absl::ascii_isalnum(static_cast<unsigned char>(lower)) ? lower
                                                                        : '-');
  }
  id.resize(std::min(id.size(), kMostServerIdBytes));
  while (id.back() == '-') id.pop_back();
  return id;
}

std::string OtherServerId(absl::string_view server_id,
                          absl::string_view bundle) {
  // FNV-1a: it stays the same whatever we are built with.
  uint32_t hash = 2166136261;
  for (const char c : bundle) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 16777619;
  }
  const std::string number = absl::StrFormat("-%08x", hash);
  std::string id(server_id.substr(0, kMostServerIdBytes - number.size()));
  while (id.back() == '-') id.pop_back();
  return id + number;
}

base::ErrnoOr<AdoptionOffer> MakeAdoptedDirectory(
    const std::string& state_dir, const std::string& server_id) {
  const auto state = base::SyscallFd([&] {
    return ::open(state_dir.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  });
  if (!state.ok()) return state.error();
  const auto adopted = MakeDirectory(state->get(), "adopted");
  if (!adopted.ok()) return adopted.error();
  const auto directory = MakeDirectory(adopted->get(), server_id);
  if (!directory.ok()) return directory.error();
  // Held until this returns: when two gofers start at once, one of them has it.
  if (::flock(directory->get(), LOCK_EX | LOCK_NB) != 0) {
    return errno == EWOULDBLOCK ? base::Errno(EEXIST) : base::Errno::Last();
  }
  auto listener = Listen(directory->get());
  if (!listener.ok()) return listener.error();
  if (auto wrote = WritePid(directory->get()); !wrote.ok()) {
    return wrote.error();
  }
  auto failure = MakeFile(directory->get(), kFailureName);
  if (!failure.ok()) return failure.error();
  return AdoptionOffer{.listener = *std::move(listener),
                       .failure = *std::move(failure)};
}

base::ErrnoOr<AdoptionOffer> OfferContainer(const std::string& state_dir,
                                            absl::string_view container_id,
                                            absl::string_view bundle) {
  const std::string id = AdoptedServerId(container_id);
  auto offer = MakeAdoptedDirectory(state_dir, id);
  if (offer.ok() || offer.error() != base::Errno(EEXIST)) return offer;
  return MakeAdoptedDirectory(state_dir, OtherServerId(id, bundle));
}

}  // namespace gofer::worker
