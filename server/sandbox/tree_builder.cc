#include "server/sandbox/tree_builder.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "server/base/check.h"
#include "server/base/log.h"
#include "server/base/syscall.h"
#include "server/sandbox/detached_mount.h"
#include "server/sandbox/id_map_namespace.h"
#include "server/sandbox/procfs_stripper.h"
#include "server/sandbox/rooted_resolver.h"

namespace gofer::sandbox {
namespace {

constexpr mode_t kMountPointMode = 0777;
constexpr mode_t kDirectoryMode = 0755;

// What a step returns: nothing, or why it failed.
using Outcome = std::optional<StepError>;

Outcome Check(Step step, absl::string_view what,
              const base::ErrnoOr<void>& result) {
  if (result.ok()) return std::nullopt;
  return StepError{step, std::string(what), result.error()};
}

base::ErrnoOr<base::UniqueFd> OpenDirectory(const char* path) {
  return base::SyscallFd(
      [&] { return ::open(path, O_PATH | O_DIRECTORY | O_CLOEXEC); });
}

base::ErrnoOr<base::UniqueFd> OpenProcSelfFd() {
  auto clone = DetachedMount::Clone("/proc/self/fd", false);
  if (clone.ok()) {
    const auto set =
        clone->SetAttributes(MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID |
                             MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
    if (set.ok()) return std::move(*clone).Release();
  } else if (clone.error() != base::Errno(EPERM) &&
             clone.error() != base::Errno(EINVAL)) {
    return clone.error();
  }
  // There are locked mounts below /proc, as in user namespaces.
  base::Log().warn("/proc/self/fd is not detached: {}",
                   std::strerror(clone.ok() ? EPERM : clone.error().number()));
  return OpenDirectory("/proc/self/fd");
}

std::string Describe(const BindMount& bind) {
  return absl::StrCat(bind.source, " on ", bind.destination);
}

// Whether `path` is `folder` or lies below it, as the words say.
bool IsBelow(absl::string_view path, absl::string_view folder) {
  folder = absl::StripSuffix(folder, "/");
  return absl::ConsumePrefix(&path, folder) &&
         (path.empty() || path.front() == '/');
}

class TreeBuilder {
 public:
  TreeBuilder(const TreePlan& plan, const TreeSources* given,
              TreeDelegate* delegate)
      : plan_(plan), given_(given), delegate_(delegate) {}

  std::variant<MountedTree, StepError> Run() {
    // Reads the host's time zone while its file can be found. Later the tree's
    // file would be read, which is hostile.
    ::tzset();
    constexpr Outcome (TreeBuilder::*kSteps[])() = {
        &TreeBuilder::CloneGiven,      &TreeBuilder::EnterNamespace,
        &TreeBuilder::MakeSlave,       &TreeBuilder::OpenProc,
        &TreeBuilder::CloneNamed,      &TreeBuilder::MapIds,
        &TreeBuilder::AttachRoot,      &TreeBuilder::AttachBinds,
        &TreeBuilder::MakeDirectories, &TreeBuilder::AnnounceReady,
        &TreeBuilder::MakeReadonly,    &TreeBuilder::Pivot,
        &TreeBuilder::OpenTree,
    };
    for (const auto step : kSteps) {
      if (auto error = (this->*step)()) return *std::move(error);
    }
    return std::move(tree_);
  }

 private:
  Outcome EnterNamespace() {
    if (!plan_.new_namespace) return std::nullopt;
    return Check(Step::kMountNamespace, "",
                 base::SyscallVoid([] { return ::unshare(CLONE_NEWNS); }));
  }

  // As slaves, our mounts do not appear on the host, and what the host unmounts
  // goes away here as well.
  Outcome MakeSlave() {
    return Check(Step::kPropagation, "/", base::SyscallVoid([] {
                   return ::mount(nullptr, "/", nullptr, MS_REC | MS_SLAVE,
                                  nullptr);
                 }));
  }

  Outcome OpenProc() {
    auto process = OpenDirectory("/proc/self");
    if (!process.ok()) {
      return StepError{Step::kProcSelfFd, "/proc/self", process.error()};
    }
    proc_self_ = *std::move(process);
    auto fds = OpenProcSelfFd();
    if (!fds.ok()) {
      return StepError{Step::kProcSelfFd, "/proc/self/fd", fds.error()};
    }
    tree_.proc_self_fd = *std::move(fds);
    return std::nullopt;
  }

  // A descriptor belongs to the namespace that it was opened in.
  Outcome CloneGiven() { return given_ != nullptr ? CloneAll() : std::nullopt; }
  Outcome CloneNamed() { return given_ == nullptr ? CloneAll() : std::nullopt; }
  Outcome CloneAll() {
    if (auto error = CloneRoot()) return error;
    return CloneSources();
  }

  // In the host's namespace a copy is a peer of the host's mount. It must be a
  // slave before we mount on it, or our mounts would appear on the host.
  base::ErrnoOr<DetachedMount> CloneOne(const std::string& path, int given,
                                        bool recursive) const {
    if (given_ == nullptr) return DetachedMount::Clone(path.c_str(), recursive);
    auto clone = DetachedMount::Clone(given, recursive);
    if (!clone.ok()) return clone;
    const auto set = clone->SetPropagation({PropagationKind::kSlave, true});
    if (!set.ok()) return set.error();
    return clone;
  }

  Outcome CloneRoot() {
    auto clone =
        plan_.root.empty()
            ? DetachedMount::NewTmpfs()
            : CloneOne(plan_.root, given_ != nullptr ? given_->root : -1, true);
    if (!clone.ok()) {
      return StepError{Step::kBindRoot, plan_.root, clone.error()};
    }
    auto set = clone->SetPropagation(plan_.propagation);
    const auto is_directory = clone->IsDirectory();
    if (is_directory.ok() && !*is_directory) set = base::Errno(ENOTDIR);
    root_mount_ = *std::move(clone);
    return Check(Step::kBindRoot, plan_.root, set);
  }

  // All sources are cloned before the tree hides /proc, through which a source
  // may lead.
  Outcome CloneSources() {
    for (size_t i = 0; i < plan_.binds.size(); ++i) {
      const BindMount& bind = plan_.binds[i];
      auto source = CloneSource(i);
      if (!source.ok()) {
        return StepError{Step::kBindMount, Describe(bind), source.error()};
      }
      // A procfs would become an empty directory, which nobody wants.
      if (source->IsProcfs()) {
        return StepError{Step::kHideProc, Describe(bind), base::Errno(EPERM)};
      }
      sources_.push_back(*std::move(source));
    }
    return std::nullopt;
  }

  base::ErrnoOr<DetachedMount> CloneSource(size_t index) {
    const BindMount& bind = plan_.binds[index];
    auto clone = bind.delegated
                     ? CloneDelegated(index)
                     : CloneOne(bind.source,
                                given_ != nullptr ? given_->binds[index] : -1,
                                bind.recursive);
    if (!clone.ok()) return clone;
    auto set =
        SetAttributes(*clone, bind.attributes & ~uint64_t{MOUNT_ATTR_RDONLY});
    if (set.ok() && bind.propagation) {
      set = clone->SetPropagation(*bind.propagation);
    }
    if (!set.ok()) return set.error();
    return clone;
  }

  base::ErrnoOr<DetachedMount> CloneDelegated(size_t index) {
    GOFER_CHECK(delegate_ != nullptr);
    const BindMount& bind = plan_.binds[index];
    auto source = delegate_->OpenSource(index);
    if (!source.ok()) return source.error();
    if (bind.id_map) {
      const auto is_copy = DetachedMount::IsDetached(source->get());
      if (!is_copy.ok()) return is_copy.error();
      if (*is_copy) {
        mapped_.insert(index);
        return DetachedMount::Adopt(*std::move(source));
      }
      // A delegate that knows nothing of maps answers with the file itself.
    }
    return DetachedMount::Clone(source->get(), bind.recursive);
  }

  // In a user namespace the way in which the host's mount keeps access times is
  // locked. Access times are kept as the host keeps them then, which is no
  // reason to have no container.
  base::ErrnoOr<void> SetAttributes(const DetachedMount& mount,
                                    uint64_t attributes) const {
    constexpr uint64_t kAccessTimes = MOUNT_ATTR__ATIME | MOUNT_ATTR_NODIRATIME;
    const auto set = mount.SetAttributes(attributes);
    if (set.ok() || set.error() != base::Errno(EPERM) ||
        (attributes & kAccessTimes) == 0) {
      return set;
    }
    base::Log().info("the host's mount decides how access times are kept");
    return mount.SetAttributes(attributes & ~kAccessTimes);
  }

  // Ids are mapped while nothing is attached: later the kernel refuses it.
  Outcome MapIds() {
    for (size_t i = 0; i < sources_.size(); ++i) {
      const BindMount& bind = plan_.binds[i];
      if (!bind.id_map || mapped_.contains(i)) continue;
      const auto map = MakeIdMapNamespace(*bind.id_map);
      if (!map.ok()) {
        return StepError{Step::kIdMap, "a user namespace", map.error()};
      }
      const bool recursive = bind.map_recursive || plan_.id_map.has_value();
      if (auto error = Check(Step::kIdMap, Describe(bind),
                             sources_[i].MapIds(map->get(), recursive))) {
        return error;
      }
    }
    if (!plan_.id_map) return std::nullopt;
    const auto map = MakeIdMapNamespace(*plan_.id_map);
    if (!map.ok()) {
      return StepError{Step::kIdMap, "a user namespace", map.error()};
    }
    if (auto error = Check(Step::kIdMap, plan_.root,
                           root_mount_->MapIds(map->get(), true))) {
      return error;
    }
    for (size_t i = 0; i < sources_.size(); ++i) {
      // The kernel maps a mount once.
      if (plan_.binds[i].id_map) continue;
      if (auto error = Check(Step::kIdMap, Describe(plan_.binds[i]),
                             sources_[i].MapIds(map->get(), true))) {
        return error;
      }
    }
    return std::nullopt;
  }

  Outcome AttachRoot() {
    const auto stage = OpenDirectory(plan_.stage.c_str());
    if (!stage.ok()) return StepError{Step::kStage, plan_.stage, stage.error()};
    auto attached = root_mount_->Attach(stage->get());
    if (attached.ok()) attached = OpenRoot();
    if (auto error =
            Check(Step::kStage, absl::StrCat(plan_.root, " on ", plan_.stage),
                  attached)) {
      return error;
    }
    return Check(Step::kHideProc, plan_.root, Strip());
  }

  // The uppermost mount there.
  base::ErrnoOr<void> OpenRoot() {
    auto root = OpenDirectory(plan_.stage.c_str());
    if (!root.ok()) return root.error();
    tree_.root = *std::move(root);
    return {};
  }

  Outcome AttachBinds() {
    for (size_t i = 0; i < sources_.size(); ++i) {
      auto attached = AttachBind(sources_[i], plan_.binds[i]);
      if (attached.ok()) attached = MakeBindReadonly(i);
      if (!attached.ok()) {
        return StepError{Step::kBindMount, Describe(plan_.binds[i]),
                         attached.error()};
      }
      if (!MayHoldProcfs(sources_[i].fd())) continue;
      const auto stripped = Strip();
      if (!stripped.ok()) {
        return StepError{Step::kHideProc, Describe(plan_.binds[i]),
                         stripped.error()};
      }
    }
    return std::nullopt;
  }

  base::ErrnoOr<void> AttachBind(const DetachedMount& source,
                                 const BindMount& bind) {
    const auto is_directory = source.IsDirectory();
    if (!is_directory.ok()) return is_directory.error();
    auto found =
        ResolveAnywhere(bind.destination, *is_directory, kMountPointMode);
    if (!found.ok()) return found.error();
    if (auto attached = source.Attach(found->fd.get()); !attached.ok()) {
      return attached;
    }
    tree_.destinations.push_back(std::move(found->text));
    // The bind may cover the root.
    return OpenRoot();
  }

  // The mount points of later binds below it are made first. Nothing is mounted
  // on this bind yet, so that only its own mounts become read-only.
  base::ErrnoOr<void> MakeBindReadonly(size_t index) {
    const BindMount& bind = plan_.binds[index];
    if ((bind.attributes & MOUNT_ATTR_RDONLY) == 0) return {};
    for (size_t later = index + 1; later < sources_.size(); ++later) {
      if (!IsMountPointDue(index, later)) continue;
      const auto is_directory = sources_[later].IsDirectory();
      if (!is_directory.ok()) return is_directory.error();
      const auto made = Resolve(plan_.binds[later].destination, *is_directory,
                                kMountPointMode);
      if (!made.ok()) return made.error();
    }
    for (const std::string& path : plan_.directories) {
      if (!IsBelow(path, bind.destination)) continue;
      const auto made = Resolve(path, true, kDirectoryMode);
      if (!made.ok()) return made.error();
    }
    if (!sources_[index].IsReadonly()) made_readonly_.push_back(index);
    return sources_[index].SetAttributes(MOUNT_ATTR_RDONLY);
  }

  // As Resolve, also where symlinks of the tree lead into a bind that we have
  // made read-only: it is writable for that moment, in which nobody is served.
  base::ErrnoOr<RootedPath> ResolveAnywhere(const std::string& path,
                                            bool is_directory,
                                            mode_t mode) const {
    auto found = Resolve(path, is_directory, mode);
    if (found.ok() || found.error() != base::Errno(EROFS) ||
        made_readonly_.empty()) {
      return found;
    }
    for (const size_t index : made_readonly_) {
      const auto changed = sources_[index].MakeWritable();
      if (!changed.ok()) return changed.error();
    }
    found = Resolve(path, is_directory, mode);
    for (const size_t index : made_readonly_) {
      const auto changed = sources_[index].MakeReadonly();
      if (!changed.ok()) return changed.error();
    }
    return found;
  }

  // Whether the mount point of the bind `later` lies in the bind `index`, and
  // not in another bind that will cover that place.
  bool IsMountPointDue(size_t index, size_t later) const {
    const std::string& path = plan_.binds[later].destination;
    if (!IsBelow(path, plan_.binds[index].destination)) return false;
    for (size_t i = index + 1; i < later; ++i) {
      if (IsBelow(path, plan_.binds[i].destination)) return false;
    }
    return true;
  }

  base::ErrnoOr<RootedPath> Resolve(const std::string& path, bool is_directory,
                                    mode_t mode) const {
    const auto last =
        is_directory ? Missing::Last::kDirectory : Missing::Last::kFile;
    auto found = RootedResolver(tree_.root.get()).Resolve(path, {last, mode});
    if (!found.ok()) return found;
    struct stat stat;
    if (::fstat(found->fd.get(), &stat) != 0) return base::Errno::Last();
    if (S_ISDIR(stat.st_mode) != is_directory) return base::Errno(ENOTDIR);
    return found;
  }

  Outcome MakeDirectories() {
    for (const std::string& path : plan_.directories) {
      const auto found = ResolveAnywhere(path, true, kDirectoryMode);
      if (!found.ok()) {
        return StepError{Step::kMakeDirectory, path, found.error()};
      }
    }
    sources_.clear();
    return std::nullopt;
  }

  // What was mounted meanwhile is part of the tree, a procfs excepted.
  Outcome AnnounceReady() {
    if (!plan_.announce_ready) return std::nullopt;
    GOFER_CHECK(delegate_ != nullptr);
    auto ready = delegate_->HandleTreeReady();
    if (ready.ok()) ready = OpenRoot();
    if (auto error = Check(Step::kTreeReady, "", ready)) return error;
    return Check(Step::kHideProc, plan_.root, Strip());
  }

  Outcome MakeReadonly() {
    if (!plan_.readonly) return std::nullopt;
    return Check(Step::kReadonlyRoot, plan_.root, root_mount_->MakeReadonly());
  }

  // The old root ends up on top of the new one, from where it is unmounted with
  // all that is in it.
  Outcome Pivot() {
    const auto call = [this] {
      if (::fchdir(tree_.root.get()) != 0) return -1;
      if (::syscall(SYS_pivot_root, ".", ".") != 0) return -1;
      if (::umount2(".", MNT_DETACH) != 0) return -1;
      return ::chdir("/");
    };
    return Check(Step::kPivotRoot, plan_.root, base::SyscallVoid(call));
  }

  Outcome OpenTree() {
    auto root = OpenDirectory("/");
    if (!root.ok()) return StepError{Step::kPivotRoot, "/", root.error()};
    tree_.root = *std::move(root);
    // Shows what the root directory at this moment shows.
    auto mount_info = base::SyscallFd([this] {
      return ::openat(proc_self_.get(), "mountinfo", O_RDONLY | O_CLOEXEC);
    });
    if (!mount_info.ok()) {
      return StepError{Step::kProcSelfFd, "mountinfo", mount_info.error()};
    }
    tree_.mount_info = *std::move(mount_info);
    return std::nullopt;
  }

  // Each procfs goes before anything is mounted on top of it.
  base::ErrnoOr<void> Strip() const {
    auto mount_info = base::SyscallFd([this] {
      return ::openat(proc_self_.get(), "mountinfo", O_RDONLY | O_CLOEXEC);
    });
    if (!mount_info.ok()) return mount_info.error();
    return StripProcfs(tree_.root.get(), mount_info->get());
  }

  const TreePlan& plan_;
  // May be null.
  const TreeSources* const given_;
  TreeDelegate* const delegate_;
  base::UniqueFd proc_self_;
  std::optional<DetachedMount> root_mount_;
  std::vector<DetachedMount> sources_;
  // Indices of the binds that were writable and are read-only now.
  std::vector<size_t> made_readonly_;
  // Indices of the sources that the delegate has mapped.
  std::set<size_t> mapped_;
  MountedTree tree_;
};

}  // namespace

std::variant<MountedTree, StepError> MountTree(const TreePlan& plan,
                                               const TreeSources* sources,
                                               TreeDelegate* delegate) {
  GOFER_CHECK(sources == nullptr || sources->binds.size() == plan.binds.size());
  return TreeBuilder(plan, sources, delegate).Run();
}

}  // namespace gofer::sandbox
