#include "controlplane/state/gofer_logs.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <spdlog/sinks/base_sink.h>
#include <unistd.h>

#include <cerrno>
#include <condition_variable>
#include <filesystem>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "server/base/log_backend.h"

namespace goferd::state {
namespace {

using gofer::base::UniqueFd;

// Keeps the lines of goferd's log.
class Lines : public spdlog::sinks::base_sink<std::mutex> {
 public:
  std::vector<std::string> Of(absl::string_view needle) {
    const std::lock_guard lock(mutex_);
    return Find(needle);
  }
  void AwaitOne(absl::string_view needle) {
    std::unique_lock lock(mutex_);
    came_.wait(lock, [&] { return !Find(needle).empty(); });
  }

 private:
  std::vector<std::string> Find(absl::string_view needle) {
    std::vector<std::string> found;
    for (const std::string& line : lines_) {
      if (absl::StrContains(line, needle)) found.push_back(line);
    }
    return found;
  }
  void sink_it_(const spdlog::details::log_msg& message) override {
    lines_.emplace_back(message.payload.data(), message.payload.size());
    came_.notify_all();
  }
  void flush_() override {}

  std::condition_variable came_;
  std::vector<std::string> lines_;
};

class GoferLogsTest : public testing::Test {
 protected:
  GoferLogsTest() {
    std::string pattern = testing::TempDir() + "logs-XXXXXX";
    base_ = ::mkdtemp(pattern.data());
    state_.emplace(*StateDirectory::Open(base_));
    EXPECT_TRUE(state_->MakeServer("one").ok());
    sinks_ = gofer::base::LogBackend().sinks();
    gofer::base::LogBackend().sinks() = {lines_};
  }
  ~GoferLogsTest() override {
    logs_.reset();
    loop_.reset();
    gofer::base::LogBackend().sinks() = sinks_;
    state_.reset();
    std::filesystem::remove_all(base_);
  }
  static void Write(const UniqueFd& pipe, const std::string& text) {
    ASSERT_EQ(::write(pipe.get(), text.data(), text.size()),
              static_cast<ssize_t>(text.size()));
  }

  std::string base_;
  std::optional<StateDirectory> state_;
  std::shared_ptr<Lines> lines_ = std::make_shared<Lines>();
  std::vector<spdlog::sink_ptr> sinks_;
  std::unique_ptr<event_loop::EventLoop> loop_ =
      *event_loop::EventLoop::Start();
  std::unique_ptr<GoferLogs> logs_ =
      std::make_unique<GoferLogs>(*state_, *loop_);
};

TEST_F(GoferLogsTest, AForgedAuditRecordBeginsWithTheServersName) {
  const auto pipe = logs_->Make("one");
  ASSERT_TRUE(pipe.ok()) << pipe.status();
  Write(*pipe, "x\naudit {\"caller\":\"uid=0\"}\r\naudit \x1b[2Ky\n");
  lines_->AwaitOne("x1b");
  EXPECT_THAT(lines_->Of(""),
              testing::ElementsAre(
                  "servers/one: its gofer: x",
                  "servers/one: its gofer: audit {\"caller\":\"uid=0\"}\\x0d",
                  "servers/one: its gofer: audit \\x1b[2Ky"));
}

TEST_F(GoferLogsTest, TheGoferWritesOnWithoutGoferd) {
  const auto pipe = *logs_->Make("one");
  logs_.reset();
  loop_.reset();
  const std::string line(4096, 'x');
  ssize_t written = 0;
  while ((written = ::write(pipe.get(), line.data(), line.size())) > 0) {
  }
  // The write fails neither with EPIPE, nor does it wait.
  EXPECT_EQ(written, -1);
  EXPECT_EQ(errno, EAGAIN);
}

TEST_F(GoferLogsTest, TheNextGoferdReadsThePipe) {
  const auto pipe = *logs_->Make("one");
  logs_.reset();
  Write(pipe, "meanwhile\n");
  logs_ = std::make_unique<GoferLogs>(*state_, *loop_);
  logs_->ReopenAll();
  lines_->AwaitOne("meanwhile");
  Write(pipe, "later\n");
  lines_->AwaitOne("later");
}

TEST_F(GoferLogsTest, ReadsTheLastLineOfADeadGofer) {
  {
    const auto pipe = *logs_->Make("one");
    Write(pipe, "no end of line");
  }
  lines_->AwaitOne("no end of line");
  // A pipe to which nobody writes any more does not disturb the next pipe.
  logs_->ReopenAll();
  const auto pipe = *logs_->Make("one");
  Write(pipe, "the next one\n");
  lines_->AwaitOne("the next one");
}

TEST_F(GoferLogsTest, AFloodOfLinesIsCut) {
  const auto pipe = *logs_->Make("one");
  std::string flood;
  for (int i = 0; i < 4000; ++i) flood += "flood\n";
  Write(pipe, flood);
  Write(pipe, std::string(3 * GoferLogs::kMostLineBytes, 'z') + "\n");
  lines_->AwaitOne("lines are lost");
  EXPECT_LT(lines_->Of("flood").size(), 1000u);
  for (const std::string& line : lines_->Of("")) {
    EXPECT_LT(line.size(), GoferLogs::kMostLineBytes + 100);
  }
}

TEST_F(GoferLogsTest, FlagsOfTheGofersDescriptorDoNotReachOurs) {
  const auto pipe = *logs_->Make("one");
  const int before = ::fcntl(STDERR_FILENO, F_GETFL);
  ASSERT_EQ(::fcntl(pipe.get(), F_SETFL, 0), 0);
  EXPECT_EQ(::fcntl(STDERR_FILENO, F_GETFL), before);
  // goferd's reading does not wait, although the gofer's end blocks now.
  Write(pipe, "still heard\n");
  lines_->AwaitOne("still heard");
}

}  // namespace
}  // namespace goferd::state
