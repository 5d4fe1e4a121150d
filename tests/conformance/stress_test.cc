// Many clients of one server doing everything at once, while connections come
// and go and the handler table is swapped. Bounded by counts, not by time.

#include <dirent.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/fs.h>
#include <linux/stat.h>
#include <sched.h>
#include <sys/stat.h>

#include <atomic>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/process_counts.h"
#include "tests/support/served_tree.h"

namespace gofer::test {
namespace {

constexpr int kPhases = 6;
constexpr int kClients = 6;
constexpr int kOperations = 300;
constexpr size_t kHeldFds = 40;

constexpr absl::string_view kNames[] = {"a", "b", "c", "d1", "d2", "f", "ln"};

// One client and what it holds. Names collide with those of the others all the
// time, so that every errno of the file system may come; what must not come is
// the end of a connection that nobody ended.
class Worker {
 public:
  Worker(ServedTree& served, int phase, int number)
      : random_(static_cast<uint32_t>(phase * 1000 + number)),
        level_(number % 2 == 0 ? lisafs::ProtocolLevel::kNov2023
                               : lisafs::ProtocolLevel::kAug2026) {
    ClientOptions options;
    options.connection = lisafs::ConnectionOptions::ForLevel(level_);
    options.mount_path = number % 3 == 0 ? "/scratch/d1" : "/scratch";
    session_ = served.Connect(options);
    // Sometimes the mount point is elsewhere just now.
    const auto mounted = session_->Mount();
    if (mounted.ok()) control_.push_back(mounted->root.control_fd);
    if (number % 2 == 1) {
      EXPECT_EQ(session_->OpenChannel(), 0);
    }
    if (number % 4 == 3) ends_after_ = kOperations / 2;
  }

  void Run() {
    for (int i = 0; i < kOperations && !control_.empty(); ++i) {
      if (i == ends_after_) {
        const auto mode = static_cast<lisafs::StopMode>(Pick(3));
        session_.connection->Stop(mode, lisafs::EndReason::kAdminStop);
        stopped_ = true;
      }
      Step();
      if (ended_) {
        EXPECT_TRUE(stopped_);
        return;
      }
      if (control_.size() + open_.size() > kHeldFds) CloseHalf();
    }
  }

 private:
  size_t Pick(size_t count) { return random_() % count; }
  absl::string_view Name() { return kNames[Pick(std::size(kNames))]; }
  FdId Control() { return control_[Pick(control_.size())]; }
  FdId Open() { return open_.empty() ? FdId{1} : open_[Pick(open_.size())]; }

  template <class R>
  bool Ok(const R& reply) {
    if (reply.error < 0 || reply.error == ECONNRESET) ended_ = true;
    EXPECT_NE(reply.error, EREMOTEIO);
    return reply.error == 0;
  }
  template <class R>
  void KeepChild(const R& reply) {
    if (Ok(reply)) control_.push_back(reply->child.control_fd);
  }

  void Step() {
    switch (Pick(4)) {
      case 0:
        return StepLooking();
      case 1:
        return StepMaking();
      case 2:
        return StepMoving();
      default:
        return StepUsing();
    }
  }

  void StepLooking() {
    FileClient& c = *session_.client;
    const Names path = {Name(), Name(), Name()};
    if (Pick(3) == 0) {
      Ok(c.WalkStat(Control(), path));
      return;
    }
    const auto walked = c.Walk(Control(), {path.begin(), path.begin() + 2});
    if (!Ok(walked)) return;
    for (const wire::Inode inode : walked->inodes) {
      control_.push_back(inode.control_fd);
    }
  }

  void StepMaking() {
    FileClient& c = *session_.client;
    switch (Pick(6)) {
      case 0:
      case 1:
        return KeepChild(c.MkdirAt(Control(), Name()));
      case 2: {
        const auto made = c.OpenCreateAt(Control(), Name());
        if (made.ok()) open_.push_back(made->open_fd);
        return KeepChild(made);
      }
      case 3:
        return KeepChild(c.SymlinkAt(Control(), Name(), "a"));
      case 4:
        return KeepChild(c.LinkAt(Control(), Control(), Name()));
      default: {
        const auto bound = c.BindAt(Control(), Name(), SOCK_STREAM);
        if (bound.ok()) bound_.push_back(bound->bound_socket_fd);
        return KeepChild(bound);
      }
    }
  }

  void StepMoving() {
    FileClient& c = *session_.client;
    const bool new_level = level_ == lisafs::ProtocolLevel::kAug2026;
    switch (Pick(4)) {
      case 0:
        Ok(c.UnlinkAt(Control(), Name()));
        return;
      case 1:
        Ok(c.UnlinkAt(Control(), Name(), AT_REMOVEDIR));
        return;
      case 2:
        if (new_level) {
          Ok(c.RenameAt2(Control(), Name(), Control(), Name(),
                         Pick(2) == 0 ? RENAME_EXCHANGE : RENAME_NOREPLACE));
          return;
        }
        [[fallthrough]];
      default:
        Ok(c.RenameAt(Control(), Name(), Control(), Name()));
    }
  }

