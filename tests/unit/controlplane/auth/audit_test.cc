#include "controlplane/auth/audit.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

namespace goferd::auth {
namespace {

AuditRecord Sample() {
  AuditRecord record;
  record.time = absl::FromUnixSeconds(1'700'000'000);
  record.caller = {"uid=5 gid=6", Role::ROLE_OPERATOR};
  record.method = "/goferd.admin.v1.ServerService/DrainServer";
  record.resource = "servers/a";
  record.request_id = "r-1";
  record.code = "NOT_FOUND";
  record.reason = "SERVER_NOT_FOUND";
  return record;
}

class AuditTest : public ::testing::Test {
 protected:
  AuditTest() {
    const char* directory = ::getenv("TMPDIR");
    path_ = std::string(directory == nullptr ? "/tmp" : directory) +
            "/goferd-audit-XXXXXX";
    ::close(::mkstemp(path_.data()));
  }
  ~AuditTest() override {
    ::unlink(path_.c_str());
    ::unlink((path_ + ".1").c_str());
  }
  static int Lines(const std::string& path) {
    std::ifstream file(path);
    int lines = 0;
    for (std::string line; std::getline(file, line);) {
      EXPECT_FALSE(nlohmann::json::parse(line, nullptr, false).is_discarded());
      ++lines;
    }
    return lines;
  }

  std::string path_;
};

TEST_F(AuditTest, RecordIsOneLineOfJson) {
  const auto json = nlohmann::json::parse(ToJson(Sample()));
  EXPECT_EQ(json["time"], "2023-11-14T22:13:20.000000Z");
  EXPECT_EQ(json["caller"], "uid=5 gid=6");
  EXPECT_EQ(json["role"], "operator");
  EXPECT_EQ(json["resource"], "servers/a");
  EXPECT_EQ(json["reason"], "SERVER_NOT_FOUND");
}

TEST_F(AuditTest, HostileTextStaysInItsString) {
  AuditRecord record = Sample();
  record.resource = "a\"}\n{\"caller\":\"root\xff" + std::string(5000, 'x');
  const std::string line = ToJson(record);
  EXPECT_EQ(line.find('\n'), std::string::npos);
  EXPECT_LT(line.size(), 2000u);
  EXPECT_EQ(nlohmann::json::parse(line)["caller"], "uid=5 gid=6");
}

TEST_F(AuditTest, RotatedFileIsOpenedAgain) {
  const auto log = AuditLog::Open(path_);
  ASSERT_TRUE(log.ok()) << log.status();
  (*log)->Write(Sample());
  ASSERT_EQ(::rename(path_.c_str(), (path_ + ".1").c_str()), 0);
  (*log)->Write(Sample());
  (*log)->Reopen();
  (*log)->Write(Sample());
  EXPECT_EQ(Lines(path_ + ".1"), 2);
  EXPECT_EQ(Lines(path_), 1);
}

TEST_F(AuditTest, WithoutAFileRecordsGoToTheLogWhateverItsLevel) {
  const auto log = AuditLog::Open("");
  ASSERT_TRUE(log.ok()) << log.status();
  for (const char* level : {"error", "off"}) {
    ASSERT_TRUE(gofer::base::SetLogLevel(level));
    ::testing::internal::CaptureStderr();
    (*log)->Write(Sample());
    gofer::base::Log().info("silent");
    const std::string text = ::testing::internal::GetCapturedStderr();
    EXPECT_NE(text.find("audit {"), std::string::npos) << level;
    EXPECT_EQ(text.find("silent"), std::string::npos);
  }
  gofer::base::SetLogLevel("info");
}

TEST_F(AuditTest, AFullDiskStopsNobody) {
  const auto log = AuditLog::Open("/dev/full");
  ASSERT_TRUE(log.ok()) << log.status();
  for (int i = 0; i < 3; ++i) (*log)->Write(Sample());
}

TEST_F(AuditTest, FileThatCannotBeOpenedIsAnError) {
  EXPECT_FALSE(AuditLog::Open("/nonexistent/audit").ok());
}

}  // namespace
}  // namespace goferd::auth
