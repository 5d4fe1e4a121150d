// A managed gofer hears what it is to serve.

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <filesystem>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/worker/exit_code.h"
#include "tests/integration/control/gofer_under_test.h"

namespace gofer::test {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using worker::ExitCode;

// Nobody in particular, with nothing.
const std::vector<std::string> kNobody = {
    "setpriv",        "--reuid=65534",       "--regid=65534",
    "--clear-groups", "--bounding-set=-all", "--inh-caps=-all"};

TEST(BootstrapTest, RootConfinesItselfCompletely) {
  if (!MayMount()) GTEST_SKIP() << "needs root, to make mounts";
  GoferUnderTest gofer;
  gofer.root().Write("hello", "from the tree");
  FakeGoferd goferd(gofer.socket_path());
  const v1::Response response =
      gofer.Bootstrap(goferd, gofer.MakeBootstrap(v1::SANDBOX_MODE_STRICT));
  ASSERT_TRUE(response.has_bootstrap()) << response.failure().text();
  const v1::BootstrapResult& result = response.bootstrap();
  EXPECT_THAT(result.sandbox_steps(), Contains("pivot-root"));
  EXPECT_THAT(result.sandbox_steps(), Contains("syscall-filter"));
  EXPECT_TRUE(result.missing_sandbox_steps().empty());
  EXPECT_EQ(result.pid(), gofer.process().pid());
  EXPECT_EQ(result.party().min_protocol_version(), 2u);
  EXPECT_EQ(result.party().max_protocol_version(), 2u);
  EXPECT_THAT(result.party().capabilities(),
              Contains(v1::CAPABILITY_NEW_CONNECTIONS));
  EXPECT_GT(result.supported_mids_size(), 30);
  const auto root = std::filesystem::read_symlink(
      absl::StrCat("/proc/", gofer.process().pid(), "/root"));
  EXPECT_EQ(root, "/") << "the root of its own mount namespace";
  EXPECT_FALSE(std::filesystem::exists(
      absl::StrCat("/proc/", gofer.process().pid(), "/root/etc")));
  const client::Client client = GoferUnderTest::Connect(goferd, "c");
  EXPECT_EQ(ReadFile(client, "hello"), "from the tree");
}

TEST(BootstrapTest, NoDescriptorLeadsOut) {
  if (!MayMount()) GTEST_SKIP() << "needs root, to make mounts";
  GoferUnderTest gofer;
  const auto goferd = gofer.Start();
  const auto fds = absl::StrCat("/proc/", gofer.process().pid(), "/fd");
  for (const auto& entry : std::filesystem::directory_iterator(fds)) {
    const std::string target = std::filesystem::read_symlink(entry.path());
    EXPECT_THAT(target, ::testing::Not(HasSubstr(gofer.root().path())));
  }
}

TEST(BootstrapTest, WithoutPrivilegesItConfinesItselfAsFarAsItGoes) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root, to be nobody";
  GoferUnderTest gofer(kNobody);
  gofer.root().Write("hello", "from the tree");
  FakeGoferd goferd(gofer.socket_path());
  const v1::Response response =
      gofer.Bootstrap(goferd, gofer.MakeBootstrap(v1::SANDBOX_MODE_FULL));
  ASSERT_TRUE(response.has_bootstrap())
      << response.failure().step() << response.failure().text();
  EXPECT_THAT(response.bootstrap().missing_sandbox_steps(),
              ElementsAre("mount-namespace", "pivot-root", "namespaces"));
  EXPECT_THAT(response.bootstrap().sandbox_steps(),
              ElementsAre("no-new-privileges", "capabilities", "landlock",
                          "syscall-filter"));
  const client::Client client = GoferUnderTest::Connect(goferd, "c");
  EXPECT_EQ(ReadFile(client, "hello"), "from the tree");
}

TEST(BootstrapTest, StrictWithoutPrivilegesIsAFailure) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root, to be nobody";
  GoferUnderTest gofer(kNobody);
  FakeGoferd goferd(gofer.socket_path());
  const v1::Response response =
      gofer.Bootstrap(goferd, gofer.MakeBootstrap(v1::SANDBOX_MODE_STRICT));
  EXPECT_EQ(response.failure().code(), v1::Failure::HOST_ERROR);
  EXPECT_EQ(response.failure().error_number(), EPERM);
  EXPECT_EQ(response.failure().step(), "mount-namespace");
  EXPECT_EQ(
      gofer.process().Wait(),
      static_cast<int>(worker::ExitCodeOf(sandbox::Step::kMountNamespace)));
}

TEST(BootstrapTest, AnUnconfinedGoferServes) {
  GoferUnderTest gofer;
  gofer.root().Write("hello", "from the tree");
  const auto goferd = gofer.Start(v1::SANDBOX_MODE_UNCONFINED);
  const client::Client client = GoferUnderTest::Connect(*goferd, "c");
  EXPECT_EQ(ReadFile(client, "hello"), "from the tree");
}

// What cannot be: each ends the gofer, with the answer before.
struct Refusal {
  const char* name;
  void (*spoil)(v1::Bootstrap&);
  v1::Failure::Code code;
};
class RefusedBootstrapTest : public testing::TestWithParam<Refusal> {};

