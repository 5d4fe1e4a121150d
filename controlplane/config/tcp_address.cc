#include "controlplane/config/tcp_address.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include "absl/strings/numbers.h"
#include "absl/strings/strip.h"

namespace goferd::config {
namespace {

constexpr uint32_t kLoopbackNet = 127;

std::optional<bool> IsLoopbackV4(const std::string& host) {
  in_addr address{};
  if (::inet_pton(AF_INET, host.c_str(), &address) != 1) return std::nullopt;
  return ntohl(address.s_addr) >> 24 == kLoopbackNet;
}

std::optional<bool> IsLoopbackV6(const std::string& host) {
  in6_addr address{};
  if (::inet_pton(AF_INET6, host.c_str(), &address) != 1) return std::nullopt;
  return IN6_IS_ADDR_LOOPBACK(&address) != 0;
}

}  // namespace

std::optional<TcpAddress> ParseTcpAddress(absl::string_view text) {
  const size_t colon = text.rfind(':');
  if (colon == absl::string_view::npos) return std::nullopt;
  absl::string_view host = text.substr(0, colon);
  uint32_t port = 0;
  if (!absl::SimpleAtoi(text.substr(colon + 1), &port) || port > UINT16_MAX) {
    return std::nullopt;
  }
  const bool in_brackets =
      absl::ConsumePrefix(&host, "[") && absl::ConsumeSuffix(&host, "]");
  TcpAddress address{std::string(host), static_cast<uint16_t>(port), false};
  const auto is_loopback =
      in_brackets ? IsLoopbackV6(address.host) : IsLoopbackV4(address.host);
  if (!is_loopback) return std::nullopt;
  address.is_loopback = *is_loopback;
  return address;
}

}  // namespace goferd::config
