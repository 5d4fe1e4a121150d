#include "clients/admin/channel.h"

#include <cerrno>
#include <fstream>
#include <sstream>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "grpcpp/create_channel.h"
#include "grpcpp/security/credentials.h"
#include "grpcpp/support/channel_arguments.h"

namespace goferd::client {
namespace {

constexpr int kKeepaliveMs = 60'000;
constexpr int kKeepaliveTimeoutMs = 20'000;
constexpr int kMaxReconnectMs = 5'000;
constexpr int kMaxReceiveBytes = 16 << 20;

absl::StatusOr<std::string> ReadFile(const std::string& path) {
  if (path.empty()) return std::string();
  std::ifstream file(path);
  std::ostringstream text;
  errno = 0;
  if (!file || !(text << file.rdbuf())) {
    return absl::ErrnoToStatus(errno != 0 ? errno : EIO,
                               absl::StrCat("TLS file ", path));
  }
  // gRPC would only say that it cannot connect, not that the file is at fault.
  if (!absl::StrContains(text.str(), "-----BEGIN ")) {
    return absl::InvalidArgumentError(
        absl::StrCat("TLS file ", path, ": the file holds no PEM block"));
  }
  return text.str();
}

absl::StatusOr<std::shared_ptr<grpc::ChannelCredentials>> TlsCredentials(
    const TlsFiles& tls) {
  grpc::SslCredentialsOptions options;
  const auto ca = ReadFile(tls.ca);
  if (!ca.ok()) return ca.status();
  const auto certificate = ReadFile(tls.certificate);
  if (!certificate.ok()) return certificate.status();
  const auto key = ReadFile(tls.key);
  if (!key.ok()) return key.status();
  options.pem_root_certs = *ca;
  options.pem_cert_chain = *certificate;
  options.pem_private_key = *key;
  return grpc::SslCredentials(options);
}

}  // namespace

absl::StatusOr<std::shared_ptr<grpc::Channel>> MakeChannel(
    const Endpoint& endpoint) {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, kKeepaliveMs);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, kKeepaliveTimeoutMs);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, kMaxReconnectMs);
  arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);
  // Several nodes of one test, or a restarted one, must not share a connection.
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetMaxReceiveMessageSize(kMaxReceiveBytes);
  arguments.SetUserAgentPrefix("goferd-client");
  if (endpoint.tls().ca.empty()) {
    return grpc::CreateCustomChannel(
        endpoint.target(), grpc::InsecureChannelCredentials(), arguments);
  }
  if (!endpoint.tls().server_name.empty()) {
    arguments.SetSslTargetNameOverride(endpoint.tls().server_name);
  }
  auto credentials = TlsCredentials(endpoint.tls());
  if (!credentials.ok()) return credentials.status();
  return grpc::CreateCustomChannel(endpoint.target(), *credentials, arguments);
}

}  // namespace goferd::client