TEST_P(RefusedBootstrapTest, EndsTheGofer) {
  GoferUnderTest gofer;
  FakeGoferd goferd(gofer.socket_path());
  v1::ToGofer message = gofer.MakeBootstrap(v1::SANDBOX_MODE_UNCONFINED);
  GetParam().spoil(*message.mutable_bootstrap());
  const v1::Response response = gofer.Bootstrap(goferd, message);
  EXPECT_EQ(response.failure().code(), GetParam().code);
  EXPECT_EQ(gofer.process().Wait(), static_cast<int>(ExitCode::kBootstrap));
  EXPECT_THAT(gofer.process().Stderr(), HasSubstr("gofer: bootstrap: "));
}

INSTANTIATE_TEST_SUITE_P(
    All, RefusedBootstrapTest,
    testing::Values(
        Refusal{"VersionOfOtherNumbers",
                [](v1::Bootstrap& b) {
                  b.mutable_party()->set_min_protocol_version(1);
                  b.mutable_party()->set_max_protocol_version(1);
                },
                v1::Failure::INCOMPATIBLE},
        Refusal{"VersionToCome",
                [](v1::Bootstrap& b) {
                  b.mutable_party()->set_min_protocol_version(7);
                  b.mutable_party()->set_max_protocol_version(9);
                },
                v1::Failure::INCOMPATIBLE},
        Refusal{"Bundle", [](v1::Bootstrap& b) { b.set_oci_bundle("/b"); },
                v1::Failure::UNSUPPORTED},
        Refusal{"IdMap",
                [](v1::Bootstrap& b) {
                  b.mutable_id_map()->add_uid_ranges()->set_count(1);
                },
                v1::Failure::UNSUPPORTED},
        Refusal{"Mode",
                [](v1::Bootstrap& b) {
                  b.set_sandbox_mode(v1::SANDBOX_MODE_UNSPECIFIED);
                },
                v1::Failure::MALFORMED},
        Refusal{"Limits", [](v1::Bootstrap& b) { b.clear_limits(); },
                v1::Failure::MALFORMED},
        Refusal{"LogLevel", [](v1::Bootstrap& b) { b.clear_log_level(); },
                v1::Failure::MALFORMED},
        Refusal{"DaemonData",
                [](v1::Bootstrap& b) {
                  b.set_daemon_data(std::string((64 << 10) + 1, 'x'));
                },
                v1::Failure::MALFORMED}),
    [](const auto& test) { return std::string(test.param.name); });

TEST(BootstrapTest, EndsWithoutTheRootsDescriptor) {
  GoferUnderTest gofer;
  FakeGoferd goferd(gofer.socket_path());
  const v1::Response response = goferd.Ask(gofer.MakeBootstrap());
  EXPECT_EQ(response.failure().code(), v1::Failure::MALFORMED);
  EXPECT_EQ(gofer.process().Wait(), static_cast<int>(ExitCode::kBootstrap));
}

TEST(BootstrapTest, RefusesOtherRequestsBeforeIt) {
  GoferUnderTest gofer;
  FakeGoferd goferd(gofer.socket_path());
  EXPECT_EQ(goferd.Adopt().failure().code(), v1::Failure::WRONG_STATE);
  const auto created = goferd.Ask(GoferUnderTest::MakeStart("c"));
  EXPECT_EQ(created.failure().code(), v1::Failure::WRONG_STATE);
  const v1::Response response =
      gofer.Bootstrap(goferd, gofer.MakeBootstrap(v1::SANDBOX_MODE_UNCONFINED));
  EXPECT_TRUE(response.has_bootstrap());
}

TEST(BootstrapTest, GoferdsThatAreSilentOrMakeNoSenseGiveWay) {
  GoferUnderTest gofer;
  const FakeGoferd silent(gofer.socket_path());
  FakeGoferd senseless(gofer.socket_path());
  ASSERT_TRUE(senseless.channel().Send("\xff\xff", {}, 1'000'000'000).ok());
  EXPECT_TRUE(senseless.AwaitHangUp());
  const auto goferd = gofer.Start(v1::SANDBOX_MODE_UNCONFINED);
  EXPECT_EQ(goferd->Count().active(), 0u);
}

TEST(BootstrapTest, ASignalBeforeItEndsTheGofer) {
  GoferUnderTest gofer;
  FakeGoferd goferd(gofer.socket_path());
  // It is there when it has answered.
  EXPECT_TRUE(goferd.Adopt().has_failure());
  gofer.process().Signal(SIGTERM);
  EXPECT_EQ(gofer.process().Wait(), 0);
}

TEST(BootstrapTest, EndsWithoutAListeningSocket) {
  const base::UniqueFd stream(::socket(AF_UNIX, SOCK_STREAM, 0));
  GoferChild gofer({"managed", "--control-fd=3"}, {stream.get()});
  EXPECT_EQ(gofer.Wait(), static_cast<int>(ExitCode::kControl));
  EXPECT_THAT(gofer.Stderr(), HasSubstr("control-socket: --control-fd=3"));
}

TEST(BootstrapTest, AGoferThatIsNotNeededEndsWhenItIsTold) {
  GoferUnderTest gofer;
  FakeGoferd goferd(gofer.socket_path());
  v1::ToGofer list;
  list.mutable_list_connections();
  EXPECT_EQ(goferd.Ask(list).failure().code(), v1::Failure::WRONG_STATE);
  v1::ToGofer shutdown;
  shutdown.mutable_shutdown();
  EXPECT_FALSE(goferd.Ask(shutdown).has_failure());
  EXPECT_EQ(gofer.process().Wait(), 0);
}

}  // namespace
}  // namespace gofer::test
