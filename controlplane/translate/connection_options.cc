#include "controlplane/translate/connection_options.h"

#include <algorithm>
#include <functional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace goferd::translate {
namespace {

using Admin = admin::ConnectionOptions;
using Worker = worker::v1::ConnectionOptions;

constexpr int32_t kMaxMessageSize = 2093056;
constexpr int32_t kDefaultFds = 65536;
constexpr int32_t kDefaultNodes = 131072;

// gVisor's server allows so many channels.
int32_t DefaultChannels() {
  return std::clamp(static_cast<int32_t>(std::thread::hardware_concurrency()),
                    2, 4);
}

// ToWorker and ToAdmin cast numbers of these enums: if the two protocols
// disagreed, a gofer would do something else than was asked for.
static_assert(int{Admin::NO_FDS} == int{Worker::NO_FDS});
static_assert(int{Admin::FILES} == int{Worker::FILES});
static_assert(int{Admin::FILES_AND_MOUNT_POINT} ==
              int{Worker::FILES_AND_MOUNT_POINT});
static_assert(int{Admin::NONE} == int{Worker::NONE});
static_assert(int{Admin::OPEN} == int{Worker::OPEN});
static_assert(int{Admin::CREATE} == int{Worker::CREATE});
static_assert(int{Admin::ALL} == int{Worker::ALL});
static_assert(int{Admin::REFUSE_FIFOS} == int{Worker::REFUSE_FIFOS});
static_assert(int{Admin::OPEN_FIFOS} == int{Worker::OPEN_FIFOS});
static_assert(int{Admin::REFUSE_DEVICES} == int{Worker::REFUSE_DEVICES});
static_assert(int{Admin::OPEN_DEVICES} == int{Worker::OPEN_DEVICES});
static_assert(int{Admin::NOV_2023} == int{Worker::NOV_2023});
static_assert(int{Admin::AUG_2026} == int{Worker::AUG_2026});

// The admin API does not have BY_LEVEL, so that its effect is named instead.
Admin::CharacterDevices DevicesToAdmin(const Worker& options) {
  switch (options.character_devices()) {
    case Worker::REFUSE_DEVICES:
    case Worker::OPEN_DEVICES:
      return static_cast<Admin::CharacterDevices>(options.character_devices());
    default:
      return options.protocol_level() == Worker::AUG_2026
                 ? Admin::REFUSE_DEVICES
                 : Admin::OPEN_DEVICES;
  }
}

// What a client may do with host sockets, as bits: bind and connect.
unsigned BitsOf(Admin::HostUds uds) {
  return static_cast<unsigned>(uds) - static_cast<unsigned>(Admin::NONE);
}
static_assert(int{Admin::OPEN} - int{Admin::NONE} == 1);
static_assert(int{Admin::CREATE} - int{Admin::NONE} == 2);
static_assert(int{Admin::ALL} - int{Admin::NONE} == 3);

// Lowers one option after the other.
class Limiter {
 public:
  // Leaves an option that is `asked` for; otherwise calls `lower`.
  template <class Lower>
  void Limit(const char* field, bool exceeds, bool asked, std::string most,
             Lower lower) {
    if (!exceeds) return;
    if (asked) {
      exceeded_.push_back({field, std::move(most)});
    } else {
      lower();
    }
  }
  void LimitNumber(const char* field, int32_t value, int32_t asked,
                   int32_t most, const std::function<void(int32_t)>& set) {
    Limit(field, most != 0 && value > most, asked != 0, std::to_string(most),
          [&] { set(most); });
  }
  std::vector<ExceededOption> TakeExceeded() { return std::move(exceeded_); }

 private:
  std::vector<ExceededOption> exceeded_;
};

}  // namespace

