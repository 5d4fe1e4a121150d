// Flags: those that all commands share, and what flags are made of.

#ifndef GOFERD_CLIENTS_GOFERCTL_FLAGS_H_
#define GOFERD_CLIENTS_GOFERCTL_FLAGS_H_

#include <CLI/CLI.hpp>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "clients/admin/endpoint.h"
#include "google/protobuf/duration.pb.h"
#include "google/protobuf/map.h"

namespace goferctl {

enum class Format { kTable, kJson };

// What is said for all commands. A value.
struct GlobalFlags {
  std::string endpoint;                // --endpoint, or of the environment.
  std::vector<std::string> endpoints;  // --endpoints.
  goferd::client::TlsFiles tls;
  std::string timeout;  // A duration; empty when it was not given.
  Format format = Format::kTable;
  bool no_headers = false;
};

void DeclareGlobalFlags(CLI::App& app, GlobalFlags& flags);

// What all mutations have.
struct MutationFlags {
  std::string request_id;
  bool dry_run = false;
};
void DeclareMutationFlags(CLI::App& app, MutationFlags& flags);

// Copies them into a request that has these fields.
template <class Request>
void Apply(const MutationFlags& flags, Request* request) {
  request->set_request_id(flags.request_id);
  request->set_validate_only(flags.dry_run);
}

using Labels = google::protobuf::Map<std::string, std::string>;

// A flag --label KEY=VALUE that may be repeated.
CLI::Option* DeclareLabels(CLI::App& app, std::vector<std::string>& words);
// `words`: KEY=VALUE; checked by the flag already.
void SetLabels(const std::vector<std::string>& words, Labels* labels);

// A flag that takes one word each time it is given.
CLI::Option* DeclareRepeated(CLI::App& app, const std::string& name,
                             std::vector<std::string>& words,
                             const std::string& help);

// Flags "--yes,!--no" that leave `value` alone when neither is given.
void DeclareSwitch(CLI::App& app, const std::string& names,
                   std::optional<bool>& value, const std::string& help);

// A flag with a duration such as "90s", "1h30m" or "250ms".
CLI::Option* DeclareDuration(CLI::App& app, const std::string& name,
                             std::string& text, const std::string& help);
// `text`: checked by the flag already.
absl::Duration DurationOf(const std::string& text);
google::protobuf::Duration ToProto(absl::Duration duration);

// A flag with one of some words.
template <class Enum>
CLI::Option* DeclareEnum(CLI::App& app, const std::string& name, Enum& value,
                         const std::map<std::string, Enum>& words,
                         const std::string& help) {
  return app.add_option(name, value, help)
      ->transform(
          CLI::CheckedTransformer(words, CLI::ignore_case).description(""))
      ->type_name("WORD");
}

// Bytes: a number, maybe with K, M, G or T (powers of 1024).
std::optional<int64_t> ParseBytes(absl::string_view text);

}  // namespace goferctl

#endif  // GOFERD_CLIENTS_GOFERCTL_FLAGS_H_
