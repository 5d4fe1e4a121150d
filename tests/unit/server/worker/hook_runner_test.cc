#include "server/worker/hook_runner.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <unistd.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>

#include "absl/strings/str_cat.h"
#include "server/base/unique_fd.h"
#include "tests/unit/server/hostfs/temp_directory.h"

namespace gofer::worker {
namespace {

using testing::HasSubstr;

class HookRunnerTest : public testing::Test {
 protected:
  // Adds a hook that runs `script`, with $OUT naming a file of the test's.
  oci::OciHook& Add(const std::string& script) {
    spec_.create_container_hooks.push_back(
        {.path = "/bin/sh",
         .args = {"sh", "-c", script},
         .env = std::vector<std::string>{"OUT=" + directory_.Path("out")}});
    return spec_.create_container_hooks.back();
  }
  std::string Run() const {
    return RunHooks(spec_, "c1", "/bundle").value_or("");
  }
  std::string Out() const {
    std::ifstream file(directory_.Path("out"));
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
  }

  const hostfs::TempDirectory directory_;
  oci::OciSpec spec_;
};

TEST_F(HookRunnerTest, HooksReadTheContainersState) {
  spec_.version = "1.1.0";
  spec_.annotations = {{"k", "v"}};
  Add("/bin/cat >$OUT");
  ASSERT_EQ(Run(), "");
  EXPECT_EQ(nlohmann::json::parse(Out()),
            nlohmann::json::parse(R"({"ociVersion": "1.1.0", "id": "c1",
              "status": "creating", "pid": -1, "bundle": "/bundle",
              "annotations": {"k": "v"}})"));
}

TEST_F(HookRunnerTest, HooksRunInOrderUntilOneFails) {
  Add("echo first >>$OUT");
  Add("echo second >>$OUT; echo because >&2; exit 3");
  Add("echo third >>$OUT");
  EXPECT_EQ(Run(), "createContainer hook /bin/sh: exit status 3: because");
  EXPECT_EQ(Out(), "first\nsecond\n");
}

TEST_F(HookRunnerTest, HooksHaveTheirOwnEnvironment) {
  Add("echo \"$HOME-$OUT\" >$OUT");
  ASSERT_EQ(Run(), "");
  EXPECT_EQ(Out(), absl::StrCat("-", directory_.Path("out"), "\n"));
}

TEST_F(HookRunnerTest, HooksInheritNoDescriptorOfOurs) {
  // Without close-on-exec, as runsc leaves us its sockets.
  const base::UniqueFd leaked(::open("/dev/null", O_RDONLY));
  ASSERT_TRUE(leaked.valid());
  Add(absl::StrCat("[ -e /proc/self/fd/", leaked.get(),
                   " ] && echo leaked >$OUT; exit 0"));
  ASSERT_EQ(Run(), "");
  EXPECT_EQ(Out(), "");
}

TEST_F(HookRunnerTest, KillsAHookWhoseTimeIsOver) {
  // Waits for what never comes, and with it all that it started.
  Add("exec /usr/bin/tail -f /dev/null").timeout_seconds = 1;
  EXPECT_EQ(Run(), "createContainer hook /bin/sh: did not end within 1 s");
}

// Signals at shorter intervals than the hook's time.
class Interruptions {
 public:
  Interruptions() {
    struct sigaction action = {};
    action.sa_handler = [](int) {};
    EXPECT_EQ(::sigaction(SIGALRM, &action, &before_), 0);
    SetInterval(50'000);
  }
  ~Interruptions() {
    SetInterval(0);
    ::sigaction(SIGALRM, &before_, nullptr);
  }
  Interruptions(const Interruptions&) = delete;
  Interruptions& operator=(const Interruptions&) = delete;

 private:
  static void SetInterval(suseconds_t micros) {
    const itimerval timer = {{0, micros}, {0, micros}};
    EXPECT_EQ(::setitimer(ITIMER_REAL, &timer, nullptr), 0);
  }

  struct sigaction before_ = {};
};

TEST_F(HookRunnerTest, SignalsDoNotMakeAHooksTimeLonger) {
  Add("exec /usr/bin/tail -f /dev/null").timeout_seconds = 1;
  const Interruptions interruptions;
  EXPECT_EQ(Run(), "createContainer hook /bin/sh: did not end within 1 s");
}

TEST_F(HookRunnerTest, HookThatCannotBeWatchedMayEndAllTheSame) {
  Add("exit 0").timeout_seconds = 60;
  rlimit before;
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  const base::UniqueFd first_free(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  // Room for the hook's two streams, and none for a third descriptor.
  rlimit narrow = before;
  narrow.rlim_cur = static_cast<rlim_t>(first_free.get()) + 3;
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &narrow), 0);
  const std::string why = Run();
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  EXPECT_EQ(why, "");
}

TEST_F(HookRunnerTest, NamesAProgramThatIsMissing) {
  spec_.create_container_hooks = {{.path = "/nowhere/hook"}};
  EXPECT_EQ(Run(),
            "createContainer hook /nowhere/hook: No such file or directory");
}

TEST_F(HookRunnerTest, NamesTheSignalThatEndedAHook) {
  Add("kill -9 $$");
  EXPECT_THAT(Run(), HasSubstr("ended by signal 9"));
}

// They would fail, as there is no such file.
TEST_F(HookRunnerTest, LeavesOutHooksThatGvisorLeavesOut) {
  spec_.create_container_hooks = {
      {.path = "/none/nvidia-container-runtime-hook"},
      {.path = "/none/nvidia-cdi-hook",
       .args = {"nvidia-cdi-hook", "disable-device-node-modification"}}};
  EXPECT_EQ(Run(), "");
  spec_.create_container_hooks = {
      {.path = "/none/nvidia-cdi-hook",
       .args = {"nvidia-cdi-hook", "create-symlinks"}}};
  EXPECT_THAT(Run(), HasSubstr("nvidia-cdi-hook"));
}

}  // namespace
}  // namespace gofer::worker