std::vector<ExceededOption> LimitOptions(const Admin& asked,
                                         const Admin& maxima, Admin& options) {
  Limiter limiter;
  limiter.Limit("readonly", maxima.readonly() && !options.readonly(),
                asked.has_readonly(), "true",
                [&] { options.set_readonly(true); });
  limiter.Limit("donate_host_fds",
                maxima.donate_host_fds() != 0 &&
                    options.donate_host_fds() > maxima.donate_host_fds(),
                asked.donate_host_fds() != 0,
                Admin::HostFdDonation_Name(maxima.donate_host_fds()),
                [&] { options.set_donate_host_fds(maxima.donate_host_fds()); });
  if (maxima.host_uds() != Admin::HOST_UDS_UNSPECIFIED) {
    const unsigned bits = BitsOf(options.host_uds());
    const unsigned allowed = bits & BitsOf(maxima.host_uds());
    limiter.Limit("host_uds", allowed != bits, asked.host_uds() != 0,
                  Admin::HostUds_Name(maxima.host_uds()), [&] {
                    options.set_host_uds(static_cast<Admin::HostUds>(
                        allowed + static_cast<unsigned>(Admin::NONE)));
                  });
  }
  limiter.Limit(
      "host_fifo",
      maxima.host_fifo() != 0 && options.host_fifo() > maxima.host_fifo(),
      asked.host_fifo() != 0, Admin::HostFifo_Name(maxima.host_fifo()),
      [&] { options.set_host_fifo(maxima.host_fifo()); });
  limiter.Limit("character_devices",
                maxima.character_devices() != 0 &&
                    options.character_devices() > maxima.character_devices(),
                asked.character_devices() != 0,
                Admin::CharacterDevices_Name(maxima.character_devices()), [&] {
                  options.set_character_devices(maxima.character_devices());
                });
  limiter.LimitNumber("max_message_size", options.max_message_size(),
                      asked.max_message_size(), maxima.max_message_size(),
                      [&](int32_t n) { options.set_max_message_size(n); });
  limiter.LimitNumber("max_channels", options.max_channels(),
                      asked.max_channels(), maxima.max_channels(),
                      [&](int32_t n) { options.set_max_channels(n); });
  limiter.LimitNumber("max_fds", options.max_fds(), asked.max_fds(),
                      maxima.max_fds(),
                      [&](int32_t n) { options.set_max_fds(n); });
  limiter.LimitNumber("max_nodes", options.max_nodes(), asked.max_nodes(),
                      maxima.max_nodes(),
                      [&](int32_t n) { options.set_max_nodes(n); });
  return limiter.TakeExceeded();
}

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
  if (complete.max_channels() == 0) {
    complete.set_max_channels(DefaultChannels());
  }
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

Worker ToWorker(const Admin& options) {
  Worker to;
  to.set_readonly(options.readonly());
  to.set_donate_host_fds(
      static_cast<Worker::HostFdDonation>(options.donate_host_fds()));
  to.set_host_uds(static_cast<Worker::HostUds>(options.host_uds()));
  to.set_host_fifo(static_cast<Worker::HostFifo>(options.host_fifo()));
  to.set_character_devices(
      static_cast<Worker::CharacterDevices>(options.character_devices()));
  to.set_protocol_level(
      static_cast<Worker::ProtocolLevel>(options.protocol_level()));
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
      static_cast<Admin::HostFdDonation>(options.donate_host_fds()));
  to.set_host_uds(static_cast<Admin::HostUds>(options.host_uds()));
  to.set_host_fifo(static_cast<Admin::HostFifo>(options.host_fifo()));
  to.set_character_devices(DevicesToAdmin(options));
  to.set_protocol_level(
      static_cast<Admin::ProtocolLevel>(options.protocol_level()));
  to.set_max_message_size(static_cast<int32_t>(options.max_message_size()));
  to.set_max_channels(static_cast<int32_t>(options.max_channels()));
  to.set_max_fds(static_cast<int32_t>(options.max_fds()));
  to.set_max_nodes(static_cast<int32_t>(options.max_nodes()));
  return to;
}

admin::Connection::MountFd FirstMountFd(const Admin& options) {
  return options.donate_host_fds() == Admin::FILES_AND_MOUNT_POINT
             ? admin::Connection::POSSIBLE
             : admin::Connection::WITHHELD;
}

}  // namespace goferd::translate
