#include "controlplane/daemon/tcp_credentials.h"

#include <fcntl.h>
#include <grpcpp/security/tls_certificate_provider.h>
#include <grpcpp/security/tls_credentials_options.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string>

#include "absl/strings/str_cat.h"
#include "controlplane/auth/transport_identity.h"
#include "server/base/unique_fd.h"

namespace goferd::daemon {
namespace {

using auth::TransportIdentity;

absl::Status CheckReadable(const std::string& path) {
  const gofer::base::UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat(path, ": cannot be read: ", std::strerror(errno)));
}

std::shared_ptr<grpc::ServerCredentials> Tls(
    const config::v1::TlsConfig& config) {
  namespace experimental = grpc::experimental;
  const auto interval = static_cast<unsigned>(
      std::max<int64_t>(config.refresh_interval().seconds(), 1));
  auto files = std::make_shared<experimental::FileWatcherCertificateProvider>(
      config.private_key_file(), config.certificate_file(),
      config.client_ca_file(), interval);
  experimental::TlsServerCredentialsOptions options(std::move(files));
  options.watch_root_certs();
  options.watch_identity_key_cert_pairs();
  options.set_cert_request_type(
      GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
  return experimental::TlsServerCredentials(options);
}

}  // namespace

absl::StatusOr<std::shared_ptr<grpc::ServerCredentials>> TcpCredentials(
    const config::v1::TcpListener& config, const auth::RoleBook& book) {
  TransportIdentity::Properties properties;
  std::shared_ptr<grpc::ServerCredentials> credentials;
  if (config.has_tls()) {
    for (const std::string* path :
         {&config.tls().certificate_file(), &config.tls().private_key_file(),
          &config.tls().client_ca_file()}) {
      if (auto status = CheckReadable(*path); !status.ok()) return status;
    }
    properties = TransportIdentity::OfCertificate();
    credentials = Tls(config.tls());
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
