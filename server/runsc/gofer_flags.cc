#include "server/runsc/gofer_flags.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "server/runsc/flag_names.h"

namespace gofer::runsc {
namespace {

using hostfs::HostFifo;
using hostfs::HostUds;

// The name by which runsc calls its gofer.
constexpr absl::string_view kProcessName = "runsc-gofer";
constexpr absl::string_view kCommand = "gofer";

// The words as they were written.
struct Words {
  GoferFlags flags;
  std::vector<std::string> mount_confs;
  std::string overlay2;
  bool overlay = false;
  HostUds host_uds = HostUds::kNone;
  bool fsgofer_host_uds = false;
  int64_t fdlimit = -1;
  std::string character_devices;
  std::vector<std::string> traits;
};

// The last of several values counts, as with Go's flags.
template <typename T>
CLI::Option* Add(CLI::App& app, const char* name, T& value) {
  return app.add_option(name, value)->take_last();
}

// A flag takes one word each time, so that the container's name is not taken
// for another value.
template <typename T>
CLI::Option* AddList(CLI::App& app, const char* name, std::vector<T>& values) {
  return app.add_option(name, values)->delimiter(',')->allow_extra_args(false);
}

CLI::Option* AddFd(CLI::App& app, const char* name, int& fd) {
  return Add(app, name, fd)->check(CLI::Range(-1, 1 << 20));
}

// The flags that the annotations of a spec may set. The container's user
// chooses these, so they do not say where we log, nor whether we are confined.
constexpr std::array kOverridable = {"character-device-policy",
                                     "debug",
                                     "directfs",
                                     "fdlimit",
                                     "fsgofer-host-uds",
                                     "host-fifo",
                                     "host-uds",
                                     "overlay",
                                     "overlay2"};

bool IsOverridable(const std::string& name) {
  return std::find(kOverridable.begin(), kOverridable.end(), name) !=
         kOverridable.end();
}

template <typename T>
void AddWord(CLI::App& app, const char* name, T& value,
             std::map<std::string, T> words) {
  Add(app, name, value)->transform(CLI::CheckedTransformer(std::move(words)));
}

void DeclareGlobals(CLI::App& app, Words& words) {
  GoferFlags& flags = words.flags;
  AddFd(app, "--log-fd", flags.log_fd);
  AddFd(app, "--debug-log-fd", flags.debug_log_fd);
  app.add_flag("--debug", flags.debug);
  app.add_flag("--allow-flag-override", flags.allow_flag_override);
  app.add_flag("--TESTONLY-unsafe-nonroot", flags.unsafe_nonroot);
  app.add_flag("--directfs", flags.directfs);
  app.add_flag("--rdmaproxy", flags.rdmaproxy);
  app.add_flag("--overlay", words.overlay);
  Add(app, "--overlay2", words.overlay2);
  app.add_flag("--fsgofer-host-uds", words.fsgofer_host_uds);
  AddWord<HostUds>(app, "--host-uds", words.host_uds,
                   {{"none", HostUds::kNone},
                    {"open", HostUds::kOpen},
                    {"create", HostUds::kCreate},
                    {"all", HostUds::kAll}});
  AddWord<HostFifo>(app, "--host-fifo", flags.host.host_fifo,
                    {{"none", HostFifo::kNone}, {"open", HostFifo::kOpen}});
  Add(app, "--character-device-policy", words.character_devices);
  Add(app, "--fdlimit", words.fdlimit);
  Add(app, "--goferd-state-dir", flags.state_dir);
  AddList(app, "--goferd-runsc-traits", words.traits);
}

void DeclareCommand(CLI::App& gofer, Words& words) {
  GoferFlags& flags = words.flags;
  Add(gofer, "--bundle", flags.bundle)->required();
  AddFd(gofer, "--spec-fd", flags.spec_fd);
  AddFd(gofer, "--mounts-fd", flags.mounts_fd);
  AddList(gofer, "--io-fds", flags.io_fds)->check(CLI::Range(-1, 1 << 20));
  gofer.add_flag("--setup-root", flags.setup_root);
  gofer.add_flag("--apply-caps", flags.apply_caps);
  AddFd(gofer, "--sync-userns-fd", flags.sync_userns_fd);
  AddFd(gofer, "--sync-nvproxy-fd", flags.sync_nvproxy_fd);
  AddFd(gofer, "--sync-chroot-fd", flags.sync_chroot_fd);
  AddFd(gofer, "--sync-sentry-exit-fd", flags.sync_sentry_exit_fd);
  AddFd(gofer, "--pin-ring-fd", flags.pin_ring_fd);
  AddFd(gofer, "--rpc-fd", flags.rpc_fd);
  AddFd(gofer, "--dev-io-fd", flags.dev_io_fd);
  Add(gofer, "--uid", flags.uid);
  Add(gofer, "--gid", flags.gid);
  AddList(gofer, "--overlay-mediums", flags.overlay_mediums);
  AddList(gofer, "--gofer-mount-confs", words.mount_confs);
  gofer.add_flag("--print-sandbox-plan", flags.print_sandbox_plan);
}

// Which connections the overlay of 2022 keeps from writing: "root:memory",
// "all:dir=/x", "none".
std::string ReadOverlay2(const Words& words, GoferFlags& flags) {
  const absl::string_view mode =
      absl::string_view(words.overlay2).substr(0, words.overlay2.find(':'));
  if (mode == "all" || words.overlay) {
    flags.overlay_root = flags.overlay_mounts = true;
  } else if (mode == "root") {
    flags.overlay_root = true;
  } else if (!mode.empty() && mode != "none") {
    return absl::StrCat("--overlay2=", words.overlay2,
                        " starts with none of none, root, all");
  }
  return "";
}

// "lisafs:none", "lisafs:self:size=1g", "none:memory", "erofs:anon".
std::string ReadMountConfs(const Words& words, GoferFlags& flags) {
  for (const std::string& text : words.mount_confs) {
    const std::vector<std::string> parts = absl::StrSplit(text, ':');
    const bool known_lower =
        parts[0] == "lisafs" || parts[0] == "none" || parts[0] == "erofs";
    const std::string upper = parts.size() > 1 ? parts[1] : "none";
    if (!known_lower || (parts[0] == "none" && upper == "none")) {
      return absl::StrCat("--gofer-mount-confs: ", text,
                          " is no lower:upper of lisafs, erofs or none below");
    }
    flags.mount_confs.push_back(
        {.served = parts[0] == "lisafs", .overlaid = upper != "none"});
  }
  return "";
}

// Traits that we do not know are of a later install-runsc, and add nothing.
std::string ReadTraits(const Words& words, GoferFlags& flags) {
  const auto has = [&](absl::string_view name) {
    return std::find(words.traits.begin(), words.traits.end(), name) !=
           words.traits.end();
  };
  RunscTraits& traits = flags.traits;
  traits.device_policy =
      !words.character_devices.empty() || has("character-device-policy");
  if (words.traits.empty()) {
    // A container's name is given since 2026, after the working directory
    // became the sandbox's matter. The policy is later than the rest.
    traits.makes_cwd = flags.container_id.empty();
    traits.create_container_hooks = !flags.container_id.empty();
    traits.xattr_lists = traits.device_policy;
    return "";
  }
  traits.makes_cwd = has("makes-cwd");
  traits.create_container_hooks = has("create-container-hooks");
  traits.xattr_lists = has("xattr-lists");
  traits.mount_directfs = has("mount-directfs");
  return "";
}

// Before there was a policy every gofer opened the devices. A runsc that has
// the policy leaves its default, to refuse, off the command line.
std::string ReadCharacterDevices(const Words& words, GoferFlags& flags) {
  const std::string& policy = words.character_devices;
  if (policy.empty()) {
    flags.host.char_devices = flags.traits.device_policy
                                  ? hostfs::CharDevicePolicy::kRefuse
                                  : hostfs::CharDevicePolicy::kOpen;
    return "";
  }
  if (policy == "passthrough" || policy == "prefer-emulated") {
    flags.host.char_devices = hostfs::CharDevicePolicy::kOpen;
  } else if (policy == "emulated-only") {
    flags.host.char_devices = hostfs::CharDevicePolicy::kRefuse;
  } else {
    return absl::StrCat("--character-device-policy=", policy,
                        " is none of emulated-only, prefer-emulated, "
                        "passthrough");
  }
  return "";
}

// Sets what the words mean together. Returns an error text, or an empty one.
std::string Combine(const CLI::App& gofer, const Words& words,
                    GoferFlags& flags) {
  flags.host.host_uds = words.host_uds;
  if (words.fsgofer_host_uds && words.host_uds == HostUds::kNone) {
    flags.host.host_uds = HostUds::kOpen;
  }
  if (words.fdlimit >= 0) flags.max_fds = static_cast<uint64_t>(words.fdlimit);
  if (gofer.count("--gofer-mount-confs") > 0) {
    flags.mount_words = MountWords::kMountConfs;
  } else if (gofer.count("--overlay-mediums") > 0) {
    flags.mount_words = MountWords::kOverlayMediums;
  } else {
    flags.directfs = false;
  }
  for (const auto read :
       {ReadOverlay2, ReadMountConfs, ReadTraits, ReadCharacterDevices}) {
    if (std::string error = read(words, flags); !error.empty()) return error;
  }
  if (flags.print_sandbox_plan) return "";
  if (flags.io_fds.empty()) return "--io-fds is required";
  if (flags.spec_fd < 0) return "--spec-fd is required";
  return "";
}

// Sorts the flags that we take no value from; values may be private. Returns an
// error text for those that we do not know, or an empty one.
std::string ReadOthers(const std::vector<std::string>& words,
                       bool (*is_harmless)(absl::string_view),
                       GoferFlags& flags) {
  for (const std::string& word : words) {
    if (!absl::StartsWith(word, "-")) continue;
    const std::string name = word.substr(0, word.find('='));
    if (!is_harmless(absl::StripPrefix(name, "--"))) {
      return absl::StrCat(
          name,
          ": this gofer does not know the flag, and what it changes for "
          "the sandbox; a newer goferd may");
    }
    flags.ignored.push_back(name);
  }
  return "";
}

// Go's flags take one dash as well as two.
std::string WithTwoDashes(absl::string_view word) {
  const bool one_dash =
      word.size() > 2 && word.front() == '-' && word[1] != '-';
  return absl::StrCat(one_dash ? "-" : "", word);
}

FlagsError Error(int argc, const char* const* argv, std::string text) {
  std::replace(text.begin(), text.end(), '\n', ' ');
  FlagsError error{std::move(text)};
  for (int i = 1; i < argc; ++i) {
    absl::string_view word = argv[i];
    if (absl::ConsumePrefix(&word, "--log-fd=")) {
      if (!absl::SimpleAtoi(word, &error.log_fd)) error.log_fd = -1;
    }
  }
  return error;
}

}  // namespace

bool IsGoferCommand(int argc, const char* const* argv) {
  if (argc < 1) return false;
  if (argv[0] == kProcessName) return true;
  for (int i = 1; i < argc; ++i) {
    if (argv[i][0] != '-') return argv[i] == kCommand;
  }
  return false;
}

std::variant<GoferFlags, FlagsError> ParseGoferFlags(
    int argc, const char* const* argv,
    const std::map<std::string, std::string>& overrides) {
  Words words;
  CLI::App app("", "gofer");
  app.set_help_flag();
  app.allow_extras();
  app.require_subcommand(1);
  DeclareGlobals(app, words);
  CLI::App* const gofer = app.add_subcommand(std::string(kCommand));
  gofer->set_help_flag();
  gofer->allow_extras();
  DeclareCommand(*gofer, words);
  // CLI11 wants the words in reverse.
  std::vector<std::string> reversed;
  for (int i = argc - 1; i > 0; --i) reversed.push_back(WithTwoDashes(argv[i]));
  // Overrides are global flags: they come before the command, which is the
  // first word of this name, after the others.
  const auto command = std::find(reversed.rbegin(), reversed.rend(), kCommand);
  if (command != reversed.rend()) {
    std::vector<std::string> last;
    for (const auto& [name, value] : overrides) {
      if (IsOverridable(name)) {
        last.push_back(absl::StrCat("--", name, "=", value));
      }
    }
    reversed.insert(command.base(), last.rbegin(), last.rend());
  }
  try {
    app.parse(std::move(reversed));
  } catch (const CLI::Error& error) {
    return Error(argc, argv, error.what());
  }
  GoferFlags flags = words.flags;
  for (const std::string& word : gofer->remaining()) {
    if (!absl::StartsWith(word, "-")) flags.container_id = word;
  }
  if (std::string error = Combine(*gofer, words, flags); !error.empty()) {
    return Error(argc, argv, std::move(error));
  }
  for (const auto& [rest, is_harmless] :
       {std::pair(app.remaining(), &IsHarmlessGlobalFlag),
        std::pair(gofer->remaining(), &IsHarmlessGoferFlag)}) {
    std::string error = ReadOthers(rest, is_harmless, flags);
    if (!error.empty()) return Error(argc, argv, std::move(error));
  }
  return flags;
}

}  // namespace gofer::runsc
