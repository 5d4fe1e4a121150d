#include "controlplane/state/gofer_logs.h"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdint>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/time.h"
#include "controlplane/names/resource_name.h"
#include "server/base/clock.h"
#include "server/base/log.h"
#include "server/base/syscall.h"

namespace goferd::state {
namespace {

using gofer::base::Log;
using gofer::base::LogLevel;
using gofer::base::MutexLock;
using gofer::base::UniqueFd;

constexpr absl::Duration kPause = absl::Seconds(1);
constexpr int kReadsPerTurn = 4;

// Reads the level, which is the second word of a gofer's line. Lines below INFO
// are shown as INFO, since the gofer's own level lets them pass.
LogLevel LevelOf(absl::string_view line) {
  const std::vector<absl::string_view> words =
      absl::StrSplit(line, absl::MaxSplits(' ', 2));
  if (words.size() < 2) return LogLevel::kWarning;
  if (words[1] == "error" || words[1] == "critical") return LogLevel::kError;
  if (words[1] == "info" || words[1] == "debug" || words[1] == "trace") {
    return LogLevel::kInfo;
  }
  return LogLevel::kWarning;
}

}  // namespace

std::string Printable(absl::string_view line) {
  std::string printable;
  for (const char c : line) {
    if (c == '\\') {
      printable += "\\\\";
    } else if (c >= ' ' && c <= '~') {
      printable += c;
    } else {
      absl::StrAppend(
          &printable, "\\x",
          absl::Hex(static_cast<unsigned char>(c), absl::kZeroPad2));
    }
  }
  return printable;
}

// Reads one pipe. All methods but Start run on the loop's thread.
class GoferLogs::Reader : public std::enable_shared_from_this<Reader> {
 public:
  Reader(std::string name, UniqueFd pipe, event_loop::EventLoop& loop)
      : name_(std::move(name)), loop_(loop), pipe_(std::move(pipe)) {}

  void Start();
  bool closed() const { return closed_; }

 private:
  void Begin();
  void OnReadable();
  void Take(absl::string_view bytes);
  void EndLine();
  bool MaySay();
  void Pause();
  void Close();

  const std::string name_;
  event_loop::EventLoop& loop_;
  UniqueFd pipe_;
  std::string line_;
  double tokens_ = kBurst;
  uint64_t tokens_time_ns_ = gofer::base::MonotonicNanos();
  uint64_t lost_ = 0;
  std::atomic<bool> closed_ = false;
  std::unique_ptr<event_loop::EventLoop::Watch> watch_;
};

void GoferLogs::Reader::Start() {
  loop_.Post([weak = weak_from_this()] {
    if (const auto reader = weak.lock()) reader->Begin();
  });
}

void GoferLogs::Reader::Begin() {
  auto watch = loop_.AddReadable(pipe_.get(), [weak = weak_from_this()] {
    if (const auto reader = weak.lock()) reader->OnReadable();
  });
  if (!watch.ok()) {
    Log().error("{}: the log of its gofer cannot be read: {}", name_,
                std::string(watch.status().message()));
    return;
  }
  watch_ = *std::move(watch);
  // A pipe whose gofer was dead before we came is never readable.
  OnReadable();
}

void GoferLogs::Reader::OnReadable() {
  char buffer[4096];
  for (int i = 0; i < kReadsPerTurn && pipe_; ++i) {
    const auto count = gofer::base::Syscall(
        [&] { return ::read(pipe_.get(), buffer, sizeof(buffer)); });
    if (!count.ok() && count.error() == gofer::base::Errno(EAGAIN)) return;
    if (!count.ok() || *count == 0) return Close();
    Take(absl::string_view(buffer, static_cast<size_t>(*count)));
    if (tokens_ < 1) return Pause();
  }
}

void GoferLogs::Reader::Take(absl::string_view bytes) {
  for (const char c : bytes) {
    if (c != '\n') line_ += c;
    if (c == '\n' || line_.size() == kMostLineBytes) EndLine();
  }
}

void GoferLogs::Reader::EndLine() {
  const std::string line = std::exchange(line_, "");
  if (line.empty()) return;
  if (!MaySay()) {
    ++lost_;
    return;
  }
  if (lost_ > 0) {
    Log().warn("{}: its gofer wrote too much: {} lines are lost", name_,
               std::exchange(lost_, 0));
  }
  // The name comes first: no line of a gofer looks like a line of goferd's own.
  Log().log(LevelOf(line), "{}: its gofer: {}", name_, Printable(line));
}

bool GoferLogs::Reader::MaySay() {
  const uint64_t now = gofer::base::MonotonicNanos();
  const double seconds = static_cast<double>(now - tokens_time_ns_) / 1e9;
  tokens_time_ns_ = now;
  tokens_ = std::min(tokens_ + seconds * kLinesPerSecond, kBurst);
  if (tokens_ < 1) return false;
  tokens_ -= 1;
  return true;
}

// Lines that the gofer writes meanwhile fill its pipe; further lines are lost.
void GoferLogs::Reader::Pause() {
  watch_.reset();
  loop_.After(kPause, [weak = weak_from_this()] {
    if (const auto reader = weak.lock()) {
      reader->tokens_ = std::max(reader->tokens_, 1.0);
      reader->Begin();
    }
  });
}

void GoferLogs::Reader::Close() {
  EndLine();
  watch_.reset();
  pipe_.reset();
  closed_ = true;
}

absl::StatusOr<UniqueFd> GoferLogs::Make(const std::string& server_id) {
  return Begin(names::FormatServerName(server_id), state_.MakeLog(server_id));
}

absl::StatusOr<UniqueFd> GoferLogs::MakeWarm(const std::string& name) {
  return Begin("warm/" + name, state_.MakeWarmLog(name));
}

absl::StatusOr<UniqueFd> GoferLogs::Begin(
    const std::string& name, absl::StatusOr<StateDirectory::LogPipe> pipe) {
  if (!pipe.ok()) return pipe.status();
  Read(name, std::move(pipe->reader));
  return std::move(pipe->writer);
}

void GoferLogs::Given(const std::string& warm_name,
                      const std::string& server_id) {
  std::shared_ptr<Reader> former;
  {
    MutexLock lock(mu_);
    former = std::move(readers_["warm/" + warm_name]);
    readers_.erase("warm/" + warm_name);
  }
  former.reset();
  Reopen(server_id);
}

void GoferLogs::ReopenAll() {
  for (const std::string& id : state_.ListServers()) Reopen(id);
}

void GoferLogs::Reopen(const std::string& server_id) {
  auto pipe = state_.OpenLog(server_id);
  // A gofer without a pipe is of an older release, or never got ready.
  if (pipe.ok()) Read(names::FormatServerName(server_id), *std::move(pipe));
}

void GoferLogs::Read(const std::string& name, UniqueFd pipe) {
  const auto reader = std::make_shared<Reader>(name, std::move(pipe), loop_);
  // Former readers are destroyed without the lock: that waits for the loop.
  std::vector<std::shared_ptr<Reader>> former;
  {
    MutexLock lock(mu_);
    for (auto entry = readers_.begin(); entry != readers_.end();) {
      const bool goes = entry->first == name || entry->second->closed();
      if (goes) former.push_back(std::move(entry->second));
      entry = goes ? readers_.erase(entry) : std::next(entry);
    }
    readers_.emplace(name, reader);
  }
  reader->Start();
}

}  // namespace goferd::state
