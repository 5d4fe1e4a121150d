#include "server/worker/bootstrap_tree.h"

#include <sys/mount.h>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

namespace gofer::worker {
namespace {

namespace v1 = ::goferd::worker::v1;
using sandbox::Propagation;
using sandbox::PropagationKind;

// The attributes that options of a bind mount set. Ids are mapped another way
// (`id_map`).
constexpr uint64_t kMountOptions = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID |
                                   MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC |
                                   MOUNT_ATTR__ATIME | MOUNT_ATTR_NODIRATIME;

// Nothing for a propagation that is unspecified or not known.
std::optional<Propagation> ToPropagation(v1::MountPropagation propagation) {
  switch (propagation) {
    case v1::MOUNT_PROPAGATION_PRIVATE:
      return Propagation{PropagationKind::kPrivate, false};
    case v1::MOUNT_PROPAGATION_RPRIVATE:
      return Propagation{PropagationKind::kPrivate, true};
    case v1::MOUNT_PROPAGATION_SLAVE:
      return Propagation{PropagationKind::kSlave, false};
    case v1::MOUNT_PROPAGATION_RSLAVE:
      return Propagation{PropagationKind::kSlave, true};
    default:
      return std::nullopt;
  }
}

bool IsKnown(v1::MountPropagation propagation) {
  return propagation == v1::MOUNT_PROPAGATION_UNSPECIFIED ||
         ToPropagation(propagation).has_value();
}

template <typename Ranges>
std::vector<sandbox::IdRange> ToIdRanges(const Ranges& ranges) {
  std::vector<sandbox::IdRange> result;
  for (const v1::IdRange& range : ranges) {
    result.push_back({.host = range.host_id(),
                      .visible = range.sandbox_id(),
                      .count = range.count()});
  }
  return result;
}

std::optional<Failure> AddBundle(const v1::Bootstrap& bootstrap,
                                 std::span<const base::UniqueFd> fds,
                                 BootstrapTree& tree) {
  const v1::Bundle& bundle = bootstrap.bundle();
  tree.is_bundle = true;
  tree.plan.root = bootstrap.root();
  tree.plan.readonly = bundle.readonly();
  if (const auto propagation = ToPropagation(bundle.propagation())) {
    tree.plan.propagation = *propagation;
  }
  if (!IsKnown(bundle.propagation())) {
    return MakeFailure(Failure::MALFORMED, "bundle.propagation is not known");
  }
  for (int i = 0; i < bundle.mounts_size(); ++i) {
    const v1::BundleMount& mount = bundle.mounts(i);
    if (!IsKnown(mount.propagation()) ||
        (mount.attributes() & ~kMountOptions) != 0) {
      return MakeFailure(
          Failure::MALFORMED,
          absl::StrCat("bundle.mounts[", i, "] on ", mount.destination(),
                       ": propagation or attributes are not "
                       "known"));
    }
    tree.plan.binds.push_back(
        {.source = mount.source(),
         .destination = mount.destination(),
         .recursive = mount.recursive(),
         .attributes = mount.attributes(),
         .propagation = ToPropagation(mount.propagation())});
    tree.sources.binds.push_back(fds[static_cast<size_t>(i) + 1].get());
  }
  tree.plan.directories.assign(bundle.directories().begin(),
                               bundle.directories().end());
  return std::nullopt;
}

}  // namespace

FailureOr<BootstrapTree> ToBootstrapTree(const v1::Bootstrap& bootstrap,
                                         std::span<const base::UniqueFd> fds) {
  const bool is_bundle =
      bootstrap.has_bundle() || !bootstrap.oci_bundle().empty();
  if (bootstrap.sandbox_mode() == v1::SANDBOX_MODE_UNCONFINED &&
      (is_bundle || bootstrap.has_id_map())) {
    return MakeFailure(Failure::UNSUPPORTED,
                       absl::StrCat(is_bundle ? "oci_bundle" : "id_map",
                                    " needs a mount namespace, which an "
                                    "unconfined gofer has not"));
  }
  if (is_bundle && !bootstrap.has_bundle()) {
    return MakeFailure(Failure::MALFORMED,
                       "oci_bundle is set and bundle is not");
  }
  const auto wanted = static_cast<size_t>(bootstrap.bundle().mounts_size()) + 1;
  if (fds.size() != wanted) {
    return MakeFailure(Failure::MALFORMED,
                       absl::StrCat("Bootstrap comes with ", fds.size(),
                                    " descriptors in place of ", wanted));
  }
  BootstrapTree tree;
  tree.plan.root = ".";
  tree.sources.root = fds[0].get();
  if (is_bundle) {
    if (auto failure = AddBundle(bootstrap, fds, tree)) return *failure;
  }
  if (bootstrap.has_id_map()) {
    tree.plan.id_map = sandbox::IdMapPlan{
        .users = ToIdRanges(bootstrap.id_map().uid_ranges()),
        .groups = ToIdRanges(bootstrap.id_map().gid_ranges())};
  }
  return tree;
}

}  // namespace gofer::worker
