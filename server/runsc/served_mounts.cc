#include "server/runsc/served_mounts.h"

#include <utility>

#include "absl/strings/str_cat.h"

namespace gofer::runsc {
namespace {

// What the flags say about the n-th gofer mount; 0 is the root.
struct Conf {
  bool known = true;
  MountConf conf;
};

Conf ConfOf(const GoferFlags& flags, size_t n) {
  switch (flags.release) {
    case Release::kDec2022:
      return {true, {true, n == 0 ? flags.overlay_root : flags.overlay_mounts}};
    case Release::kNov2023:
      if (n >= flags.overlay_mediums.size()) return {false, {}};
      return {true, {true, flags.overlay_mediums[n] != 0}};
    case Release::kAug2026:
      if (n >= flags.mount_confs.size()) return {false, {}};
      return {true, flags.mount_confs[n]};
  }
  return {false, {}};
}

lisafs::Access AccessOf(bool readonly) {
  return readonly ? lisafs::Access::kReadOnly : lisafs::Access::kReadWrite;
}

}  // namespace

bool RootIsReadonly(const OciSpec& spec, const GoferFlags& flags) {
  return spec.root_readonly || ConfOf(flags, 0).conf.overlaid;
}

std::variant<std::vector<ServedMount>, ServedMountsError> MatchSockets(
    const OciSpec& spec, const GoferFlags& flags) {
  std::vector<ServedMount> served;
  size_t n = 0;
  // Whether the flags have a word for every mount, and the last word's number.
  const auto add = [&](std::optional<size_t> mount, bool readonly) {
    const Conf conf = ConfOf(flags, n++);
    if (conf.known && conf.conf.served) {
      served.push_back(
          {.mount = mount, .access = AccessOf(readonly || conf.conf.overlaid)});
    }
    return conf.known;
  };
  bool known = add(std::nullopt, spec.root_readonly);
  for (size_t i = 0; i < spec.mounts.size(); ++i) {
    const OciMount& mount = spec.mounts[i];
    if (!mount.IsBind()) continue;
    known = add(i, mount.IsReadonly()) && known;
  }
  if (!known) {
    return ServedMountsError{
        absl::StrCat("the root and bind mounts of the spec are ", n, ", but ",
                     flags.release == Release::kNov2023 ? "--overlay-mediums"
                                                        : "--gofer-mount-confs",
                     " has fewer words")};
  }
  if (served.size() != flags.io_fds.size()) {
    return ServedMountsError{absl::StrCat(
        flags.io_fds.size(), " sockets (--io-fds) for ", served.size(),
        " served mounts: one for the root and one for each bind mount")};
  }
  for (size_t i = 0; i < served.size(); ++i) served[i].io_fd = flags.io_fds[i];
  return served;
}

}  // namespace gofer::runsc
