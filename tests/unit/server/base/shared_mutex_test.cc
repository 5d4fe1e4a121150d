#include "server/base/shared_mutex.h"

#include <gtest/gtest.h>
#include <sched.h>
#include <unistd.h>

#include <atomic>
#include <thread>
#include <vector>

#include "tests/support/asleep.h"
#include "tests/support/latch.h"

namespace gofer::base {
namespace {

using test::Latch;

// A thread that takes the lock, says so, and holds it until told to let go.
class Holder {
 public:
  enum class Mode { kShared, kAlone };

  Holder(SharedMutex& mu, Mode mode)
      : thread_([this, &mu, mode] {
          tid_ = ::gettid();
          started_.Open();
          if (mode == Mode::kShared) {
            ReaderLock lock(mu);
            Hold();
          } else {
            WriterLock lock(mu);
            Hold();
          }
        }) {
    started_.Wait();
  }
  ~Holder() { Release(); }

  void WaitUntilHeld() { held_.Wait(); }
  // Waits until the thread is in the lock's queue.
  void WaitUntilQueued() {
    EXPECT_TRUE(test::WaitUntilAsleep(tid_, [this] { return held(); }));
  }
  bool held() { return held_.open(); }
  void Release() {
    let_go_.Open();
    if (thread_.joinable()) thread_.join();
  }

 private:
  void Hold() {
    held_.Open();
    let_go_.Wait();
  }

  Latch started_;
  Latch held_;
  Latch let_go_;
  pid_t tid_ = 0;
  std::thread thread_;
};

TEST(SharedMutexTest, ReadersShare) {
  SharedMutex mu;
  Holder first(mu, Holder::Mode::kShared);
  Holder second(mu, Holder::Mode::kShared);
  first.WaitUntilHeld();
  second.WaitUntilHeld();
}

TEST(SharedMutexTest, WriterKeepsEverybodyOut) {
  SharedMutex mu;
  Holder writer(mu, Holder::Mode::kAlone);
  writer.WaitUntilHeld();
  Holder reader(mu, Holder::Mode::kShared);
  Holder other(mu, Holder::Mode::kAlone);
  reader.WaitUntilQueued();
  other.WaitUntilQueued();
  writer.Release();
  // The other writer may wait for the reader, never the other way round.
  reader.WaitUntilHeld();
  reader.Release();
  other.WaitUntilHeld();
}

TEST(SharedMutexTest, ReaderKeepsWritersOut) {
  SharedMutex mu;
  Holder reader(mu, Holder::Mode::kShared);
  reader.WaitUntilHeld();
  Holder writer(mu, Holder::Mode::kAlone);
  writer.WaitUntilQueued();
  reader.Release();
  writer.WaitUntilHeld();
}

TEST(SharedMutexTest, WaitingWriterStopsNewReaders) {
  SharedMutex mu;
  Holder reader(mu, Holder::Mode::kShared);
  reader.WaitUntilHeld();
  Holder writer(mu, Holder::Mode::kAlone);
  writer.WaitUntilQueued();
  Holder late(mu, Holder::Mode::kShared);
  late.WaitUntilQueued();
  writer.WaitUntilQueued();
  reader.Release();
  writer.WaitUntilHeld();
  late.WaitUntilQueued();
  writer.Release();
  late.WaitUntilHeld();
}

TEST(SharedMutexTest, ReadersThatQueuedGoBeforeTheNextWriter) {
  SharedMutex mu;
  Holder first(mu, Holder::Mode::kAlone);
  first.WaitUntilHeld();
  Holder second(mu, Holder::Mode::kAlone);
  Holder reader(mu, Holder::Mode::kShared);
  second.WaitUntilQueued();
  reader.WaitUntilQueued();
  first.Release();
  reader.WaitUntilHeld();
  second.WaitUntilQueued();
  reader.Release();
  second.WaitUntilHeld();
}

TEST(SharedMutexTest, StreamOfReadersDoesNotStarveAWriter) {
  SharedMutex mu;
  std::atomic<bool> stop = false;
  std::vector<std::thread> readers;
  for (int i = 0; i < 4; ++i) {
    readers.emplace_back([&] {
      while (!stop) {
        ReaderLock lock(mu);
        ::sched_yield();
      }
    });
  }
  for (int i = 0; i < 100; ++i) WriterLock lock(mu);
  stop = true;
  for (std::thread& thread : readers) thread.join();
}

TEST(SharedMutexTest, StreamOfWritersDoesNotStarveAReader) {
  SharedMutex mu;
  std::atomic<bool> stop = false;
  std::vector<std::thread> writers;
  for (int i = 0; i < 4; ++i) {
    writers.emplace_back([&] {
      while (!stop) {
        WriterLock lock(mu);
        ::sched_yield();
      }
    });
  }
  for (int i = 0; i < 100; ++i) ReaderLock lock(mu);
  stop = true;
  for (std::thread& thread : writers) thread.join();
}

TEST(SharedMutexTest, WritesAreSeenWhole) {
  SharedMutex mu;
  int64_t a = 0;
  int64_t b = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 6; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 2'000; ++i) {
        if (t % 3 == 0) {
          WriterLock lock(mu);
          ++a;
          ++b;
        } else {
          ReaderLock lock(mu);
          ASSERT_EQ(a, b);
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(a, 4'000);
}

}  // namespace
}  // namespace gofer::base
