#include "server/sandbox/id_map_namespace.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/base/syscall.h"

namespace gofer::sandbox {
namespace {

// A process that is the first of a user namespace, until the object is gone.
class Holder {
 public:
  static base::ErrnoOr<Holder> Start() {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) return base::Errno::Last();
    const base::UniqueFd reader(ends[0]);
    base::UniqueFd writer(ends[1]);
    int names[2];
    if (::pipe2(names, O_CLOEXEC) != 0) return base::Errno::Last();
    const base::UniqueFd name_reader(names[0]);
    base::UniqueFd name_writer(names[1]);
    // This is fork without what glibc would let the child do, and without a
    // signal at the child's end.
    const long pid =
        ::syscall(SYS_clone, CLONE_NEWUSER, nullptr, nullptr, nullptr, nullptr);
    if (pid == 0) {
      TellName(names[1]);
      AwaitEnd(ends[0], ends[1]);
    }
    if (pid < 0) return base::Errno::Last();
    Holder holder(static_cast<pid_t>(pid), std::move(writer));
    name_writer.reset();
    std::array<char, kMostNameBytes> name;
    const auto length = base::Syscall(
        [&] { return ::read(name_reader.get(), name.data(), name.size()); });
    if (!length.ok()) return length.error();
    if (*length == 0) return base::Errno(ENOENT);
    holder.name_.assign(name.data(), static_cast<size_t>(*length));
    return holder;
  }
  ~Holder() {
    if (pid_ <= 0) return;
    writer_.reset();
    (void)base::RetryOnEintr(
        [this] { return ::waitpid(pid_, nullptr, __WALL); });
  }
  Holder(Holder&& other) noexcept
      : pid_(std::exchange(other.pid_, 0)),
        writer_(std::move(other.writer_)),
        name_(std::move(other.name_)) {}
  Holder(const Holder&) = delete;
  Holder& operator=(const Holder&) = delete;

  base::ErrnoOr<base::UniqueFd> Open(const char* file, int flags) const {
    const std::string path = absl::StrCat("/proc/", name_, "/", file);
    return base::SyscallFd(
        [&] { return ::open(path.c_str(), flags | O_CLOEXEC); });
  }

 private:
  static constexpr size_t kMostNameBytes = 32;

  Holder(pid_t pid, base::UniqueFd writer)
      : pid_(pid), writer_(std::move(writer)) {}

  // The child's id as /proc knows it: where /proc is that of another PID
  // namespace, as in a gofer of runsc, it is not the id that we know.
  static void TellName(int writer) {
    char name[kMostNameBytes];
    const long length =
        ::syscall(SYS_readlinkat, AT_FDCWD, "/proc/self", name, sizeof(name));
    if (length > 0) ::syscall(SYS_write, writer, name, length);
  }

  // The child waits until the parent lets it go, or is gone.
  [[noreturn]] static void AwaitEnd(int reader, int writer) {
    ::syscall(SYS_close, writer);
    char byte;
    (void)base::RetryOnEintr(
        [&] { return ::syscall(SYS_read, reader, &byte, 1); });
    for (;;) ::syscall(SYS_exit_group, 0);
  }

  pid_t pid_;
  base::UniqueFd writer_;
  // Its directory in /proc.
  std::string name_;
};

std::string MapText(const std::vector<IdRange>& ranges) {
  if (ranges.empty()) return "0 0 4294967295\n";
  std::string text;
  for (const IdRange& range : ranges) {
    absl::StrAppend(&text, range.host, " ", range.visible, " ", range.count,
                    "\n");
  }
  return text;
}

// The kernel takes a map in one write only.
base::ErrnoOr<void> WriteMap(const Holder& holder, const char* file,
                             const std::vector<IdRange>& ranges) {
  const auto opened = holder.Open(file, O_WRONLY);
  if (!opened.ok()) return opened.error();
  const std::string text = MapText(ranges);
  return base::SyscallVoid(
      [&] { return ::write(opened->get(), text.data(), text.size()); });
}

}  // namespace

base::ErrnoOr<base::UniqueFd> MakeIdMapNamespace(const IdMapPlan& map) {
  const auto holder = Holder::Start();
  if (!holder.ok()) return holder.error();
  auto written = WriteMap(*holder, "uid_map", map.users);
  if (written.ok()) written = WriteMap(*holder, "gid_map", map.groups);
  if (!written.ok()) return written.error();
  return holder->Open("ns/user", O_RDONLY);
}

}  // namespace gofer::sandbox
