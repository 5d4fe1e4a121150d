#include "controlplane/daemon/command_line.h"

#include <CLI/CLI.hpp>
#include <sstream>
#include <vector>

namespace goferd::daemon {
namespace {

constexpr char kFooter[] =
    "Exit codes: 0 told to end; 2 usage; 10 configuration; 11 roles file; 12 "
    "audit file;\n13 state directory; 14 listeners; 15 attach socket; 16 "
    "metrics; 17 signals, threads.\n\nSIGTERM and SIGINT end goferd, and leave "
    "gofers alone; SIGHUP reads the roles file again,\nopens the audit file "
    "again, and says what else has changed but needs a restart.\nTLS files are "
    "read again by themselves. Under systemd goferd is Type=notify-reload,\n"
    "answers WatchdogSec and takes sockets of a .socket unit that are "
    "listeners.";

struct Flags {
  Options options;
  std::vector<std::string> listen;
  bool check_config = false;
  bool print_config = false;
};

void DeclareFlags(CLI::App& app, Flags& flags) {
  config::Overrides& over = flags.options.overrides;
  app.add_option("--config", flags.options.config_path,
                 "File with the configuration (DaemonConfig in text format)");
  auto* check = app.add_flag("--check-config", flags.check_config,
                             "Only check the configuration");
  app.add_flag("--print-config", flags.print_config,
               "Only print the configuration with every default")
      ->excludes(check);
  app.add_option("--state-directory", over.state_directory,
                 "Where state and control sockets are kept");
  app.add_option(
      "--allow-root", over.allowed_roots,
      "Directory under which servers may have their root; repeat it");
  app.add_option("--listen", flags.listen,
                 "unix:PATH or tcp:ADDRESS:PORT; repeat it");
  app.add_option("--tls-certificate", over.tls_certificate,
                 "For --listen tcp: the certificate, in PEM");
  app.add_option("--tls-key", over.tls_key,
                 "For --listen tcp: the private key of the certificate");
  app.add_option("--tls-client-ca", over.tls_client_ca,
                 "For --listen tcp: the CAs that sign clients' certificates");
  app.add_option("--plaintext-loopback-role", over.plaintext_loopback_role,
                 "For --listen tcp, without TLS on loopback: the role of all "
                 "callers (viewer, operator, chaos or admin)");
  app.add_option("--gofer-path", over.gofer_path, "The gofer's executable");
  app.add_option("--roles-file", over.roles_file,
                 "File that gives users and certificates their roles");
  app.add_option("--audit-file", over.audit_file, "Where audit records go");
  app.add_option("--log-level", over.log_level,
                 "debug, info, warning, error or off");
  app.add_option("--log-format", over.log_format,
                 "How logs look on standard error, those of gofers too: text, "
                 "or json, one object a line");
  app.add_option("--metrics-address", over.metrics_address,
                 "Address and port of the metrics for Prometheus");
  app.add_option("--node", over.node, "The node's name");
}

Options Finish(Flags flags) {
  for (std::string& where : flags.listen) {
    flags.options.overrides.listeners.push_back({std::move(where)});
  }
  if (flags.check_config) flags.options.task = Task::kCheckConfig;
  if (flags.print_config) flags.options.task = Task::kPrintConfig;
  return std::move(flags.options);
}

}  // namespace

std::variant<Options, HelpText, UsageError> ParseCommandLine(int argc,
                                                             char** argv) {
  CLI::App app("goferd: runs gofers, which serve file trees to sandboxes",
               "goferd");
  app.set_version_flag("--version", "goferd " GOFERD_VERSION);
  app.footer(kFooter);
  Flags flags;
  DeclareFlags(app, flags);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    std::ostringstream out;
    std::ostringstream err;
    if (app.exit(error, out, err) == 0) return HelpText{out.str()};
    return UsageError{err.str()};
  }
  return Finish(std::move(flags));
}

}  // namespace goferd::daemon
