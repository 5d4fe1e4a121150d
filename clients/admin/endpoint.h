// Endpoint: where an admin API is, and how to talk to it.

#ifndef GOFERD_CLIENTS_ADMIN_ENDPOINT_H_
#define GOFERD_CLIENTS_ADMIN_ENDPOINT_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace goferd::client {

// Where goferd listens unless its configuration says otherwise.
inline constexpr absl::string_view kDefaultEndpoint =
    "unix:/run/goferd/admin.sock";

// Paths of PEM files.
struct TlsFiles {
  // The authority that signed the server's certificate. Empty: no TLS.
  std::string ca = {};
  std::string certificate = {};  // Our certificate, which goferd asks for.
  std::string key = {};          // The key of our certificate.
  // The name in the server's certificate. Empty: the endpoint's host.
  std::string server_name = {};
};

// A checked address. A value.
class Endpoint {
 public:
  // `text` is one of
  //   unix:/path, unix:///path, /path   a UNIX socket
  //   host:port, [ipv6]:port            TCP; with TLS when `tls.ca` is set
  // Errors: INVALID_ARGUMENT, also for TCP to another host than this one
  // without TLS, and for TLS files that are given in part. Files are not
  // opened.
  static absl::StatusOr<Endpoint> Parse(absl::string_view text,
                                        const TlsFiles& tls = {});

  // The address in the form that gRPC takes.
  const std::string& target() const { return target_; }
  // The address as it was given, by which people know it.
  const std::string& text() const { return text_; }
  bool is_unix() const { return is_unix_; }
  // Without `ca`: no TLS.
  const TlsFiles& tls() const { return tls_; }

 private:
  Endpoint() = default;
  static absl::StatusOr<Endpoint> ParseTcp(absl::string_view text,
                                           const TlsFiles& tls);

  std::string text_;
  std::string target_;
  bool is_unix_ = false;
  TlsFiles tls_;
};

}  // namespace goferd::client

#endif  // GOFERD_CLIENTS_ADMIN_ENDPOINT_H_
