#include "server/worker/container_gofer.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "server/base/log.h"
#include "server/base/syscall.h"
#include "server/base/text.h"
#include "server/base/unique_fd.h"
#include "server/hostfs/host_tree.h"
#include "server/oci/oci_spec.h"
#include "server/runsc/directfs_hints.h"
#include "server/runsc/flag_overrides.h"
#include "server/runsc/mounts_reply.h"
#include "server/runsc/sandbox_plan.h"
#include "server/runsc/served_mounts.h"
#include "server/runsc/user_log.h"
#include "server/sandbox/confine.h"
#include "server/sandbox/plan_json.h"
#include "server/sandbox/tree_builder.h"
#include "server/worker/adopted_directory.h"
#include "server/worker/connection_group.h"
#include "server/worker/container_facts.h"
#include "server/worker/container_tree.h"
#include "server/worker/inherited_fds.h"
#include "server/worker/sandbox_exit.h"
#include "server/worker/stage_error.h"

namespace gofer::worker {
namespace {

// runsc reads specs of any size; no honest spec is as long as this.
constexpr size_t kMostSpecBytes = size_t{64} << 20;
// How long a gofer stays for the sake of its sandbox, which needs no longer.
constexpr int kSentryExitMillis = 500;
// What goferd reads of the reason why a gofer could not start.
constexpr size_t kMostFailureBytes = 1024;
// The folder in which podman keeps the bundle of the container that its parent
// is named after.
constexpr absl::string_view kPodmanFolder = "userdata";

// The process that serves one container.
class ContainerGofer {
 public:
  ContainerGofer(const runsc::GoferFlags& flags, int argc,
                 const char* const* argv)
      : flags_(flags), argc_(argc), argv_(argv) {}

  ExitCode Run() {
    CloseOtherFds(KnownFds());
    UseDebugLog();
    for (const auto stage :
         {&ContainerGofer::ReadSpec, &ContainerGofer::MakePlan,
          &ContainerGofer::MatchSockets, &ContainerGofer::OfferAdoption,
          &ContainerGofer::Synchronise, &ContainerGofer::MakeTree,
          &ContainerGofer::TakeSockets, &ContainerGofer::Confine,
          &ContainerGofer::ReplyMounts}) {
      const StageResult failed = (this->*stage)();
      if (failed) return Fail(*failed);
      if (done_) return ExitCode::kOk;
    }
    if (const StageResult failed = group_->Start()) return Fail(*failed);
    offer_.failure.reset();
    group_->WaitForEnd();
    if (flags_.sync_sentry_exit_fd >= 0) {
      AwaitSandboxExit(flags_.sync_sentry_exit_fd, kSentryExitMillis);
    }
    return ExitCode::kOk;
  }

 private:
  ExitCode Fail(const StageError& error) {
    std::fprintf(stderr, "gofer: %s\n", error.text.c_str());
    runsc::LogErrorToUser(flags_.log_fd, error.text);
    // goferd hears of containers that never started, too.
    if (!adoption_tried_) (void)OfferAdoption();
    if (offer_.failure.valid()) {
      const absl::string_view why =
          base::CutText(error.text, kMostFailureBytes);
      (void)base::Syscall([&] {
        return ::write(offer_.failure.get(), why.data(), why.size());
      });
    }
    return error.code;
  }

  // The descriptors that we use. The rest would help somebody who takes this
  // process over.
  std::vector<int> KnownFds() const {
    std::vector<int> fds = flags_.io_fds;
    fds.insert(fds.end(), {flags_.spec_fd, flags_.mounts_fd, flags_.log_fd,
                           flags_.debug_log_fd, flags_.sync_userns_fd,
                           flags_.sync_nvproxy_fd, flags_.sync_chroot_fd,
                           flags_.sync_sentry_exit_fd, flags_.pin_ring_fd,
                           flags_.rpc_fd, flags_.dev_io_fd});
    return fds;
  }

