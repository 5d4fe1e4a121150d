#include "server/worker/await_readable.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "server/base/clock.h"
#include "server/base/unique_fd.h"

namespace gofer::worker {
namespace {

// Later than any test ends.
uint64_t Later() { return base::MonotonicNanos() + 600'000'000'000u; }

std::pair<base::UniqueFd, base::UniqueFd> MakePipe() {
  int ends[2] = {-1, -1};
  EXPECT_EQ(::pipe(ends), 0);
  return {base::UniqueFd(ends[0]), base::UniqueFd(ends[1])};
}

TEST(AwaitReadableTest, EndsWithDataAndWithAHangup) {
  auto [reader, writer] = MakePipe();
  ASSERT_EQ(::write(writer.get(), "x", 1), 1);
  EXPECT_EQ(AwaitReadable(reader.get(), Later()), Awaited::kReadable);
  char byte;
  ASSERT_EQ(::read(reader.get(), &byte, 1), 1);
  writer.reset();
  EXPECT_EQ(AwaitReadable(reader.get(), Later()), Awaited::kReadable);
}

TEST(AwaitReadableTest, LooksOnceWhenTheTimeIsOverAlready) {
  const auto [reader, writer] = MakePipe();
  EXPECT_EQ(AwaitReadable(reader.get(), 0), Awaited::kTimeOver);
  ASSERT_EQ(::write(writer.get(), "x", 1), 1);
  EXPECT_EQ(AwaitReadable(reader.get(), 0), Awaited::kReadable);
}

TEST(AwaitReadableTest, RejectsWhatIsNoDescriptor) {
  int closed;
  {
    const auto [reader, writer] = MakePipe();
    closed = reader.get();
  }
  EXPECT_EQ(AwaitReadable(closed, Later()), Awaited::kFailed);
  EXPECT_EQ(errno, EBADF);
}

}  // namespace
}  // namespace gofer::worker
