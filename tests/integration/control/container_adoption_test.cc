// A gofer that runsc has started, and that goferd finds.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "clients/lisafs/client.h"
#include "server/base/check.h"
#include "server/uds/unix_socket.h"
#include "server/wire/message_id.h"
#include "tests/integration/control/fake_goferd.h"
#include "tests/integration/control/gofer_under_test.h"

namespace gofer::test {
namespace {

using client::Client;
using testing::Contains;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;

std::string SpecWith(const std::string& annotations) {
  return R"({"process": {"args": ["sh"], "cwd": "/"}, "root": {"path": "rootfs"},
             "mounts": [], "annotations": {)" +
         annotations + "}}";
}

class ContainerAdoptionTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!MayMount()) GTEST_SKIP() << "needs root, to make mounts";
    bundle_.Write("rootfs/hello", "from the root");
    // Other tests mount things meanwhile, and so does the gofer.
    ASSERT_EQ(::unshare(CLONE_NEWNS), 0);
    ASSERT_EQ(::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr), 0);
  }

  // Starts a container's gofer, and waits until it serves.
  Client Start(const std::string& state_dir) {
    const base::UniqueFd spec(::memfd_create("spec", MFD_CLOEXEC));
    const std::string text = SpecWith(annotations_);
    EXPECT_EQ(::pwrite(spec.get(), text.data(), text.size(), 0),
              static_cast<ssize_t>(text.size()));
    auto pair = *uds::MakeSocketPair(uds::SocketType::kStream);
    gofer_ = std::make_unique<GoferChild>(
        std::vector<std::string>{"--goferd-state-dir=" + state_dir, "gofer",
                                 "--bundle=" + bundle_.path(), "--spec-fd=3",
                                 "--io-fds=4", "My_Box"},
        std::vector<int>{spec.get(), pair.second.get()});
    pair.second.reset();
    auto mounted = Client::Mount(std::move(pair.first));
    GOFER_CHECK(mounted.ok());
    return *std::move(mounted);
  }

  std::string socket_path() const {
    return state_ / "adopted/runsc-my-box/control.sock";
  }

  const ScratchDirectory bundle_;
  const ScratchDirectory state_;
  std::string annotations_;
  std::unique_ptr<GoferChild> gofer_;
};

TEST_F(ContainerAdoptionTest, IsAdoptedWithItsConnections) {
  Client client = Start(state_.path());
  EXPECT_THAT(state_.Read("adopted/runsc-my-box/pid"),
              HasSubstr(absl::StrCat(gofer_->pid(), " ")));
  FakeGoferd goferd(socket_path());
  const v1::Response response = goferd.Adopt();
  ASSERT_TRUE(response.has_adopt()) << response.failure().text();
  const v1::AdoptResult& adopt = response.adopt();
  EXPECT_EQ(adopt.root(), bundle_ / "rootfs");
  EXPECT_TRUE(adopt.server_id().empty());
  EXPECT_THAT(adopt.bootstrap().sandbox_steps(), Contains("pivot-root"));
  EXPECT_THAT(adopt.bootstrap().sandbox_steps(), Contains("syscall-filter"));
  EXPECT_THAT(adopt.bootstrap().party().capabilities(),
              Not(Contains(v1::CAPABILITY_NEW_CONNECTIONS)));
  ASSERT_EQ(adopt.connections_size(), 1);
  EXPECT_EQ(adopt.connections(0).uid(), "io-0");
  EXPECT_EQ(adopt.connections(0).connection_id(), "io-0");
  EXPECT_EQ(adopt.connections(0).mount_path(), "/");
  EXPECT_GT(adopt.connections(0).attach_unix_ns(), 0);
  EXPECT_EQ(goferd.Ask(GoferUnderTest::MakeStart("c")).failure().code(),
            v1::Failure::UNSUPPORTED);
  v1::ToGofer stats;
  stats.mutable_get_stats()->mutable_every_connection();
  EXPECT_EQ(goferd.Ask(stats).stats().stats_size(), 1);
  EXPECT_EQ(ReadFile(client, "hello"), "from the root");
  EXPECT_FALSE(goferd.Stop("io-0", v1::StopConnection::CLOSE).has_failure());
  EXPECT_EQ(goferd.AwaitState("io-0", v1::CONNECTION_STATE_ENDED).end_reason(),
            v1::END_REASON_ADMIN_STOP);
  EXPECT_EQ(gofer_->Wait(), 0) << "it ends with its connections";
}