  // runsc leaves us nothing to write to but its debug log, which becomes
  // stderr.
  void UseDebugLog() {
    // The zone's file will be out of reach.
    ::tzset();
    if (flags_.debug_log_fd >= 0) {
      (void)base::Syscall(
          [&] { return ::dup2(flags_.debug_log_fd, STDERR_FILENO); });
      base::SetLogLevel(flags_.debug ? "debug" : "info");
      ::close(std::exchange(flags_.debug_log_fd, -1));
    }
    if (!flags_.ignored.empty()) {
      base::Log().debug("flags without a meaning for a gofer: {}",
                        absl::StrJoin(flags_.ignored, " "));
    }
  }

  StageResult ReadSpec() {
    constexpr absl::string_view kStage = "read-spec";
    base::UniqueFd file(flags_.spec_fd);
    std::string name = absl::StrCat("--spec-fd=", flags_.spec_fd);
    if (!file) {
      name = absl::StrCat(flags_.bundle, "/config.json");
      auto opened = base::SyscallFd(
          [&] { return ::open(name.c_str(), O_RDONLY | O_CLOEXEC); });
      if (!opened.ok()) {
        return StageError(kStage, name, opened.error(), ExitCode::kReadSpec);
      }
      file = std::move(*opened);
    }
    std::string text;
    if (const auto read = ReadAll(file.get(), text); !read.ok()) {
      return StageError(kStage, name, read.error(), ExitCode::kReadSpec);
    }
    auto parsed = oci::ParseOciSpec(text, flags_.bundle);
    if (const auto* error = std::get_if<oci::SpecError>(&parsed)) {
      return StageError(kStage, error->text, ExitCode::kReadSpec);
    }
    spec_ = std::move(std::get<oci::OciSpec>(parsed));
    return OverrideFlags();
  }

  // Reads from the file's beginning: runsc has read it before us.
  static base::ErrnoOr<void> ReadAll(int fd, std::string& text) {
    std::array<char, 16384> buffer;
    for (;;) {
      const auto got = base::Syscall([&] {
        return ::pread(fd, buffer.data(), buffer.size(),
                       static_cast<off_t>(text.size()));
      });
      if (!got.ok()) return got.error();
      if (*got == 0) return {};
      if (text.size() > kMostSpecBytes) return base::Errno(EFBIG);
      text.append(buffer.data(), static_cast<size_t>(*got));
    }
  }

  StageResult OverrideFlags() {
    if (!flags_.allow_flag_override) return std::nullopt;
    const auto overrides = runsc::FlagOverrides(spec_);
    if (overrides.empty()) return std::nullopt;
    auto parsed = runsc::ParseGoferFlags(argc_, argv_, overrides);
    if (const auto* error = std::get_if<runsc::FlagsError>(&parsed)) {
      return StageError("read-spec", absl::StrCat("annotations: ", error->text),
                        ExitCode::kReadSpec);
    }
    flags_ = std::move(std::get<runsc::GoferFlags>(parsed));
    return std::nullopt;
  }

  StageResult MakePlan() {
    auto mounts = runsc::GoferMounts(spec_, flags_);
    if (const auto* error = std::get_if<runsc::ServedMountsError>(&mounts)) {
      return StageError("match-sockets", error->text, ExitCode::kMatchSockets);
    }
    mounts_ = std::move(std::get<std::vector<runsc::GoferMount>>(mounts));
    auto made = runsc::MakeSandboxPlan(spec_, mounts_, flags_);
    if (const auto* error = std::get_if<runsc::SandboxPlanError>(&made)) {
      return StageError("plan-sandbox", error->text, ExitCode::kPlan);
    }
    plan_ = std::move(std::get<sandbox::Plan>(made));
    if (flags_.print_sandbox_plan) {
      std::puts(sandbox::ToJson(plan_).c_str());
      done_ = true;
    }
    return std::nullopt;
  }

  StageResult MatchSockets() {
    auto matched = runsc::MatchSockets(mounts_, flags_);
    if (const auto* error = std::get_if<runsc::ServedMountsError>(&matched)) {
      return StageError("match-sockets", error->text, ExitCode::kMatchSockets);
    }
    served_ = std::move(std::get<std::vector<runsc::ServedMount>>(matched));
    WarnOfWhatIsLeftOut();
    return std::nullopt;
  }

