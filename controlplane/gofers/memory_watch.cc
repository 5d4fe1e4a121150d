#include "controlplane/gofers/memory_watch.h"

#include <google/protobuf/repeated_ptr_field.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "controlplane/errors/error.h"
#include "controlplane/translate/time_conversion.h"
#include "server/base/syscall.h"

namespace goferd::gofers {
namespace {

namespace admin = goferd::admin::v1;
using model::ModelLock;
using Conditions = google::protobuf::RepeatedPtrField<admin::Condition>;

constexpr absl::Duration kPace = absl::Milliseconds(100);
// See condition.proto.
constexpr int kSetPercent = 80;
constexpr int kClearPercent = 70;

bool IsAtLeast(const process::Cgroup::Memory& memory, int percent) {
  return static_cast<double>(memory.used_bytes) * 100 >=
         static_cast<double>(memory.max_bytes) * percent;
}

struct Watched {
  model::ServerPtr server;
  uint64_t generation = 0;
  process::Cgroup group;
};

}  // namespace

absl::Status MemoryWatch::Start() {
  auto inotify = gofer::base::SyscallFd(
      [] { return ::inotify_init1(IN_CLOEXEC | IN_NONBLOCK); });
  if (!inotify.ok()) {
    return errors::FromErrno(inotify.error().number(), "inotify");
  }
  inotify_ = std::move(*inotify);
  auto watch =
      threads_.loop().AddReadable(inotify_.get(), [this] { OnEvents(); });
  if (!watch.ok()) return watch.status();
  watch_ = *std::move(watch);
  return absl::OkStatus();
}

void MemoryWatch::OnEvents() {
  alignas(inotify_event) char events[4096];
  // What happened does not matter: the groups are read.
  while (::read(inotify_.get(), events, sizeof(events)) > 0) {
  }
  if (soon_.exchange(true)) return;
  threads_.loop().After(kPace, [this] {
    threads_.pool().Post({"the memory", 1}, [this] {
      soon_ = false;
      Check();
    });
  });
}

void MemoryWatch::Check() {
  std::vector<Watched> all;
  {
    const ModelLock lock(model_);
    for (const auto& [id, server] : model_.servers(lock)) {
      const model::GoferRecord& gofer = server->record(lock).gofer;
      if (gofer.process == nullptr || !gofer.process->cgroup()) continue;
      all.push_back({server, gofer.generation, *gofer.process->cgroup()});
    }
  }
  for (const Watched& one : all) {
    if (inotify_.valid()) {
      // One that is watched is not watched twice, and a group that goes takes
      // its watch along.
      ::inotify_add_watch(inotify_.get(), one.group.EventsPath().c_str(),
                          IN_MODIFY);
    }
    const auto memory = one.group.ReadMemory();
    if (memory) Apply(one.server, one.generation, *memory);
  }
}

void MemoryWatch::Apply(const model::ServerPtr& server, uint64_t generation,
                        const process::Cgroup::Memory& memory) {
  const ModelLock lock(model_);
  model::ServerRecord& record = server->record(lock);
  if (record.gofer.generation != generation ||
      record.gofer.process == nullptr) {
    return;
  }
  Conditions& conditions = *record.resource.mutable_conditions();
  const auto present = std::find_if(
      conditions.begin(), conditions.end(), [](const auto& condition) {
        return condition.type() == admin::Condition::MEMORY_PRESSURE;
      });
  const bool is_set = present != conditions.end();
  if (IsAtLeast(memory, is_set ? kClearPercent : kSetPercent) == is_set) return;
  if (is_set) {
    conditions.erase(present);
  } else {
    admin::Condition& condition = *conditions.Add();
    condition.set_type(admin::Condition::MEMORY_PRESSURE);
    *condition.mutable_since_time() = translate::ToProto(absl::Now());
    condition.set_message(absl::StrCat(memory.used_bytes, " of ",
                                       memory.max_bytes, " bytes are in use"));
  }
  model_.Changed(lock, record);
}

}  // namespace goferd::gofers
