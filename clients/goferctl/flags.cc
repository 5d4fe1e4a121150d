#include "clients/goferctl/flags.h"

#include <limits>

#include "absl/strings/numbers.h"
#include "clients/goferctl/option.h"
#include "google/protobuf/duration.pb.h"
#include "google/protobuf/map.h"

namespace goferctl {
namespace {

void DeclareTls(CLI::App& app, goferd::client::TlsFiles& tls) {
  DeclareOption(app, "--tls-ca", tls.ca,
                "PEM file of the authority that signed goferd's certificate")
      .SetGroup("TLS");
  DeclareOption(app, "--tls-cert", tls.certificate,
                "PEM file of our certificate")
      .SetGroup("TLS");
  DeclareOption(app, "--tls-key", tls.key, "PEM file of our certificate's key")
      .SetGroup("TLS");
  DeclareOption(app, "--tls-server-name", tls.server_name,
                "Name in goferd's certificate, if it is not the host's name")
      .SetGroup("TLS");
}

}  // namespace

void DeclareGlobalFlags(CLI::App& app, GlobalFlags& flags) {
  DeclareOption(
      app, "--endpoint", flags.endpoint,
      "goferd's admin API: unix:/path or host:port\n"
      "(default: $GOFERCTL_ENDPOINT, else unix:/run/goferd/admin.sock)");
  DeclareRepeated(
      app, "--endpoints", flags.endpoints,
      "Several endpoints, separated by commas, shown side by side; for\n"
      "commands that only read")
      .SplitAtCommas()
      .Exclude("--endpoint");
  DeclareTls(app, flags.tls);
  DeclareDuration(app, "--timeout", flags.timeout,
                  "For each call, repetitions included (default 30s; none for "
                  "wait, -w and server delete --force)");
  DeclareEnum<Format>(app, "-o,--output", flags.format,
                      {{"table", Format::kTable}, {"json", Format::kJson}},
                      "table (default) or json");
  DeclareFlag(app, "--no-headers", flags.no_headers,
              "Tables without their header");
}

void DeclareMutationFlags(CLI::App& app, MutationFlags& flags) {
  DeclareOption(
      app, "--request-id", flags.request_id,
      "A UUID; a repetition with the same UUID gets the first answer");
  DeclareFlag(app, "--dry-run", flags.dry_run,
              "Check the request and change nothing");
}

void DeclareStrictFlag(CLI::App& app, bool& strict) {
  DeclareFlag(
      app, "--strict", strict,
      "Change nothing when connections would escape it (default: warn)");
}

void SetLabels(const std::vector<std::string>& words, Labels* labels) {
  for (const std::string& word : words) {
    const size_t equals = word.find('=');
    (*labels)[word.substr(0, equals)] = word.substr(equals + 1);
  }
}

absl::Duration DurationOf(const std::string& text) {
  absl::Duration duration;
  absl::ParseDuration(text, &duration);
  return duration;
}

google::protobuf::Duration ToProto(absl::Duration duration) {
  google::protobuf::Duration proto;
  absl::Duration rest = duration;
  proto.set_seconds(absl::IDivDuration(rest, absl::Seconds(1), &rest));
  proto.set_nanos(static_cast<int32_t>(absl::ToInt64Nanoseconds(rest)));
  return proto;
}

std::optional<int64_t> ParseBytes(absl::string_view text) {
  constexpr absl::string_view kUnits = "KMGT";
  int shift = 0;
  if (!text.empty()) {
    const size_t unit = kUnits.find(text.back());
    if (unit != absl::string_view::npos) {
      shift = static_cast<int>(10 * (unit + 1));
      text.remove_suffix(1);
    }
  }
  int64_t number = 0;
  if (!absl::SimpleAtoi(text, &number) || number < 0) return std::nullopt;
  if (number > (std::numeric_limits<int64_t>::max() >> shift)) {
    return std::nullopt;
  }
  return number << shift;
}

}  // namespace goferctl
