#include "controlplane/tree/bundle.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"
#include "controlplane/errors/error.h"
#include "controlplane/tree/allowed_roots.h"
#include "server/base/syscall.h"
#include "server/control/control_channel.h"
#include "server/oci/tree_plan.h"

namespace goferd::tree {
namespace {

using errors::Reason;
using gofer::oci::SpecError;
using gofer::sandbox::BindMount;
using gofer::sandbox::Propagation;
using gofer::sandbox::PropagationKind;
using gofer::sandbox::TreePlan;
using Allowed = google::protobuf::RepeatedPtrField<std::string>;

constexpr char kField[] = "server.oci_bundle";
// This is far more than any config.json has.
constexpr size_t kMostSpecBytes = size_t{4} << 20;
// The bound leaves room for the rest of the message.
constexpr size_t kMostPathBytes = gofer::control::kMaxFrameBytes / 2;

static_assert(kMaxBundleMounts + 1 == gofer::control::kMaxFrameFds);

absl::Status Invalid(absl::string_view text) {
  errors::FieldViolations violations;
  violations.Add(kField, text);
  return violations.ToStatus();
}

// Puts `what` before the text of `status`.
absl::Status About(absl::string_view what, const absl::Status& status) {
  absl::Status about(status.code(), absl::StrCat(what, ": ", status.message()));
  status.ForEachPayload(
      [&about](absl::string_view type, const absl::Cord& payload) {
        about.SetPayload(type, payload);
      });
  return about;
}

// Gathers the faults of a request, and keeps the first error of another kind.
class Faults {
 public:
  void Add(absl::string_view what, const absl::Status& status) {
    if (absl::IsInvalidArgument(status)) {
      violations_.Add(kField, absl::StrCat(what, ": ", status.message()),
                      errors::ReasonOf(status));
    } else if (other_.ok()) {
      other_ = About(what, status);
    }
  }
  absl::Status ToStatus() const {
    return violations_.empty() ? other_ : violations_.ToStatus();
  }

 private:
  errors::FieldViolations violations_;
  absl::Status other_;
};

gofer::base::ErrnoOr<std::string> ReadAll(int fd) {
  std::array<char, 16384> block;
  std::string text;
  for (;;) {
    const auto got = gofer::base::Syscall([&] {
      return ::pread(fd, block.data(), block.size(),
                     static_cast<off_t>(text.size()));
    });
    if (!got.ok()) return got.error();
    if (*got == 0) return text;
    text.append(block.data(), static_cast<size_t>(*got));
    if (text.size() > kMostSpecBytes) return text;
  }
}

absl::StatusOr<std::string> ReadSpec(const std::string& path,
                                     const Allowed& allowed,
                                     SymbolicLinks links) {
  const auto file = ResolveFile(path, allowed, links);
  if (!file.ok()) return file.status();
  // Opening anything but a regular file may have effects, or wait.
  struct stat stat;
  if (::fstat(file->fd.get(), &stat) != 0 || !S_ISREG(stat.st_mode)) {
    return Invalid(absl::StrCat(path, " is no regular file"));
  }
  const std::string link = absl::StrCat("/proc/self/fd/", file->fd.get());
  const auto opened = gofer::base::SyscallFd(
      [&] { return ::open(link.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK); });
  if (!opened.ok()) return errors::FromErrno(opened.error().number(), path);
  auto text = ReadAll(opened->get());
  if (!text.ok()) return errors::FromErrno(text.error().number(), path);
  if (text->size() > kMostSpecBytes) {
    return Invalid(
        absl::StrCat(path, " has more than ", kMostSpecBytes, " bytes"));
  }
  return *std::move(text);
}

worker::v1::MountPropagation ToWorker(const Propagation& propagation) {
  const bool is_private = propagation.kind == PropagationKind::kPrivate;
  if (propagation.recursive) {
    return is_private ? worker::v1::MOUNT_PROPAGATION_RPRIVATE
                      : worker::v1::MOUNT_PROPAGATION_RSLAVE;
  }
  return is_private ? worker::v1::MOUNT_PROPAGATION_PRIVATE
                    : worker::v1::MOUNT_PROPAGATION_SLAVE;
}

worker::v1::BundleMount ToWorker(const BindMount& bind) {
  worker::v1::BundleMount mount;
  mount.set_source(bind.source);
  mount.set_destination(bind.destination);
  mount.set_recursive(bind.recursive);
  mount.set_attributes(bind.attributes);
  if (bind.propagation) mount.set_propagation(ToWorker(*bind.propagation));
  return mount;
}

absl::StatusOr<TreePlan> ReadPlan(const std::string& bundle,
                                  const Allowed& allowed, SymbolicLinks links) {
  const std::string path = absl::StrCat(bundle, "/config.json");
  const auto text = ReadSpec(path, allowed, links);
  if (!text.ok()) return text.status();
  const auto spec = gofer::oci::ParseOciSpec(*text, bundle);
  if (const auto* error = std::get_if<SpecError>(&spec)) {
    return Invalid(absl::StrCat(path, ": ", error->text));
  }
  auto plan = gofer::oci::MakeTreePlan(std::get<gofer::oci::OciSpec>(spec));
  if (const auto* error = std::get_if<SpecError>(&plan)) {
    return Invalid(absl::StrCat(path, ": ", error->text));
  }
  auto& tree = std::get<TreePlan>(plan);
  if (tree.binds.size() > kMaxBundleMounts) {
    return Invalid(absl::StrCat(path, ": has ", tree.binds.size(),
                                " bind mounts: ", kMaxBundleMounts,
                                " are the most"));
  }
  return std::move(tree);
}

}  // namespace

absl::StatusOr<ServedTree> ResolveBundle(const std::string& path,
                                         const Allowed& allowed,
                                         SymbolicLinks links) {
  const auto directory = ResolveRoot(path, allowed, links);
  if (!directory.ok()) return directory.status();
  const auto plan = ReadPlan(directory->path, allowed, links);
  if (!plan.ok()) return plan.status();
  ServedTree tree;
  tree.path = directory->path;
  Faults faults;
  auto root = ResolveRoot(plan->root, allowed, links);
  if (root.ok()) {
    tree.root = root->path;
    tree.fds.push_back(std::move(root->fd));
  } else {
    faults.Add("root.path", root.status());
  }
  worker::v1::Bundle& bundle = tree.bundle.emplace();
  bundle.set_readonly(plan->readonly);
  bundle.set_propagation(ToWorker(plan->propagation));
  bundle.mutable_directories()->Assign(plan->directories.begin(),
                                       plan->directories.end());
  for (const BindMount& bind : plan->binds) {
    auto source = ResolveFile(bind.source, allowed, links);
    if (source.ok()) {
      tree.fds.push_back(std::move(source->fd));
    } else {
      faults.Add(absl::StrCat("mount ", bind.destination), source.status());
    }
    *bundle.add_mounts() = ToWorker(bind);
  }
  if (absl::Status status = faults.ToStatus(); !status.ok()) return status;
  if (bundle.ByteSizeLong() > kMostPathBytes) {
    return Invalid(
        absl::StrCat("the paths of the bundle's mounts have more than ",
                     kMostPathBytes, " bytes"));
  }
  return tree;
}

}  // namespace goferd::tree