TEST_F(ContainerAdoptionTest, SaysWhatItsEngineCallsIt) {
  annotations_ = R"("io.kubernetes.cri.sandbox-name": "web-0",
                    "io.kubernetes.cri.sandbox-namespace": "shop",
                    "io.kubernetes.cri.container-name": "web")";
  const Client client = Start(state_.path());
  FakeGoferd goferd(socket_path());
  const v1::Response response = goferd.Adopt();
  const auto& labels = response.adopt().labels();
  EXPECT_EQ(labels.size(), 4u);
  EXPECT_EQ(labels.at("pod"), "web-0");
  EXPECT_EQ(labels.at("namespace"), "shop");
  EXPECT_EQ(labels.at("container"), "web");
  EXPECT_THAT(bundle_.path(), EndsWith(labels.at("bundle")));
}

TEST_F(ContainerAdoptionTest, HostileAnnotationsDoNotKeepItFromBeingAdopted) {
  annotations_ =
      absl::StrCat(R"("io.kubernetes.cri.sandbox-name": "\u001b[2J\n\u0000x",)"
                   R"("io.kubernetes.cri.container-name": ")",
                   std::string(1 << 20, 'x'), "\"");
  for (int i = 0; i < 1000; ++i) {
    absl::StrAppend(&annotations_, ",\"io.kubernetes.x", i, "\": \"y\"");
  }
  const Client client = Start(state_.path());
  FakeGoferd goferd(socket_path());
  const v1::Response response = goferd.Adopt();
  ASSERT_TRUE(response.has_adopt()) << response.failure().text();
  const auto& labels = response.adopt().labels();
  EXPECT_EQ(labels.size(), 3u);
  EXPECT_EQ(labels.at("pod"), "?[2J??x");
  EXPECT_EQ(labels.at("container"), "..." + std::string(60, 'x'));
  EXPECT_EQ(ReadFile(client, "hello"), "from the root");
}

TEST_F(ContainerAdoptionTest, RulesApplyToIt) {
  const Client client = Start(state_.path());
  FakeGoferd goferd(socket_path());
  ASSERT_TRUE(goferd.Adopt().has_adopt());
  v1::ToGofer change;
  v1::Rule& rule = *change.mutable_change_rules()->add_upsert();
  rule.set_uid("r");
  rule.set_age_number(1);
  rule.add_mids(static_cast<uint32_t>(wire::MessageId::kOpenAt));
  rule.set_connection_id("io-0");
  rule.set_error_number(EIO);
  EXPECT_FALSE(goferd.Ask(change).has_failure());
  EXPECT_EQ(ReadFile(client, "hello"), absl::StrCat("errno ", EIO));
}

TEST_F(ContainerAdoptionTest, EndsWithItsClientWhoeverListens) {
  {
    const Client client = Start(state_.path());
    FakeGoferd goferd(socket_path());
    ASSERT_TRUE(goferd.Adopt().has_adopt());
  }
  EXPECT_EQ(gofer_->Wait(), 0);
  {
    const Client client = Start(state_.path());
    EXPECT_EQ(ReadFile(client, "hello"), "from the root")
        << "what the first has left is replaced";
    gofer_->Signal(SIGTERM);
    EXPECT_EQ(gofer_->Wait(), 0);
  }
}

TEST_F(ContainerAdoptionTest, TwoOfOneNameAreBothFound) {
  const Client one = Start(state_.path());
  const auto first = std::move(gofer_);
  const Client two = Start(state_.path());
  std::set<int> pids;
  for (const auto& entry :
       std::filesystem::directory_iterator(state_ / "adopted")) {
    FakeGoferd goferd(entry.path() / "control.sock");
    ASSERT_TRUE(goferd.Adopt().has_adopt()) << entry.path();
    std::ifstream file(entry.path() / "pid");
    int pid = 0;
    file >> pid;
    pids.insert(pid);
  }
  EXPECT_THAT(pids, testing::UnorderedElementsAre(first->pid(), gofer_->pid()));
}

TEST_F(ContainerAdoptionTest, StartsWithoutAStateDirectory) {
  {
    const Client client = Start(state_ / "none");
    EXPECT_EQ(ReadFile(client, "hello"), "from the root");
    EXPECT_THAT(gofer_->Stderr(), HasSubstr("goferd cannot find this gofer"));
  }
  EXPECT_EQ(gofer_->Wait(), 0);
}

}  // namespace
}  // namespace gofer::test