  void StepUsing() {
    FileClient& c = *session_.client;
    wire::SetStatReq request;
    switch (Pick(8)) {
      case 0: {
        const auto opened =
            c.OpenAt(Control(), Pick(3) == 0 ? O_RDONLY : O_RDWR);
        if (Ok(opened)) open_.push_back(opened->open_fd);
        return;
      }
      case 1:
        Ok(c.PWrite(Open(), "some bytes", Pick(100)));
        return;
      case 2:
        Ok(c.PRead(Open(), 100, Pick(50)));
        return;
      case 3:
        Ok(c.Getdents64(Open(), -4096));
        return;
      case 4:
        request.fd = Control();
        request.mask = STATX_MODE | STATX_MTIME | STATX_SIZE;
        request.mode = 0755;
        request.size = Pick(1000);
        Ok(c.SetStat(request));
        return;
      case 5:
        Ok(c.FSync({Open(), Open()}));
        return;
      case 6:
        Ok(c.FStat(Pick(2) == 0 ? Control() : Open()));
        return;
      default:
        Ok(c.ReadLinkAt(Control()));
        if (!bound_.empty() && Ok(c.Listen(bound_.back()))) {
          Ok(c.Accept(bound_.back()));
        }
    }
  }

  void CloseHalf() {
    std::vector<FdId> closing;
    // The first is the root.
    while (control_.size() > kHeldFds / 4) {
      closing.push_back(control_.back());
      control_.pop_back();
    }
    for (; open_.size() > kHeldFds / 4; open_.pop_back()) {
      closing.push_back(open_.back());
    }
    closing.insert(closing.end(), bound_.begin(), bound_.end());
    bound_.clear();
    Ok(session_->Close(closing));
  }

  std::mt19937 random_;
  const lisafs::ProtocolLevel level_;
  Session session_;
  std::vector<FdId> control_;
  std::vector<FdId> open_;
  std::vector<FdId> bound_;
  int ends_after_ = -1;
  bool stopped_ = false;
  bool ended_ = false;
};

// Empties the directory `dir` of the client.
void Clear(FileClient& client, FdId dir) {
  const auto opened = client.OpenAt(dir, O_RDONLY);
  ASSERT_EQ(opened.error, 0);
  const auto entries = client.Getdents64(opened->open_fd, -1'000'000);
  ASSERT_EQ(entries.error, 0);
  ASSERT_EQ(client.Close({opened->open_fd}).error, 0);
  for (const wire::Dirent64 entry : entries->dirents) {
    const bool directory = entry.type == DT_DIR;
    if (directory) {
      const FdId below = client.To(dir, {entry.name});
      Clear(client, below);
      ASSERT_EQ(client.Close({below}).error, 0);
    }
    ASSERT_EQ(
        client.UnlinkAt(dir, entry.name, directory ? AT_REMOVEDIR : 0).error, 0)
        << entry.name;
  }
}

class StressTest : public testing::TestWithParam<TestTree::Kind> {
 protected:
  // What every phase begins and ends with.
  void Reset() {
    {
      Session session = served_.Mount();
      Clear(*session.client, session.root);
      for (const absl::string_view name : {"a", "b", "d1"}) {
        const auto made = session->MkdirAt(session.root, name);
        ASSERT_EQ(made.error, 0);
        ASSERT_EQ(session->MkdirAt(made->child.control_fd, "d2").error, 0);
      }
    }
    served_.server().Wait();
  }
  // Replaces the table while the clients work.
  void SwapHandlers(const std::atomic<int>& running) {
    const auto stock = lisafs::HandlerTable::Stock();
    while (running > 0) {
      served_.server().SetHandlers(
          std::make_shared<const lisafs::HandlerTable>(stock->rows()));
      ::sched_yield();
    }
  }

  ServedTree served_{GetParam()};
};

TEST_P(StressTest, ClientsOfOneTree) {
  Reset();
  const ProcessCounts before = ProcessCounts::Settled(ProcessCounts::Take());
  for (int phase = 0; phase < kPhases; ++phase) {
    std::atomic<int> running = kClients;
    std::vector<std::thread> threads;
    for (int number = 0; number < kClients; ++number) {
      threads.emplace_back([this, phase, number, &running] {
        Worker(served_, phase, number).Run();
        // Ends, and another begins.
        Worker(served_, phase, number + kClients).Run();
        --running;
      });
    }
    SwapHandlers(running);
    for (std::thread& thread : threads) thread.join();
    served_.server().Wait();
    EXPECT_EQ(served_.server().ActiveConnectionCount(), 0);
    EXPECT_EQ(served_.server().NodeCount(), 1);
    Reset();
    EXPECT_EQ(ProcessCounts::Settled(before), before) << "phase " << phase;
    EXPECT_EQ(served_.server().NodeCount(), 1);
  }
}

INSTANTIATE_TEST_SUITE_P(MemoryAndHost, StressTest,
                         testing::Values(TestTree::Kind::kMemory,
                                         TestTree::Kind::kHost));

}  // namespace
}  // namespace gofer::test