  // Says in the log which protections are off.
  void WarnOfWhatIsLeftOut() const {
    if (!plan_.tree) {
      base::Log().warn(
          "not confined to the container's tree: --setup-root is "
          "off, or runsc is not root");
    }
    if (!plan_.capabilities) {
      base::Log().warn("capabilities are kept: --apply-caps is off");
    }
    if (!spec_.create_container_hooks.empty() &&
        (!plan_.tree || !plan_.tree->announce_ready)) {
      base::Log().warn(
          "the spec's createContainer hooks are not run: {}",
          flags_.traits.create_container_hooks
              ? "there is no tree of the root to run them on"
              : "this release of runsc does not have its gofer run them");
    }
  }

  // Done while we can reach the host and still have the right to. A failure is
  // no error: a container starts without goferd, too.
  StageResult OfferAdoption() {
    adoption_tried_ = true;
    if (flags_.state_dir.empty()) return std::nullopt;
    const std::string id = ContainerId();
    auto offer = OfferContainer(flags_.state_dir, id, flags_.bundle);
    if (!offer.ok()) {
      base::Log().warn("goferd cannot find this gofer: {}/adopted/{}: {}",
                       flags_.state_dir, AdoptedServerId(id),
                       std::strerror(offer.error().number()));
      return std::nullopt;
    }
    offer_ = *std::move(offer);
    if (plan_.syscalls) plan_.syscalls->control = true;
    return std::nullopt;
  }

  std::string ContainerId() const {
    if (!flags_.container_id.empty()) return flags_.container_id;
    std::vector<absl::string_view> folders =
        absl::StrSplit(flags_.bundle, '/', absl::SkipEmpty());
    if (folders.size() > 1 && folders.back() == kPodmanFolder) {
      folders.pop_back();
    }
    return folders.empty() ? "" : std::string(folders.back());
  }

  // Waits for what runsc has to do first, then becomes the root of the user
  // namespace that it made for us.
  StageResult Synchronise() {
    const std::pair<const char*, int> peers[] = {
        {"--sync-nvproxy-fd", flags_.sync_nvproxy_fd},
        {"--sync-chroot-fd", flags_.sync_chroot_fd},
        {"--sync-userns-fd", flags_.sync_userns_fd}};
    for (const auto& [name, number] : peers) {
      if (number < 0) continue;
      const base::UniqueFd fd(number);
      char byte;
      const auto got =
          base::Syscall([&] { return ::read(fd.get(), &byte, sizeof(byte)); });
      if (!got.ok()) {
        return StageError("synchronise", name, got.error(), ExitCode::kSync);
      }
      if (*got != 0) {
        return StageError("synchronise",
                          absl::StrCat(name, ": a byte instead of the end"),
                          ExitCode::kSync);
      }
    }
    if (flags_.sync_userns_fd < 0) return std::nullopt;
    if (::setresgid(flags_.gid, flags_.gid, flags_.gid) != 0 ||
        ::setresuid(flags_.uid, flags_.uid, flags_.uid) != 0) {
      return StageError("synchronise",
                        absl::StrCat("becoming ", flags_.uid, ":", flags_.gid,
                                     " in the user namespace"),
                        base::Errno::Last(), ExitCode::kSync);
    }
    return std::nullopt;
  }

  StageResult MakeTree() {
    // Closed in any case: it opens files of the host.
    base::UniqueFd rpc_socket(std::exchange(flags_.rpc_fd, -1));
    if (!plan_.tree) {
      auto opened = hostfs::HostTree::Open(spec_.root.c_str());
      if (!opened.ok()) {
        return StageError("open-root", spec_.root, opened.error(),
                          ExitCode::kOpenRoot);
      }
      tree_ = std::move(*opened);
      return std::nullopt;
    }
    ContainerTree container({.spec = spec_,
                             .mounts = mounts_,
                             .id = ContainerId(),
                             .bundle = flags_.bundle},
                            std::move(rpc_socket));
    return container.Make(*plan_.tree, mounted_, tree_);
  }

  StageResult TakeSockets() {
    // The sandbox has masked the modes that it asks for.
    ::umask(0);
    group_ = std::make_unique<ConnectionGroup>(Sockets());
    StageResult failed = group_->BlockSignals();
    if (!failed) failed = group_->TakeSockets();
    if (!failed && offer_.listener.valid()) {
      group_->EnableControl(ContainerFacts(plan_, spec_, flags_.bundle),
                            std::move(offer_.listener));
    }
    return failed;
  }

