#include "controlplane/translate/connection_options.h"

#include <algorithm>
#include <thread>

namespace goferd::translate {
namespace {

using Admin = admin::ConnectionOptions;
using Worker = worker::v1::ConnectionOptions;

constexpr int32_t kMaxMessageSize = 2093056;
constexpr int32_t kDefaultFds = 65536;
constexpr int32_t kDefaultNodes = 131072;

// What gVisor's server allows.
int32_t DefaultChannels() {
  return std::clamp(static_cast<int32_t>(std::thread::hardware_concurrency()),
                    2, 4);
}

Worker::CharDevicePolicy DevicesToWorker(Admin::CharacterDevices devices) {
  switch (devices) {
    case Admin::REFUSE_DEVICES:
      return Worker::REFUSE_DEVICES;
    case Admin::OPEN_DEVICES:
      return Worker::OPEN_DEVICES;
    default:
      return Worker::BY_LEVEL;
  }
}

Admin::CharacterDevices DevicesToAdmin(const Worker& options) {
  switch (options.char_devices()) {
    case Worker::REFUSE_DEVICES:
      return Admin::REFUSE_DEVICES;
    case Worker::OPEN_DEVICES:
      return Admin::OPEN_DEVICES;
    default:
      return options.level() == Worker::AUG_2026 ? Admin::REFUSE_DEVICES
                                                 : Admin::OPEN_DEVICES;
  }
}

}  // namespace

Admin CompleteOptions(const Admin& options, const Admin& defaults,
                      int32_t max_fds) {
  // Fields without presence are merged when they are not zero.
  Admin complete = defaults;
  complete.MergeFrom(options);
  if (!complete.has_readonly()) complete.set_readonly(false);
  if (complete.donate_host_fds() == Admin::HOST_FD_DONATION_UNSPECIFIED) {
    complete.set_donate_host_fds(Admin::FILES);
  }
  if (complete.host_uds() == Admin::HOST_UDS_UNSPECIFIED) {
    complete.set_host_uds(Admin::NONE);
  }
  if (complete.host_fifo() == Admin::HOST_FIFO_UNSPECIFIED) {
    complete.set_host_fifo(Admin::REFUSE_FIFOS);
  }
  if (complete.protocol_level() == Admin::PROTOCOL_LEVEL_UNSPECIFIED) {
    complete.set_protocol_level(Admin::NOV_2023);
  }
  if (complete.character_devices() == Admin::CHARACTER_DEVICES_UNSPECIFIED) {
    complete.set_character_devices(complete.protocol_level() == Admin::AUG_2026
                                       ? Admin::REFUSE_DEVICES
                                       : Admin::OPEN_DEVICES);
  }
  if (complete.max_message_size() == 0) {
    complete.set_max_message_size(kMaxMessageSize);
  }
  if (complete.max_channels() == 0)
    complete.set_max_channels(DefaultChannels());
  if (complete.max_fds() == 0) {
    complete.set_max_fds(std::min(kDefaultFds, max_fds));
  }
  if (complete.max_nodes() == 0) complete.set_max_nodes(kDefaultNodes);
  return complete;
}

Admin CompleteDefaults(const Admin& options, const Admin& defaults) {
  Admin given = defaults;
  given.MergeFrom(options);
  Admin complete = CompleteOptions(given, {}, kDefaultFds);
  complete.set_character_devices(given.character_devices());
  complete.set_max_fds(given.max_fds());
  return complete;
}

// The enums of both sides have the same numbers, but for devices.
Worker ToWorker(const Admin& options) {
  Worker to;
  to.set_readonly(options.readonly());
  to.set_donation(static_cast<Worker::Donation>(options.donate_host_fds()));
  to.set_host_uds(static_cast<Worker::HostUds>(options.host_uds()));
  to.set_host_fifo(static_cast<Worker::HostFifo>(options.host_fifo()));
  to.set_char_devices(DevicesToWorker(options.character_devices()));
  to.set_level(static_cast<Worker::ProtocolLevel>(options.protocol_level()));
  to.set_max_message_size(static_cast<uint32_t>(options.max_message_size()));
  to.set_max_channels(static_cast<uint32_t>(options.max_channels()));
  to.set_max_fds(static_cast<uint32_t>(options.max_fds()));
  to.set_max_nodes(static_cast<uint32_t>(options.max_nodes()));
  return to;
}

Admin ToAdmin(const Worker& options) {
  Admin to;
  to.set_readonly(options.readonly());
  to.set_donate_host_fds(
      static_cast<Admin::HostFdDonation>(options.donation()));
  to.set_host_uds(static_cast<Admin::HostUds>(options.host_uds()));
  to.set_host_fifo(static_cast<Admin::HostFifo>(options.host_fifo()));
  to.set_character_devices(DevicesToAdmin(options));
  to.set_protocol_level(static_cast<Admin::ProtocolLevel>(options.level()));
  to.set_max_message_size(static_cast<int32_t>(options.max_message_size()));
  to.set_max_channels(static_cast<int32_t>(options.max_channels()));
  to.set_max_fds(static_cast<int32_t>(options.max_fds()));
  to.set_max_nodes(static_cast<int32_t>(options.max_nodes()));
  return to;
}

}  // namespace goferd::translate
