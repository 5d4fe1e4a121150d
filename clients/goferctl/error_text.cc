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

struct AdviceRow {
  ErrorReason reason;
  absl::string_view advice;
};

constexpr absl::string_view kChooseAnother =
    "choose another id, or delete the existing resource first";
constexpr absl::string_view kSeeFeaturesAndLog =
    "`goferctl info` shows the kernel's features; goferd's log says "
    "more";
constexpr absl::string_view kEndOrRaise =
    "end what is not needed, or raise the limit: `goferctl info -o "
    "json` shows the limits of goferd, `goferctl server get SERVER -o "
    "json` the limits of a server";
constexpr absl::string_view kTryAgain = "try again in a moment";

// One row for each reason.
constexpr AdviceRow kAdvice[] = {
    {ErrorReason::FIELD_INVALID,
     "`goferctl COMMAND --help` has the flags, with examples"},
    {ErrorReason::PATH_NOT_ABSOLUTE, "write the path with a leading /"},
    {ErrorReason::PATH_NOT_ALLOWED, "`goferctl info` shows the allowed roots"},
    {ErrorReason::UNKNOWN_MID,
     "`goferctl handler list SERVER` lists the messages that its gofer "
     "knows"},
    {ErrorReason::PAGE_TOKEN_MISMATCH, "list again from the beginning"},
    {ErrorReason::REQUEST_ID_REUSED, "use a new UUID for a new request"},
    {ErrorReason::SERVER_NOT_FOUND, "`goferctl server list` lists the servers"},
    {ErrorReason::CONNECTION_NOT_FOUND,
     "`goferctl connection list` lists the connections"},
    {ErrorReason::RULE_NOT_FOUND, "`goferctl faults list` lists the rules"},
    {ErrorReason::PATH_NOT_FOUND,
     "check the path on goferd's host; a mount path is a path in the "
     "tree, which `goferctl fs ls SERVER /` lists"},
    {ErrorReason::SERVER_ALREADY_EXISTS, kChooseAnother},
    {ErrorReason::RULE_ALREADY_EXISTS, kChooseAnother},
    {ErrorReason::CONNECTION_ALREADY_EXISTS,
     "choose another id: an ended connection keeps its id for a while"},
    {ErrorReason::SERVER_NOT_EMPTY,
     "drain the server and wait, or delete it with --force"},
    {ErrorReason::SERVER_DRAINING,
     "use another server, or `goferctl server undrain` this server"},
    {ErrorReason::SERVER_STOPPED,
     "`goferctl server get SERVER` says why, and whether goferd starts "
     "the gofer again; if not, delete the server and create it again"},
    {ErrorReason::CONNECTION_NOT_PENDING,
     "`goferctl connection get SERVER/CONNECTION` says what became of "
     "the connection; start a new connection"},
    {ErrorReason::GOFER_CAPABILITY_MISSING,
     "`goferctl info` shows what goferd can do, `goferctl server get "
     "SERVER -o json` shows the origin and release of the gofer"},
    {ErrorReason::ROOT_NOT_DIRECTORY,
     "serve the directory that contains the file"},
    {ErrorReason::SANDBOX_KILL_NOT_ACKNOWLEDGED,
     "if the sandbox may be killed, repeat the command with "
     "--kill-sandbox"},
    {ErrorReason::HOST_PERMISSION, kSeeFeaturesAndLog},
    {ErrorReason::KERNEL_FEATURE_MISSING, kSeeFeaturesAndLog},
    {ErrorReason::ETAG_MISMATCH,
     "somebody changed the resource: read it again, and repeat with "
     "the new etag"},
    {ErrorReason::OPERATION_PENDING,
     "try again when the other operation is over"},
    {ErrorReason::CONNECTION_LIMIT, kEndOrRaise},
    {ErrorReason::FD_LIMIT, kEndOrRaise},
    {ErrorReason::PROCESS_LIMIT, kEndOrRaise},
    {ErrorReason::TICKET_LIMIT, kEndOrRaise},
    {ErrorReason::RULE_LIMIT, kEndOrRaise},
    {ErrorReason::STORAGE_LIMIT, kEndOrRaise},
    {ErrorReason::COMPACTED, "list again and watch from there"},
    {ErrorReason::STARTING, kTryAgain},
    {ErrorReason::SERVER_STOPPING,
     "wait until the server is gone, then create it again"},
    {ErrorReason::SHUTTING_DOWN, kTryAgain},
    {ErrorReason::GOFER_UNREACHABLE,
     "the server's connections are still served; goferd's log says "
     "more"},
    {ErrorReason::ESCAPED_BY_CONNECTIONS,
     "choose gofer mode for these clients (for runsc the annotation "
     "dev.goferd.directfs=off, or `install-runsc --directfs=off` for "
     "all), or repeat the command without --strict"},
    {ErrorReason::ROLE_REQUIRED,
     "ask for the role, or call as a user who has it"},
    {ErrorReason::PEER_MISMATCH,
     "`goferctl connection get SERVER/CONNECTION -o json` names the "
     "process that is expected"},
    {ErrorReason::TICKET_INVALID,
     "a ticket is valid once and for a short time: start a new "
     "connection"},
    {ErrorReason::INTERNAL_FAULT,
     "please report this error, with goferd's log"},
};

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
  for (const AdviceRow& row : kAdvice) {
    if (row.reason == reason) return row.advice;
  }
  return "";
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
