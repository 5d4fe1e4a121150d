#include "controlplane/daemon/tcp_credentials.h"

#include <grpcpp/security/tls_certificate_provider.h>
#include <grpcpp/security/tls_credentials_options.h>

#include "controlplane/auth/transport_identity.h"

namespace goferd::daemon {
namespace {

using auth::TransportIdentity;

// How soon gRPC sees what TlsFiles has put in place.
constexpr unsigned kWatchSeconds = 1;

std::shared_ptr<grpc::ServerCredentials> Tls(const TlsFiles& tls) {
  namespace experimental = grpc::experimental;
  auto files = std::make_shared<experimental::FileWatcherCertificateProvider>(
      tls.identity_path(), tls.identity_path(), tls.client_ca_path(),
      kWatchSeconds);
  experimental::TlsServerCredentialsOptions options(std::move(files));
  options.watch_root_certs();
  options.watch_identity_key_cert_pairs();
  options.set_cert_request_type(
      GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
  return experimental::TlsServerCredentials(options);
}

}  // namespace

std::shared_ptr<grpc::ServerCredentials> TcpCredentials(
    const config::v1::TcpListener& config, const auth::RoleBook& book,
    const TlsFiles* tls) {
  TransportIdentity::Properties properties;
  std::shared_ptr<grpc::ServerCredentials> credentials;
  if (tls != nullptr) {
    properties = TransportIdentity::OfCertificate();
    credentials = Tls(*tls);
  } else {
    properties =
        TransportIdentity::OfLoopback(config.plaintext_loopback_role());
    credentials = grpc::experimental::LocalServerCredentials(LOCAL_TCP);
  }
  credentials->SetAuthMetadataProcessor(
      std::make_shared<TransportIdentity>(book, std::move(properties)));
  return credentials;
}

}  // namespace goferd::daemon
