#include "clients/goferctl/flags.h"

#include <limits>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace goferctl {
namespace {

std::string CheckDuration(const std::string& text) {
  absl::Duration duration;
  if (absl::ParseDuration(text, &duration) &&
      duration >= absl::ZeroDuration()) {
    return "";
  }
  return absl::StrCat("\"", text,
                      "\" is no duration such as 90s, 1h30m or 250ms");
}

std::string CheckLabel(const std::string& text) {
  if (text.find('=') != std::string::npos && text.front() != '=') return "";
  return absl::StrCat("\"", text, "\" is not KEY=VALUE");
}

void DeclareTls(CLI::App& app, goferd::client::TlsFiles& tls) {
  app.add_option("--tls-ca", tls.ca,
                 "PEM file of the authority that signed goferd's certificate")
      ->group("TLS");
  app.add_option("--tls-cert", tls.certificate, "PEM file of our certificate")
      ->group("TLS");
  app.add_option("--tls-key", tls.key, "PEM file of its key")->group("TLS");
  app.add_option("--tls-server-name", tls.server_name,
                 "Name in goferd's certificate, if not the host's")
      ->group("TLS");
}

}  // namespace

void DeclareGlobalFlags(CLI::App& app, GlobalFlags& flags) {
  auto* const one = app.add_option(
      "--endpoint", flags.endpoint,
      "goferd's admin API: unix:/path or host:port\n"
      "(default: $GOFERCTL_ENDPOINT, else unix:/run/goferd/admin.sock)");
  app.add_option("--endpoints", flags.endpoints,
                 "Several, separated by commas, side by side; for commands "
                 "that only read")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->excludes(one);
  DeclareTls(app, flags.tls);
  DeclareDuration(app, "--timeout", flags.timeout,
                  "For each call, repetitions included (default 30s; none for "
                  "wait, -w and server delete --force)");
  DeclareEnum<Format>(app, "-o,--output", flags.format,
                      {{"table", Format::kTable}, {"json", Format::kJson}},
                      "table (default) or json");
  app.add_flag("--no-headers", flags.no_headers, "Tables without their header");
}

void DeclareMutationFlags(CLI::App& app, MutationFlags& flags) {
  app.add_option("--request-id", flags.request_id,
                 "UUID: a repetition with the same one gets the first answer");
  app.add_flag("--dry-run", flags.dry_run, "Only check the request");
}

CLI::Option* DeclareRepeated(CLI::App& app, const std::string& name,
                             std::vector<std::string>& words,
                             const std::string& help) {
  return app.add_option(name, words, help)->allow_extra_args(false);
}

CLI::Option* DeclareLabels(CLI::App& app, std::vector<std::string>& words) {
  return DeclareRepeated(app, "--label", words, "KEY=VALUE; may be repeated")
      ->check(CheckLabel, "");
}

void SetLabels(const std::vector<std::string>& words, Labels* labels) {
  for (const std::string& word : words) {
    const size_t equals = word.find('=');
    (*labels)[word.substr(0, equals)] = word.substr(equals + 1);
  }
}

void DeclareSwitch(CLI::App& app, const std::string& names,
                   std::optional<bool>& value, const std::string& help) {
  app.add_flag_function(
      names, [&value](int64_t count) { value = count > 0; }, help);
}

CLI::Option* DeclareDuration(CLI::App& app, const std::string& name,
                             std::string& text, const std::string& help) {
  return app.add_option(name, text, help)
      ->check(CheckDuration, "")
      ->type_name("DURATION");
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
