#include "clients/goferctl/error_text.h"

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "clients/admin/error_details.h"
#include "clients/goferctl/exit_code.h"
#include "clients/goferctl/format.h"
#include "clients/goferctl/table.h"
#include "goferd/admin/v1/error_reason.pb.h"

namespace goferctl {
namespace {

using goferd::admin::v1::ErrorReason;
using goferd::client::DetailsOf;
using goferd::client::ErrorDetails;

// gRPC and OpenSSL describe failures of TLS in words only. A server that
// refuses our certificate says so after the handshake, or just hangs up.
absl::string_view AdviceForTransport(absl::string_view message) {
  const std::string lower = absl::AsciiStrToLower(message);
  const auto says = [&lower](absl::string_view words) {
    return absl::StrContains(lower, words);
  };
  if (says("certificate verify failed")) {
    return "goferd's certificate was not signed by the authority in --tls-ca, "
           "or has expired";
  }
  if (says("hostname verification") || says("not in peer certificate")) {
    return "goferd's certificate has another name: use that name in "
           "--endpoint, or give it with --tls-server-name";
  }
  if (says("handshake") || says("socket closed") || says("reset by peer") ||
      says("broken pipe")) {
    return "check that goferd runs and that --endpoint is right; with TLS, "
           "check that --tls-cert and --tls-key are given, that an authority "
           "which goferd trusts has signed the certificate, and that it has "
           "not expired";
  }
  return "check that goferd runs and that --endpoint is right";
}

// A failure of the transport has no reason, only a code and a text.
absl::string_view AdviceForCode(absl::StatusCode code,
                                absl::string_view message) {
  switch (code) {
    case absl::StatusCode::kUnavailable:
      return AdviceForTransport(message);
    case absl::StatusCode::kDeadlineExceeded:
      return "try again, or give more time with --timeout";
    case absl::StatusCode::kUnimplemented:
      return "this goferd is older than goferctl";
    default:
      return "";
  }
}

std::string Advice(const absl::Status& status, const ErrorDetails& details) {
  std::string advice(AdviceFor(details.reason));
  if (advice.empty() && details.reason_name.empty()) {
    advice = std::string(AdviceForCode(status.code(), status.message()));
  }
  if (details.retry_delay.has_value()) {
    absl::StrAppend(&advice, advice.empty() ? "" : "; ", "try again in ",
                    ShortDuration(*details.retry_delay));
  }
  return advice;
}

}  // namespace

absl::string_view AdviceFor(ErrorReason reason) {
  using namespace goferd::admin::v1;  // NOLINT: the values of the enum.
  switch (reason) {
    case FIELD_INVALID:
      return "`goferctl COMMAND --help` has the flags, with examples";
    case PATH_NOT_ABSOLUTE:
      return "write the path with a leading /";
    case PATH_NOT_ALLOWED:
      return "`goferctl info` shows the allowed roots";
    case UNKNOWN_MID:
      return "`goferctl handler list SERVER` lists the messages that its gofer "
             "knows";
    case PAGE_TOKEN_MISMATCH:
      return "list again from the beginning";
    case REQUEST_ID_REUSED:
      return "use a new UUID for a new request";
    case SERVER_NOT_FOUND:
      return "`goferctl server list` lists the servers";
    case CONNECTION_NOT_FOUND:
      return "`goferctl connection list` lists the connections";
    case RULE_NOT_FOUND:
      return "`goferctl faults list` lists the rules";
    case PATH_NOT_FOUND:
      return "check the path on goferd's host; a mount path is a path in the "
             "tree, which `goferctl fs ls SERVER /` lists";
    case SERVER_ALREADY_EXISTS:
    case RULE_ALREADY_EXISTS:
      return "choose another id, or delete the existing resource first";
    case CONNECTION_ALREADY_EXISTS:
      return "choose another id: an ended connection keeps its id for a while";
    case SERVER_NOT_EMPTY:
      return "drain the server and wait, or delete it with --force";
    case SERVER_DRAINING:
      return "use another server, or `goferctl server undrain` this server";
    case SERVER_STOPPED:
      return "`goferctl server get SERVER` says why, and whether goferd starts "
             "the gofer again; if not, delete the server and create it again";
    case CONNECTION_NOT_PENDING:
      return "`goferctl connection get SERVER/CONNECTION` says what became of "
             "the connection; start a new connection";
    case GOFER_CAPABILITY_MISSING:
      return "`goferctl info` shows what goferd can do, `goferctl server get "
             "SERVER -o json` shows the origin and release of the gofer";
    case ROOT_NOT_DIRECTORY:
      return "serve the directory that contains the file";
    case SANDBOX_KILL_NOT_ACKNOWLEDGED:
      return "if the sandbox may be killed, repeat the command with "
             "--kill-sandbox";
    case HOST_PERMISSION:
    case KERNEL_FEATURE_MISSING:
      return "`goferctl info` shows the kernel's features; goferd's log says "
             "more";
    case ETAG_MISMATCH:
      return "somebody changed the resource: read it again, and repeat with "
             "the new etag";
    case OPERATION_PENDING:
      return "try again when the other operation is over";
    case CONNECTION_LIMIT:
    case FD_LIMIT:
    case PROCESS_LIMIT:
    case TICKET_LIMIT:
    case RULE_LIMIT:
    case STORAGE_LIMIT:
      return "end what is not needed, or raise the limit: `goferctl info -o "
             "json` shows the limits of goferd, `goferctl server get SERVER -o "
             "json` the limits of a server";
    case COMPACTED:
      return "list again and watch from there";
    case STARTING:
    case SHUTTING_DOWN:
      return "try again in a moment";
    case GOFER_UNREACHABLE:
      return "the server's connections are still served; goferd's log says "
             "more";
    case ESCAPED_BY_CONNECTIONS:
      return "choose gofer mode for these clients (for runsc the annotation "
             "dev.goferd.directfs=off, or `install-runsc --directfs=off` for "
             "all), or repeat the command without --strict";
    case ROLE_REQUIRED:
      return "ask for the role, or call as a user who has it";
    case PEER_MISMATCH:
      return "`goferctl connection get SERVER/CONNECTION -o json` names the "
             "process that is expected";
    case TICKET_INVALID:
      return "a ticket is valid once and for a short time: start a new "
             "connection";
    case INTERNAL_FAULT:
      return "please report this error, with goferd's log";
    default:
      return "";
  }
}

std::string ErrorText(const absl::Status& status, absl::string_view node) {
  const ErrorDetails details = DetailsOf(status);
  std::string text = "goferctl: ";
  if (!node.empty()) absl::StrAppend(&text, Printable(std::string(node)), ": ");
  absl::StrAppend(&text, Printable(std::string(status.message())));
  if (IsUsageError(status)) return text + " (see goferctl --help)\n";
  const std::string code = details.reason_name.empty()
                               ? absl::StatusCodeToString(status.code())
                               : details.reason_name;
  absl::StrAppend(&text, " (", Printable(code), ")\n");
  for (const auto& violation : details.field_violations) {
    absl::StrAppend(&text, "  ", Printable(violation.field), ": ",
                    Printable(violation.description), "\n");
  }
  const std::string advice = Advice(status, details);
  if (!advice.empty()) absl::StrAppend(&text, "  What to do: ", advice, "\n");
  return text;
}

}  // namespace goferctl
