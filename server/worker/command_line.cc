#include "server/worker/command_line.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_join.h"
#include "server/base/log.h"
#include "server/runsc/behaviours.h"

namespace gofer::worker {
namespace {

using base::LogFormat;
using hostfs::HostFifo;
using hostfs::HostUds;
using lisafs::ProtocolLevel;

// The raw words, before they make sense together.
struct Flags {
  ServeOptions options;
  ManagedOptions managed;
  std::vector<int> io_fds;
  std::vector<std::string> mount_paths;
  HostUds host_uds = HostUds::kNone;
  HostFifo host_fifo = HostFifo::kNone;
  ProtocolLevel protocol = ProtocolLevel::kNov2023;
  bool readonly = false;
  bool no_donate = false;
  bool donate_mount = false;
};

// One of the words, which help then lists. CLI11 would show the values, too,
// and those of a small enum as raw bytes.
template <typename T>
CLI::CheckedTransformer OneOf(std::map<std::string, T> words) {
  std::vector<std::string> names;
  for (const auto& [name, value] : words) names.push_back(name);
  CLI::CheckedTransformer check(std::move(words));
  check.description(absl::StrJoin(names, "|"));
  return check;
}

void DeclareServe(CLI::App& serve, Flags& flags) {
  serve
      .add_option("--root", flags.options.root,
                  "Directory to serve; nothing outside of it is reachable")
      ->required();
  serve
      .add_option("--io-fds", flags.io_fds,
                  "Inherited, connected UNIX stream socket to serve; repeat it "
                  "for more connections")
      ->required()
      ->delimiter(',')
      ->check(CLI::NonNegativeNumber);
  serve.add_option(
      "--mount-path", flags.mount_paths,
      "Where in the root the n-th --io-fds is mounted (default /)");
  serve.add_flag("--readonly", flags.readonly, "Refuse every change (EROFS)");
  serve
      .add_option("--host-uds", flags.host_uds,
                  "Host UNIX sockets: none, open (connect to them), create "
                  "(bind them) or all")
      ->transform(OneOf<HostUds>({{"none", HostUds::kNone},
                                  {"open", HostUds::kOpen},
                                  {"create", HostUds::kCreate},
                                  {"all", HostUds::kAll}}))
      ->type_name("WORD")
      ->default_str("none");
  serve
      .add_option("--host-fifo", flags.host_fifo,
                  "Host named pipes: none or open")
      ->transform(OneOf<HostFifo>(
          {{"none", HostFifo::kNone}, {"open", HostFifo::kOpen}}))
      ->type_name("WORD")
      ->default_str("none");
  serve.add_flag("--sandbox", flags.options.sandboxed,
                 "Confine the gofer: the root becomes its root directory, and "
                 "it gives up\ncapabilities and system calls (needs "
                 "CAP_SYS_ADMIN)");
  serve.add_flag("--no-donate", flags.no_donate,
                 "Give the client no host FDs: all I/O comes through us");
  serve.add_flag("--donate-mount", flags.donate_mount,
                 "Also give the client an FD of its mount point (directfs)");
  serve
      .add_option("--protocol", flags.protocol,
                  "Behave as the gVisor of 2023 or of 2026")
      ->transform(OneOf<ProtocolLevel>({{"2023", ProtocolLevel::kNov2023},
                                        {"2026", ProtocolLevel::kAug2026}}))
      ->type_name("WORD")
      ->default_str("2023");
  serve.add_option("--max-fds", flags.options.max_fds,
                   "FDs that one connection may hold (default: a fair share of "
                   "the process's limit)");
  serve
      .add_option("--log-level", flags.options.log_level,
                  "trace, debug, info, warning, error or off, to stderr")
      ->capture_default_str();
}

void DeclareManaged(CLI::App& managed, ManagedOptions& options) {
  managed
      .add_option("--control-fd", options.control_fd,
                  "Inherited, listening UNIX seqpacket socket on which goferd "
                  "says what to serve")
      ->required()
      ->check(CLI::NonNegativeNumber);
  managed
      .add_option("--log-level", options.log_level,
                  "trace, debug, info, warning, error or off, to stderr, until "
                  "goferd says another")
      ->capture_default_str();
  managed
      .add_option("--log-format", options.log_format,
                  "text, or json: one object a line")
      ->transform(OneOf<LogFormat>(
          {{"text", LogFormat::kText}, {"json", LogFormat::kJson}}))
      ->type_name("WORD")
      ->default_str("text");
}

// Returns an error text, or an empty one.
std::string UseLogLevel(const std::string& level) {
  if (base::SetLogLevel(level)) return "";
  return "--log-level=" + level +
         " is none of trace, debug, info, warning, error, off";
}

// Sets what the flags mean together. Returns an error text, or an empty one.
std::string Combine(Flags& flags) {
  if (flags.no_donate && flags.donate_mount) {
    return "--no-donate and --donate-mount contradict each other";
  }
  if (flags.mount_paths.size() > flags.io_fds.size()) {
    return "more --mount-path than --io-fds: the n-th path belongs to the n-th "
           "socket";
  }
  std::set<int> seen;
  for (size_t i = 0; i < flags.io_fds.size(); ++i) {
    if (!seen.insert(flags.io_fds[i]).second) {
      return "--io-fds=" + std::to_string(flags.io_fds[i]) + " is given twice";
    }
    IoFd io_fd{flags.io_fds[i], "/"};
    if (i < flags.mount_paths.size()) {
      io_fd.mount_path = flags.mount_paths[i];
      if (io_fd.mount_path.empty() || io_fd.mount_path.front() != '/') {
        return "--mount-path=" + io_fd.mount_path +
               " is not absolute: give it as seen from --root, starting with /";
      }
    }
    flags.options.io_fds.push_back(std::move(io_fd));
  }
  return UseLogLevel(flags.options.log_level);
}

void SetConnectionOptions(Flags& flags) {
  lisafs::ConnectionOptions& connection = flags.options.connection;
  connection = lisafs::ConnectionOptions::ForLevel(flags.protocol);
  if (flags.readonly) connection.access = lisafs::Access::kReadOnly;
  if (flags.no_donate) connection.donation = lisafs::Donation::kNone;
  if (flags.donate_mount) {
    connection.donation = lisafs::Donation::kFilesAndMountPoint;
  }
  flags.options.host.host_uds = flags.host_uds;
  flags.options.host.host_fifo = flags.host_fifo;
}

}  // namespace

std::variant<ServeOptions, ManagedOptions, HelpText, UsageError>
ParseCommandLine(int argc, const char* const* argv) {
  Flags flags;
  CLI::App app("gofer serves a file tree to gVisor sandboxes over LISAFS.",
               "gofer");
  app.set_version_flag("--version", GOFERD_VERSION);
  bool verbose = false;
  app.add_flag("--verbose", verbose,
               "With --version: also what each release of runsc asks, and the "
               "sign that shows it");
  app.require_subcommand(1);
  app.footer(
      "Called as runsc calls its gofer, with the command gofer, --bundle=DIR "
      "and so on,\nit serves a container's files. With gofer --bundle=DIR "
      "--print-sandbox-plan it only\nsays how it would confine itself.");
  CLI::App* const serve = app.add_subcommand(
      "serve", "Serve --root on inherited sockets until all are closed");
  DeclareServe(*serve, flags);
  CLI::App* const managed = app.add_subcommand(
      "managed", "Serve what goferd says, which starts and steers it");
  DeclareManaged(*managed, flags.managed);
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForVersion&) {
    std::string text = std::string("gofer ") + GOFERD_VERSION + "\n";
    // CLI11 has not looked at the other flags when it gets here.
    const std::vector<std::string> words(argv + 1, argv + argc);
    if (std::find(words.begin(), words.end(), "--verbose") != words.end()) {
      text += "\n" + runsc::BehavioursText();
    }
    return HelpText{std::move(text)};
  } catch (const CLI::CallForHelp&) {
    return HelpText{serve->parsed()     ? serve->help()
                    : managed->parsed() ? managed->help()
                                        : app.help()};
  } catch (const CLI::ParseError& error) {
    std::string text = error.what();
    for (char& c : text) {
      if (c == '\n') c = ' ';
    }
    return UsageError{text + (managed->parsed() ? " (see gofer managed --help)"
                                                : " (see gofer serve --help)")};
  }
  if (managed->parsed()) {
    if (std::string error = UseLogLevel(flags.managed.log_level);
        !error.empty()) {
      return UsageError{std::move(error)};
    }
    return std::move(flags.managed);
  }
  if (std::string error = Combine(flags); !error.empty()) {
    return UsageError{std::move(error)};
  }
  SetConnectionOptions(flags);
  return std::move(flags.options);
}

}  // namespace gofer::worker
