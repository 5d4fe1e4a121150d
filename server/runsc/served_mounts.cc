#include "server/runsc/served_mounts.h"

#include <set>

#include "absl/strings/str_cat.h"

namespace gofer::runsc {
namespace {

// What the flags say about the n-th gofer mount, the root being the first;
// nothing if they do not say.
std::optional<MountConf> ConfOf(const GoferFlags& flags, size_t n) {
  switch (flags.mount_words) {
    case MountWords::kNone:
      return MountConf{.overlaid =
                           n == 0 ? flags.overlay_root : flags.overlay_mounts};
    case MountWords::kOverlayMediums:
      if (n >= flags.overlay_mediums.size()) return std::nullopt;
      return MountConf{.overlaid = flags.overlay_mediums[n] != 0};
    case MountWords::kMountConfs:
      if (n >= flags.mount_confs.size()) return std::nullopt;
      return flags.mount_confs[n];
  }
  return std::nullopt;
}

// Whether the words are for the EROFS mounts, too: then there are as many more.
bool CountsErofs(const oci::OciSpec& spec, const GoferFlags& flags) {
  if (flags.mount_words != MountWords::kMountConfs) return false;
  size_t binds = 0;
  size_t images = 0;
  for (const oci::OciMount& mount : spec.mounts) {
    if (mount.IsBind()) {
      ++binds;
    } else if (mount.IsErofs()) {
      ++images;
    }
  }
  return flags.mount_confs.size() == 1 + binds + images;
}

}  // namespace

std::variant<std::vector<GoferMount>, ServedMountsError> GoferMounts(
    const oci::OciSpec& spec, const GoferFlags& flags) {
  std::vector<GoferMount> mounts;
  bool known = true;
  const auto add = [&](std::optional<size_t> mount, bool readonly) {
    const auto conf = ConfOf(flags, mounts.size());
    known = known && conf.has_value();
    const MountConf said = conf.value_or(MountConf());
    mounts.push_back({.mount = mount,
                      .served = said.served,
                      .access = readonly || said.overlaid
                                    ? lisafs::Access::kReadOnly
                                    : lisafs::Access::kReadWrite,
                      .overlaid = said.overlaid});
  };
  add(std::nullopt, spec.root_readonly);
  const bool counts_erofs = CountsErofs(spec, flags);
  for (size_t i = 0; i < spec.mounts.size(); ++i) {
    const oci::OciMount& mount = spec.mounts[i];
    if (mount.IsBind() || (counts_erofs && mount.IsErofs())) {
      add(i, mount.IsReadonly());
    }
  }
  if (known) return mounts;
  return ServedMountsError{absl::StrCat(
      "the root and bind mounts of the spec are ", mounts.size(), ", but ",
      flags.mount_words == MountWords::kOverlayMediums ? "--overlay-mediums"
                                                       : "--gofer-mount-confs",
      " has fewer words")};
}

std::variant<std::vector<ServedMount>, ServedMountsError> MatchSockets(
    const std::vector<GoferMount>& mounts, const GoferFlags& flags) {
  std::vector<ServedMount> served;
  for (const GoferMount& mount : mounts) {
    if (mount.served) served.push_back({.of = mount});
  }
  if (served.size() != flags.io_fds.size()) {
    return ServedMountsError{absl::StrCat(
        flags.io_fds.size(), " sockets (--io-fds) for ", served.size(),
        " served mounts: one for the root and one for each bind mount")};
  }
  std::set<int> seen;
  for (size_t i = 0; i < served.size(); ++i) {
    served[i].io_fd = flags.io_fds[i];
    if (!seen.insert(flags.io_fds[i]).second) {
      return ServedMountsError{
          absl::StrCat("--io-fds=", flags.io_fds[i], " is given twice")};
    }
  }
  return served;
}

}  // namespace gofer::runsc
