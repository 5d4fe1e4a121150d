#include "clients/admin/endpoint.h"

#include <sys/un.h>

#include <cstdint>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace goferd::client {
namespace {

constexpr size_t kMaxSocketPath = sizeof(sockaddr_un::sun_path) - 1;

absl::Status Wrong(absl::string_view text, absl::string_view what) {
  return absl::InvalidArgumentError(
      absl::StrCat("endpoint \"", text, "\": ", what));
}

// gRPC would resolve any name that ends in a dot or is in /etc/hosts. Only
// hosts that cannot be another machine count, lest plaintext leaves this host.
bool IsLoopback(absl::string_view host) {
  return host == "localhost" || host == "::1" ||
         (absl::StartsWith(host, "127.") &&
          host.find_first_not_of("0123456789.") == absl::string_view::npos);
}

bool SplitHostAndPort(absl::string_view text, absl::string_view* host,
                      absl::string_view* port) {
  const size_t colon = text.rfind(':');
  if (colon == absl::string_view::npos) return false;
  *host = text.substr(0, colon);
  *port = text.substr(colon + 1);
  if (absl::ConsumePrefix(host, "[")) return absl::ConsumeSuffix(host, "]");
  return host->find(':') == absl::string_view::npos;
}

absl::Status CheckTls(absl::string_view text, const TlsFiles& tls) {
  if (tls.certificate.empty() != tls.key.empty()) {
    return Wrong(text, "a certificate and its key must be given together");
  }
  if (tls.ca.empty() && (!tls.key.empty() || !tls.server_name.empty())) {
    return Wrong(text, "TLS needs the file of the authority (CA) as well");
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Endpoint> Endpoint::Parse(absl::string_view text,
                                         const TlsFiles& tls) {
  absl::string_view path = text;
  const bool has_scheme = absl::ConsumePrefix(&path, "unix:");
  if (!has_scheme && !absl::StartsWith(path, "/")) return ParseTcp(text, tls);
  absl::ConsumePrefix(&path, "//");
  if (!absl::StartsWith(path, "/")) {
    return Wrong(text, "the path of a UNIX socket must be absolute");
  }
  if (path.size() > kMaxSocketPath) {
    return Wrong(text, absl::StrCat("the path of a UNIX socket has at most ",
                                    kMaxSocketPath, " bytes"));
  }
  Endpoint endpoint;
  endpoint.text_ = std::string(text);
  endpoint.target_ = absl::StrCat("unix:", path);
  endpoint.is_unix_ = true;
  return endpoint;
}

absl::StatusOr<Endpoint> Endpoint::ParseTcp(absl::string_view text,
                                            const TlsFiles& tls) {
  absl::string_view host;
  absl::string_view port;
  if (!SplitHostAndPort(text, &host, &port) || host.empty()) {
    return Wrong(
        text,
        "the address is neither unix:/path nor host:port nor [ipv6]:port");
  }
  if (host.find_first_of("/%@ \t") != absl::string_view::npos) {
    return Wrong(text, "the host must be a name or an address");
  }
  uint32_t number = 0;
  if (!absl::SimpleAtoi(port, &number) || number == 0 || number > 65535) {
    return Wrong(text, "the port must be a number from 1 to 65535");
  }
  if (auto checked = CheckTls(text, tls); !checked.ok()) return checked;
  if (tls.ca.empty() && !IsLoopback(host)) {
    return Wrong(text,
                 "without TLS only this host (localhost, 127.0.0.1, [::1]) can "
                 "be reached: give the TLS files");
  }
  Endpoint endpoint;
  endpoint.text_ = std::string(text);
  endpoint.target_ = absl::StrCat("dns:///", text);
  endpoint.tls_ = tls;
  return endpoint;
}

}  // namespace goferd::client
