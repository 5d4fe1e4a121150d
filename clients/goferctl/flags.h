// Flags: those that all commands share, and what flags are made of.

#ifndef GOFERD_CLIENTS_GOFERCTL_FLAGS_H_
#define GOFERD_CLIENTS_GOFERCTL_FLAGS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "clients/admin/endpoint.h"

namespace CLI {  // NOLINT(readability-identifier-naming)
class App;
}  // namespace CLI

namespace google::protobuf {
class Duration;
template <typename Key, typename T>
class Map;
}  // namespace google::protobuf

namespace goferctl {

enum class Format { kTable, kJson };

// The flags that every command takes. A value.
struct GlobalFlags {
  std::string endpoint;                // --endpoint
  std::vector<std::string> endpoints;  // --endpoints
  goferd::client::TlsFiles tls;
  std::string timeout;  // A duration; empty when it was not given.
  Format format = Format::kTable;
  bool no_headers = false;
};

void DeclareGlobalFlags(CLI::App& app, GlobalFlags& flags);

// The flags that every command takes that changes something.
struct MutationFlags {
  std::string request_id;
  bool dry_run = false;
};
void DeclareMutationFlags(CLI::App& app, MutationFlags& flags);

// The flag of commands whose change connections may escape.
void DeclareStrictFlag(CLI::App& app, bool& strict);

// Copies the flags into a request that has these fields.
template <class Request>
void Apply(const MutationFlags& flags, Request* request) {
  request->set_request_id(flags.request_id);
  request->set_validate_only(flags.dry_run);
}

using Labels = google::protobuf::Map<std::string, std::string>;

// `words`: KEY=VALUE, which DeclareLabels has checked.
void SetLabels(const std::vector<std::string>& words, Labels* labels);

// `text`: a duration, which DeclareDuration has checked.
absl::Duration DurationOf(const std::string& text);
google::protobuf::Duration ToProto(absl::Duration duration);

// Parses a number of bytes, which may end in K, M, G or T (powers of 1024).
std::optional<int64_t> ParseBytes(absl::string_view text);

}  // namespace goferctl

#endif  // GOFERD_CLIENTS_GOFERCTL_FLAGS_H_
