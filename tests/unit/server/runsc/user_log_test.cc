#include "server/runsc/user_log.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <string>

#include "server/base/unique_fd.h"

namespace gofer::runsc {
namespace {

// 2026-11-23T18:00:00Z.
constexpr int64_t kNow = int64_t{1'795'456'800} * 1'000'000'000;

TEST(UserLogTest, WritesJsonAsRunscDoes) {
  EXPECT_EQ(UserLogLine("a \"b\"\n", kNow),
            R"({"msg":"gofer: a \"b\"\n","level":"error",)"
            R"("time":"2026-11-23T18:00:00.000000000Z"})"
            "\n");
}

TEST(UserLogTest, Appends) {
  const base::UniqueFd file(::memfd_create("log", MFD_CLOEXEC));
  LogErrorToUser(file.get(), "one");
  LogErrorToUser(file.get(), "two");
  std::string text(200, '\0');
  text.resize(
      static_cast<size_t>(::pread(file.get(), text.data(), text.size(), 0)));
  EXPECT_NE(text.find("gofer: one"), std::string::npos);
  EXPECT_NE(text.find("gofer: two"), std::string::npos);
}

TEST(UserLogTest, NoLogIsNoError) { LogErrorToUser(-1, "nowhere"); }

}  // namespace
}  // namespace gofer::runsc
