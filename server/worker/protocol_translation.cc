#include "server/worker/protocol_translation.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "server/control/bounds.h"
#include "server/control/versions.h"
#include "server/lisafs/handler_table.h"
#include "server/wire/limits.h"
#include "server/wire/message_id.h"

namespace gofer::worker {
namespace {

namespace v1 = ::goferd::worker::v1;
using v1::ConnectionOptions;

constexpr uint32_t kMinMessageSize = 4096;

// Both enums have the same order, but the protocol's begins with "unspecified".
template <typename Ours, typename Theirs>
std::optional<Ours> FromNumber(Theirs value, Ours last) {
  const int number = static_cast<int>(value) - 1;
  if (number < 0 || number > static_cast<int>(last)) return std::nullopt;
  return static_cast<Ours>(number);
}

template <typename Theirs, typename Ours>
Theirs ToNumber(Ours value) {
  return static_cast<Theirs>(static_cast<int>(value) + 1);
}

static_assert(ConnectionOptions::FILES_AND_MOUNT_POINT - 1 ==
              static_cast<int>(lisafs::Donation::kFilesAndMountPoint));
static_assert(ConnectionOptions::ALL - 1 ==
              static_cast<int>(hostfs::HostUds::kAll));
static_assert(ConnectionOptions::CREATE - 1 ==
              static_cast<int>(hostfs::HostUds::kCreate));
static_assert(ConnectionOptions::OPEN_FIFOS - 1 ==
              static_cast<int>(hostfs::HostFifo::kOpen));
static_assert(ConnectionOptions::REFUSE_DEVICES - 1 ==
              static_cast<int>(hostfs::CharDevicePolicy::kRefuse));
static_assert(ConnectionOptions::OPEN_DEVICES - 1 ==
              static_cast<int>(hostfs::CharDevicePolicy::kOpen));
static_assert(ConnectionOptions::BY_LEVEL - 1 ==
              static_cast<int>(hostfs::CharDevicePolicy::kByLevel));
static_assert(ConnectionOptions::AUG_2026 - 1 ==
              static_cast<int>(lisafs::ProtocolLevel::kAug2026));
static_assert(v1::CONNECTION_STATE_ENDED - 1 ==
              static_cast<int>(lisafs::ConnectionState::kEnded));

Failure Malformed(absl::string_view text) {
  return MakeFailure(Failure::MALFORMED, text);
}

}  // namespace

FailureOr<TranslatedOptions> ToConnectionOptions(
    const ConnectionOptions& options, const v1::ServerOptions& server) {
  const auto donation = FromNumber(options.donate_host_fds(),
                                   lisafs::Donation::kFilesAndMountPoint);
  const auto host_uds = FromNumber(options.host_uds(), hostfs::HostUds::kAll);
  const auto host_fifo =
      FromNumber(options.host_fifo(), hostfs::HostFifo::kOpen);
  const auto char_devices = FromNumber(options.character_devices(),
                                       hostfs::CharDevicePolicy::kByLevel);
  const auto level =
      FromNumber(options.protocol_level(), lisafs::ProtocolLevel::kAug2026);
  const std::pair<absl::string_view, bool> known[] = {
      {"donate_host_fds", donation.has_value()},
      {"host_uds", host_uds.has_value()},
      {"host_fifo", host_fifo.has_value()},
      {"character_devices", char_devices.has_value()},
      {"protocol_level", level.has_value()}};
  for (const auto& [field, is_known] : known) {
    if (!is_known) {
      return Malformed(
          absl::StrCat("options.", field, " is unspecified or not known"));
    }
  }
  if (options.max_message_size() < kMinMessageSize ||
      options.max_message_size() > wire::kMaxMessageSize) {
    return Malformed("options.max_message_size is not in 4096..2093056");
  }
  if (options.max_channels() == 0 || options.max_fds() == 0 ||
      options.max_nodes() == 0) {
    return Malformed(
        "options.max_channels, max_fds and max_nodes have to be at least 1");
  }
  if (options.max_channels() > lisafs::ConnectionOptions::kMostChannels) {
    return Malformed("options.max_channels is more than 64");
  }
  TranslatedOptions result;
  lisafs::ConnectionOptions& to = result.connection;
  to = lisafs::ConnectionOptions::ForLevel(*level);
  to.access = options.readonly() ? lisafs::Access::kReadOnly
                                 : lisafs::Access::kReadWrite;
  to.donation = *donation;
  if (server.has_open_on_deleted()) {
    to.open_on_deleted = server.open_on_deleted();
  }
  to.max_message_size = options.max_message_size();
  to.max_channels = options.max_channels();
  to.max_fds = options.max_fds();
  to.max_nodes = options.max_nodes();
  result.host = {.host_uds = *host_uds,
                 .host_fifo = *host_fifo,
                 .char_devices = *char_devices};
  return result;
}

ConnectionOptions FromConnectionOptions(
    const lisafs::ConnectionOptions& options, const hostfs::HostOptions& host) {
  ConnectionOptions result;
  result.set_readonly(options.access == lisafs::Access::kReadOnly);
  result.set_donate_host_fds(
      ToNumber<ConnectionOptions::HostFdDonation>(options.donation));
  result.set_host_uds(ToNumber<ConnectionOptions::HostUds>(host.host_uds));
  result.set_host_fifo(ToNumber<ConnectionOptions::HostFifo>(host.host_fifo));
  result.set_character_devices(
      ToNumber<ConnectionOptions::CharacterDevices>(host.char_devices));
  result.set_protocol_level(
      ToNumber<ConnectionOptions::ProtocolLevel>(options.level));
  result.set_max_message_size(options.max_message_size);
  result.set_max_channels(options.max_channels);
  result.set_max_fds(options.max_fds);
  result.set_max_nodes(options.max_nodes);
  return result;
}

lisafs::ServerOptions ToServerOptions(const v1::ServerOptions& options) {
  return {.walk_stat_supported = options.walk_stat_supported(),
          .set_attr_on_deleted = options.set_attr_on_deleted(),
          .allocate_on_deleted = options.allocate_on_deleted()};
}

v1::ConnectionState FromState(lisafs::ConnectionState state) {
  return ToNumber<v1::ConnectionState>(state);
}

v1::EndReason FromEndReason(lisafs::EndReason reason) {
  switch (reason) {
    case lisafs::EndReason::kNone:
      return v1::END_REASON_UNSPECIFIED;
    case lisafs::EndReason::kClientEof:
      return v1::END_REASON_CLIENT_EOF;
    case lisafs::EndReason::kAdminStop:
      return v1::END_REASON_ADMIN_STOP;
    case lisafs::EndReason::kProtocolError:
      return v1::END_REASON_PROTOCOL_ERROR;
    case lisafs::EndReason::kSocketError:
      return v1::END_REASON_SOCKET_ERROR;
    case lisafs::EndReason::kQuota:
      return v1::END_REASON_QUOTA;
    case lisafs::EndReason::kServerShutdown:
      return v1::END_REASON_SERVER_SHUTDOWN;
    case lisafs::EndReason::kInternalError:
      return v1::END_REASON_INTERNAL_ERROR;
    case lisafs::EndReason::kAttachTimeout:
      return v1::END_REASON_ATTACH_TIMEOUT;
    case lisafs::EndReason::kRule:
      return v1::END_REASON_RULE_DISCONNECT;
  }
  return v1::END_REASON_UNSPECIFIED;
}

std::optional<lisafs::EndReason> ToStopReason(v1::EndReason reason) {
  switch (reason) {
    case v1::END_REASON_ADMIN_STOP:
      return lisafs::EndReason::kAdminStop;
    case v1::END_REASON_SERVER_SHUTDOWN:
      return lisafs::EndReason::kServerShutdown;
    case v1::END_REASON_ATTACH_TIMEOUT:
      return lisafs::EndReason::kAttachTimeout;
    default:
      return std::nullopt;
  }
}

std::optional<lisafs::StopMode> ToStopMode(v1::StopConnection::Mode mode) {
  return FromNumber(mode, lisafs::StopMode::kAbort);
}

std::optional<absl::string_view> ToLogLevel(v1::LogLevel level) {
  switch (level) {
    case v1::LOG_LEVEL_DEBUG:
      return "debug";
    case v1::LOG_LEVEL_INFO:
      return "info";
    case v1::LOG_LEVEL_WARNING:
      return "warning";
    case v1::LOG_LEVEL_ERROR:
      return "error";
    case v1::LOG_LEVEL_OFF:
      return "off";
    default:
      return std::nullopt;
  }
}

void AddSupportedMids(v1::BootstrapResult& result) {
  const auto& stock = lisafs::HandlerTable::Stock();
  for (uint16_t mid = 0; mid < wire::kMessageIdCount; ++mid) {
    if (stock->Find(mid) != nullptr) result.add_supported_mids(mid);
  }
}

static_assert(control::kFewestServerFds == 64, "kLimitBounds says so");

bool AreSane(const v1::ServerLimits& limits) {
  return limits.max_connections() >= 1 &&
         limits.max_fds() >= control::kFewestServerFds;
}

Failure IncompatibleFailure(const v1::Party& goferd) {
  return MakeFailure(
      Failure::INCOMPATIBLE,
      absl::StrCat("the gofer speaks versions ", control::kMinProtocolVersion,
                   " to ", control::kMaxProtocolVersion,
                   " of the worker protocol, goferd ",
                   goferd.min_protocol_version(), " to ",
                   goferd.max_protocol_version()));
}

}  // namespace gofer::worker
