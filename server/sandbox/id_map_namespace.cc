#include "server/sandbox/id_map_namespace.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

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
    // This is fork without what glibc would let the child do, and without a
    // signal at the child's end.
    const long pid =
        ::syscall(SYS_clone, CLONE_NEWUSER, nullptr, nullptr, nullptr, nullptr);
    if (pid == 0) AwaitEnd(ends[0], ends[1]);
    if (pid < 0) return base::Errno::Last();
    return Holder(static_cast<pid_t>(pid), std::move(writer));
  }
  ~Holder() {
    if (pid_ <= 0) return;
    writer_.reset();
    (void)base::RetryOnEintr(
        [this] { return ::waitpid(pid_, nullptr, __WALL); });
  }
  Holder(Holder&& other) noexcept
      : pid_(std::exchange(other.pid_, 0)), writer_(std::move(other.writer_)) {}
  Holder(const Holder&) = delete;
  Holder& operator=(const Holder&) = delete;

  base::ErrnoOr<base::UniqueFd> Open(const char* file, int flags) const {
    const std::string path = absl::StrCat("/proc/", pid_, "/", file);
    return base::SyscallFd(
        [&] { return ::open(path.c_str(), flags | O_CLOEXEC); });
  }

 private:
  Holder(pid_t pid, base::UniqueFd writer)
      : pid_(pid), writer_(std::move(writer)) {}

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
