// RunInChild: does in a process of its own what cannot be undone.

#ifndef GOFER_TESTS_UNIT_SERVER_SANDBOX_CHILD_H_
#define GOFER_TESTS_UNIT_SERVER_SANDBOX_CHILD_H_

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <functional>
#include <string>

#include "absl/strings/str_cat.h"
#include "server/base/check.h"
#include "server/base/syscall.h"
#include "server/base/unique_fd.h"

namespace gofer::sandbox {

// The child's way to say what is wrong: a pipe, which any confinement leaves.
class ChildReport {
 public:
  explicit ChildReport(int pipe) : pipe_(pipe) {}

  void Say(const std::string& text) const {
    GOFER_CHECK(::write(pipe_, text.data(), text.size()) ==
                static_cast<ssize_t>(text.size()));
  }
  bool Expect(bool is_true, const char* what, int line) const {
    const int error = errno;
    if (!is_true) Say(absl::StrCat(line, ": ", what, " (", error, ")\n"));
    errno = 0;
    return is_true;
  }

 private:
  const int pipe_;
};

#define CHILD_EXPECT(report, expression) \
  ((report).Expect((expression), #expression, __LINE__))
#define CHILD_REQUIRE(report, expression) \
  if (!CHILD_EXPECT(report, expression)) return

struct ChildEnd {
  // "" if all was well.
  std::string report;
  // The signal that killed it, or 0.
  int signal = 0;
};

inline ChildEnd RunInChild(
    const std::function<void(const ChildReport&)>& body) {
  int ends[2];
  GOFER_CHECK(::pipe2(ends, O_CLOEXEC) == 0);
  base::UniqueFd reader(ends[0]), writer(ends[1]);
  const pid_t child = ::fork();
  GOFER_CHECK(child >= 0);
  if (child == 0) {
    reader.reset();
    const rlimit no_core = {};
    ::setrlimit(RLIMIT_CORE, &no_core);
    body(ChildReport(writer.get()));
    ::_exit(0);
  }
  writer.reset();
  ChildEnd end;
  char block[512];
  for (;;) {
    const ssize_t got = base::RetryOnEintr(
        [&] { return ::read(reader.get(), block, sizeof(block)); });
    if (got <= 0) break;
    end.report.append(block, static_cast<size_t>(got));
  }
  int status = 0;
  GOFER_CHECK(base::RetryOnEintr(
                  [&] { return ::waitpid(child, &status, 0); }) == child);
  if (WIFSIGNALED(status)) end.signal = WTERMSIG(status);
  return end;
}

}  // namespace gofer::sandbox

#endif  // GOFER_TESTS_UNIT_SERVER_SANDBOX_CHILD_H_
