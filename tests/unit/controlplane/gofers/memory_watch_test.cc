#include "controlplane/gofers/memory_watch.h"

#include <fcntl.h>
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

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "controlplane/names/resource_name.h"
#include "tests/unit/controlplane/gofers/node_parts.h"

namespace goferd::gofers {
namespace {

namespace admin = goferd::admin::v1;

using testing::HasSubstr;

// A directory takes the place of a control group, a script the gofer's place.
class MemoryWatchTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "memory-XXXXXX";
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    base_ = pattern;
    config::v1::DaemonConfig config;
    config.set_max_kept_events(64);
    config.mutable_attach()->set_max_pending_tickets(1);
    parts_ = std::make_unique<NodeParts>(config, base_ + "/state");
    watch_ = std::make_unique<MemoryWatch>(parts_->model, parts_->threads);
    AddServer();
  }
  void TearDown() override {
    parts_->threads.Stop();
    {
      const model::ModelLock lock(parts_->model);
      server_->record(lock).gofer.process->Kill(SIGKILL);
      server_->record(lock).gofer.process->Reap();
    }
    watch_.reset();
    server_.reset();
    parts_.reset();
    std::filesystem::remove_all(base_);
  }

  void AddServer() {
    std::ofstream(base_ + "/gofer") << "#!/bin/sh\nexec sleep 1000\n";
    ::chmod((base_ + "/gofer").c_str(), 0755);
    auto process = process::GoferProcess::Spawn(
        {.gofer_path = base_ + "/gofer", .flags = {}},
        gofer::base::UniqueFd(::open("/dev/null", O_RDWR)));
    ASSERT_TRUE(process.ok()) << process.status();
    std::filesystem::create_directory(base_ + "/gofer-web");
    Write("cgroup.procs", absl::StrCat((*process)->pid(), "\n"));
    Write("memory.max", "1000\n");
    Write("memory.events", "low 0\nhigh 0\nmax 0\noom 0\noom_kill 0\n");
    Use(0, 0);
    (*process)->FindConfines(
        {.server_id = "web", .cgroup_parent = base_, .max_memory_bytes = 1000});
    ASSERT_TRUE((*process)->missing().empty());
    model::ServerRecord record;
    record.id = "web";
    record.resource.set_name(names::FormatServerName("web"));
    record.gofer.process = *std::move(process);
    server_ = std::make_shared<model::ServerEntry>(std::move(record));
    const model::ModelLock lock(parts_->model);
    parts_->model.Add(lock, server_);
  }
  void Write(const std::string& name, const std::string& text) {
    std::ofstream(base_ + "/gofer-web/" + name) << text;
  }
  // `cached` of the bytes are files' pages, active and inactive ones.
  void Use(int bytes, int cached) {
    Write("memory.current", absl::StrCat(bytes, "\n"));
    Write("memory.stat",
          absl::StrCat("anon ", bytes - cached, "\ninactive_file ",
                       cached - cached / 3, "\nactive_file ", cached / 3,
                       "\nactive_file_x 7\n"));
  }
  // Returns the message of the condition; empty when there is no condition.
  std::string Pressure() {
    const model::ModelLock lock(parts_->model);
    std::string message;
    for (const auto& condition : server_->record(lock).resource.conditions()) {
      if (condition.type() != admin::Condition::MEMORY_PRESSURE) continue;
      EXPECT_EQ(message, "") << "each type once at most";
      message = condition.message();
    }
    return message;
  }
  std::string PressureAt(int bytes, int cached = 0) {
    Use(bytes, cached);
    watch_->Check();
    return Pressure();
  }

  std::string base_;
  std::unique_ptr<NodeParts> parts_;
  std::unique_ptr<MemoryWatch> watch_;
  model::ServerPtr server_;
};

TEST_F(MemoryWatchTest, ReportsPressureAtFourFifthsUntilBelowSevenTenths) {
  EXPECT_EQ(PressureAt(799), "");
  EXPECT_EQ(PressureAt(800), "800 of 1000 bytes are in use");
  EXPECT_NE(PressureAt(750), "");
  EXPECT_NE(PressureAt(700), "");
  EXPECT_EQ(PressureAt(699), "");
  EXPECT_EQ(PressureAt(750), "");
}

TEST_F(MemoryWatchTest, ReportsEachChangeOnce) {
  const int64_t before = parts_->events.revision();
  for (int i = 0; i < 5; ++i) PressureAt(900 + i);
  EXPECT_EQ(parts_->events.revision(), before + 1);
  for (int i = 0; i < 5; ++i) PressureAt(100 + i);
  EXPECT_EQ(parts_->events.revision(), before + 2);
}

TEST_F(MemoryWatchTest, CachedFilesAreNoPressure) {
  EXPECT_EQ(PressureAt(1000, 400), "");
  EXPECT_NE(PressureAt(1000, 200), "");
}

TEST_F(MemoryWatchTest, ReportsNoPressureWithoutALimit) {
  Write("memory.max", "max\n");
  EXPECT_EQ(PressureAt(1000000), "");
}

TEST_F(MemoryWatchTest, MalformedFilesChangeNothing) {
  EXPECT_NE(PressureAt(900), "");
  Write("memory.current", "");
  watch_->Check();
  EXPECT_NE(Pressure(), "");
  Write("memory.current", "x\n");
  watch_->Check();
  EXPECT_NE(Pressure(), "");
}

TEST_F(MemoryWatchTest, OtherConditionsStay) {
  {
    const model::ModelLock lock(parts_->model);
    server_->record(lock).resource.add_conditions()->set_type(
        admin::Condition::FD_PRESSURE);
  }
  EXPECT_NE(PressureAt(900), "");
  EXPECT_EQ(PressureAt(100), "");
  const model::ModelLock lock(parts_->model);
  ASSERT_EQ(server_->record(lock).resource.conditions_size(), 1);
  EXPECT_EQ(server_->record(lock).resource.conditions(0).type(),
            admin::Condition::FD_PRESSURE);
}

TEST_F(MemoryWatchTest, ReactsToTheGroupsEvents) {
  ASSERT_TRUE(watch_->Start().ok());
  watch_->Check();
  EXPECT_EQ(Pressure(), "");
  Use(950, 0);
  Write("memory.events", "low 0\nhigh 0\nmax 1\noom 0\noom_kill 0\n");
  const absl::Time deadline = absl::Now() + absl::Seconds(20);
  while (Pressure().empty()) {
    ASSERT_LT(absl::Now(), deadline);
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  EXPECT_THAT(Pressure(), HasSubstr("950"));
}

}  // namespace
}  // namespace goferd::gofers