  std::vector<ServedSocket> Sockets() const {
    std::vector<ServedSocket> sockets;
    const runsc::DirectfsHints hints = flags_.traits.mount_directfs
                                           ? runsc::ReadDirectfsHints(spec_)
                                           : runsc::DirectfsHints();
    for (const runsc::ServedMount& served : served_) {
      ServedSocket socket = MakeSocket("--io-fds", served.io_fd);
      if (served.of.mount
              ? hints.sources.contains(spec_.mounts[*served.of.mount].source)
              : hints.root) {
        socket.connection.donation = lisafs::Donation::kFiles;
      }
      socket.connection.access = served.of.access;
      socket.host.list_xattrs =
          !served.of.overlaid || flags_.traits.xattr_lists;
      if (served.of.mount) {
        socket.mount_path = spec_.mounts[*served.of.mount].destination;
      }
      sockets.push_back(std::move(socket));
    }
    if (flags_.dev_io_fd >= 0) {
      ServedSocket socket = MakeSocket("--dev-io-fd", flags_.dev_io_fd);
      socket.mount_path = "/dev";
      // The administrator has put the devices there for the sandbox, which
      // looks after what its container does with them.
      socket.host.char_devices = hostfs::CharDevicePolicy::kOpen;
      socket.host.donate_devices = true;
      sockets.push_back(std::move(socket));
    }
    return sockets;
  }

  ServedSocket MakeSocket(absl::string_view flag, int fd) const {
    ServedSocket socket{.fd = fd, .name = absl::StrCat(flag, "=", fd)};
    socket.connection = lisafs::ConnectionOptions::ForLevel(
        flags_.mount_words == runsc::MountWords::kMountConfs
            ? lisafs::ProtocolLevel::kAug2026
            : lisafs::ProtocolLevel::kNov2023);
    // Without a tree of our own, `..` would lead out of what is given.
    if (flags_.directfs && plan_.tree) {
      socket.connection.donation = lisafs::Donation::kFilesAndMountPoint;
    }
    socket.host = flags_.host;
    return socket;
  }

  StageResult Confine() {
    if (!plan_.max_fds) ConnectionGroup::RaiseHardFdLimit();
    StageResult failed = group_->ShareFds(0, plan_.max_fds);
    if (!failed) failed = group_->Create(tree_, true);
    if (failed) return failed;
    const auto confined =
        sandbox::Confine(plan_, mounted_.root.valid() ? &mounted_ : nullptr);
    if (confined) return StageError(*confined);
    return std::nullopt;
  }

  // The last stage: runsc takes the answer for our promise to serve.
  StageResult ReplyMounts() {
    if (flags_.mounts_fd < 0) return std::nullopt;
    const base::UniqueFd pipe(flags_.mounts_fd);
    const std::string reply = runsc::MountsReply(spec_.mounts);
    size_t sent = 0;
    while (sent < reply.size()) {
      const auto wrote = base::Syscall([&] {
        return ::write(pipe.get(), reply.data() + sent, reply.size() - sent);
      });
      if (!wrote.ok()) {
        return StageError("reply-mounts",
                          absl::StrCat("--mounts-fd=", pipe.get()),
                          wrote.error(), ExitCode::kMountsReply);
      }
      sent += static_cast<size_t>(*wrote);
    }
    return std::nullopt;
  }

  runsc::GoferFlags flags_;
  const int argc_;
  const char* const* const argv_;
  bool done_ = false;

  oci::OciSpec spec_;
  std::vector<runsc::GoferMount> mounts_;
  sandbox::Plan plan_;
  std::vector<runsc::ServedMount> served_;
  sandbox::MountedTree mounted_;
  AdoptionOffer offer_;
  // In the tree the path of goferd's directory would be the container's.
  bool adoption_tried_ = false;
  std::shared_ptr<hostfs::HostTree> tree_;
  std::unique_ptr<ConnectionGroup> group_;
};

}  // namespace

ExitCode ServeContainer(const runsc::GoferFlags& flags, int argc,
                        const char* const* argv) {
  return ContainerGofer(flags, argc, argv).Run();
}

}  // namespace gofer::worker
