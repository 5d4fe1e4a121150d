#include "controlplane/gofers/warm_gofers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "tests/unit/controlplane/gofers/node_parts.h"

namespace goferd::gofers {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// Scripts take the gofers' place: they start and end as a test wants. Real
// gofers are tested in tests/integration/controlplane/warm_test.py.
class WarmGofersTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "warm-XXXXXX";
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    base_ = pattern;
    config_.mutable_servers()->set_warm_gofers(2);
    config_.mutable_servers()->mutable_start_timeout()->set_seconds(20);
    config_.mutable_servers()->mutable_control_timeout()->set_seconds(20);
    config_.set_gofer_path(base_ + "/gofer");
    config_.set_max_kept_events(16);
    config_.mutable_attach()->set_max_pending_tickets(1);
  }
  void TearDown() override {
    Stop();
    std::filesystem::remove_all(base_);
  }

  // Each start is a line of `starts`.
  void Start(const std::string& script) {
    std::ofstream(base_ + "/gofer")
        << "#!/bin/sh\necho $$ >> " << base_ << "/starts\n"
        << script << "\n";
    ::chmod((base_ + "/gofer").c_str(), 0755);
    parts_ = std::make_unique<NodeParts>(config_, base_ + "/state", 2);
    warm_ = std::make_unique<WarmGofers>(parts_->threads, parts_->settings,
                                         parts_->host);
    warm_->Start();
  }
  void Stop() {
    if (warm_ == nullptr) return;
    parts_->threads.BeginShutdown();
    warm_->Stop();
    parts_->threads.Stop();
    warm_.reset();
    parts_.reset();
  }

  std::vector<std::string> Starts() {
    std::vector<std::string> lines;
    std::ifstream file(base_ + "/starts");
    for (std::string line; std::getline(file, line);) lines.push_back(line);
    return lines;
  }
  // Polls, as no event reports a start.
  void AwaitStarts(size_t count) {
    const absl::Time deadline = absl::Now() + absl::Seconds(40);
    while (Starts().size() < count) {
      ASSERT_LT(absl::Now(), deadline) << Starts().size() << " starts";
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  }
  // Waits for a killed process whose end the disk delays.
  static bool IsGone(pid_t pid) {
    const absl::Time deadline = absl::Now() + absl::Seconds(40);
    while (::kill(pid, 0) == 0) {
      if (absl::Now() > deadline) return false;
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return true;
  }
  std::vector<std::string> WhatIsLeft() {
    std::vector<std::string> names;
    for (const auto& entry :
         std::filesystem::directory_iterator(base_ + "/state/warm")) {
      names.push_back(entry.path().filename());
    }
    return names;
  }

  std::string base_;
  config::v1::DaemonConfig config_;
  std::unique_ptr<NodeParts> parts_;
  std::unique_ptr<WarmGofers> warm_;
};

// Two gofers may start at once, then one after 100, 200, 400 ms and so on.
size_t MostStarts(absl::Duration time) {
  size_t starts = 2;
  for (absl::Duration pause = absl::Milliseconds(100); time >= pause;
       pause *= 2) {
    time -= pause;
    ++starts;
  }
  return starts;
}

TEST_F(WarmGofersTest, ABrokenExecutableCausesNoForkStorm) {
  const absl::Time begin = absl::Now();
  Start("exit 1");
  for (size_t count = 1; count <= 5; ++count) {
    AwaitStarts(count);
    EXPECT_EQ(warm_->Take("a"), nullptr);
    // Asking for more gofers does not start them sooner.
    for (int i = 0; i < 100; ++i) warm_->Refill();
    const size_t starts = Starts().size();
    EXPECT_LE(starts, MostStarts(absl::Now() - begin));
  }
  Stop();
  EXPECT_THAT(WhatIsLeft(), IsEmpty());
}

TEST_F(WarmGofersTest, AMissingExecutableIsNoGofer) {
  config_.set_gofer_path(base_ + "/none");
  Start("exit 1");
  EXPECT_EQ(warm_->Take("a"), nullptr);
  Stop();
  EXPECT_THAT(Starts(), IsEmpty());
  EXPECT_THAT(WhatIsLeft(), IsEmpty());
}

TEST_F(WarmGofersTest, ASilentGoferIsNotReadyAndEndsWithUs) {
  // Longer than a test may take: Stop does not wait for it.
  config_.mutable_servers()->mutable_start_timeout()->set_seconds(3600);
  Start("exec sleep 1000");
  AwaitStarts(1);
  EXPECT_EQ(warm_->Take("a"), nullptr);
  Stop();
  EXPECT_TRUE(IsGone(std::stoi(Starts().at(0))));
  EXPECT_THAT(WhatIsLeft(), IsEmpty());
}

TEST_F(WarmGofersTest, StartsNoGofersUnlessConfigured) {
  config_.mutable_servers()->set_warm_gofers(0);
  Start("exec sleep 1000");
  warm_->Refill();
  EXPECT_EQ(warm_->Take("a"), nullptr);
  Stop();
  EXPECT_THAT(Starts(), IsEmpty());
}

TEST_F(WarmGofersTest, EndsWarmGofersOfAKilledGoferd) {
  std::shared_ptr<process::GoferProcess> left;
  {
    auto state = state::StateDirectory::Open(base_ + "/state");
    ASSERT_TRUE(state.ok()) << state.status();
    auto listener = state->ListenWarm("w-1");
    ASSERT_TRUE(listener.ok()) << listener.status();
    std::ofstream(base_ + "/left") << "#!/bin/sh\nexec sleep 1000\n";
    ::chmod((base_ + "/left").c_str(), 0755);
    auto process = process::GoferProcess::Spawn(
        {.gofer_path = base_ + "/left", .flags = {}}, *std::move(listener));
    ASSERT_TRUE(process.ok()) << process.status();
    left = *std::move(process);
    ASSERT_TRUE(state->WriteWarmPid("w-1", left->IdentityText()).ok());
  }
  config_.mutable_servers()->set_warm_gofers(0);
  Start("exit 1");
  ASSERT_TRUE(left->WaitForEnd(absl::Seconds(20)));
  EXPECT_EQ(left->Reap().signal, SIGKILL);
  EXPECT_THAT(WhatIsLeft(), IsEmpty());
}

TEST_F(WarmGofersTest, AnotherProcessOfThatNumberIsLeftAlone) {
  {
    auto state = state::StateDirectory::Open(base_ + "/state");
    ASSERT_TRUE(state.ok()) << state.status();
    ASSERT_TRUE(state->ListenWarm("w-1").ok());
    // The number is our own, but we did not start at that time.
    const std::string text = absl::StrCat(::getpid(), " 1\n");
    ASSERT_TRUE(state->WriteWarmPid("w-1", text).ok());
  }
  config_.mutable_servers()->set_warm_gofers(0);
  Start("exit 1");
  EXPECT_THAT(WhatIsLeft(), IsEmpty());
}

}  // namespace
}  // namespace goferd::gofers
