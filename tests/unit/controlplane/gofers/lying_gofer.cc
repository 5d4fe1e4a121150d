#include "tests/unit/controlplane/gofers/lying_gofer.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "server/base/check.h"

namespace goferd::gofers {
namespace {

using gofer::base::MutexLock;
using gofer::base::UniqueFd;

constexpr uint64_t kSendNs = 20'000'000'000;
constexpr int kPartConnections = 5000;

UniqueFd Listen(const std::string& path) {
  UniqueFd socket(
      ::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  GOFER_CHECK(path.size() < sizeof(address.sun_path));
  std::memcpy(address.sun_path, path.data(), path.size());
  GOFER_CHECK(::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address),
                     sizeof(address)) == 0);
  GOFER_CHECK(::listen(socket.get(), 16) == 0);
  return socket;
}

}  // namespace

LyingGofer::LyingGofer(const std::string& socket_path)
    : listener_(Listen(socket_path)),
      wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  adopt_.mutable_bootstrap()->mutable_party()->set_release("fake");
  for (const auto capability :
       {wire::CAPABILITY_NEW_CONNECTIONS, wire::CAPABILITY_RULES,
        wire::CAPABILITY_LIMITS, wire::CAPABILITY_STATS}) {
    adopt_.mutable_bootstrap()->mutable_party()->add_capabilities(capability);
  }
  thread_ = *gofer::base::Thread::Start("lying-gofer", [this] { Run(); });
}

LyingGofer::~LyingGofer() {
  {
    MutexLock lock(mu_);
    stopping_ = true;
  }
  Wake();
  thread_.Join();
}

void LyingGofer::Wake() {
  const uint64_t one = 1;
  (void)!::write(wake_.get(), &one, sizeof(one));
}

void LyingGofer::SetManner(Manner manner) {
  MutexLock lock(mu_);
  manner_ = manner;
  if (manner != Manner::kHonest) return;
  for (const auto& request : std::exchange(unanswered_, {})) Answer(request);
}

void LyingGofer::Edit(const std::function<void(wire::AdoptResult&)>& edit) {
  MutexLock lock(mu_);
  edit(adopt_);
}

void LyingGofer::HangUp() {
  MutexLock lock(mu_);
  unanswered_.clear();
  peer_.reset();
}

void LyingGofer::Emit(wire::Event event) {
  wire::FromGofer message;
  *message.mutable_event() = std::move(event);
  MutexLock lock(mu_);
  Send(message);
}

std::vector<std::chrono::steady_clock::time_point> LyingGofer::AwaitAdoptions(
    size_t count) {
  MutexLock lock(mu_);
  while (adoptions_.size() < count) changed_.Wait(mu_);
  return adoptions_;
}

size_t LyingGofer::CountRequests(
    const std::function<bool(const wire::ToGofer&)>& wanted) {
  MutexLock lock(mu_);
  return static_cast<size_t>(
      std::count_if(requests_.begin(), requests_.end(), wanted));
}

void LyingGofer::Run() {
  while (true) {
    pollfd polled[3] = {{wake_.get(), POLLIN, 0},
                        {listener_.get(), POLLIN, 0},
                        {-1, POLLIN, 0}};
    {
      MutexLock lock(mu_);
      if (stopping_) return;
      if (peer_ != nullptr) polled[2].fd = peer_->fd();
    }
    ::poll(polled, 3, 100);
    uint64_t wakes;
    (void)!::read(wake_.get(), &wakes, sizeof(wakes));
    UniqueFd accepted(::accept4(listener_.get(), nullptr, nullptr,
                                SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (accepted) {
      MutexLock lock(mu_);
      unanswered_.clear();
      peer_ =
          std::make_unique<gofer::control::ControlChannel>(std::move(accepted));
    }
    TakeRequests();
  }
}

void LyingGofer::TakeRequests() {
  MutexLock lock(mu_);
  while (peer_ != nullptr) {
    auto frame = peer_->Receive();
    if (!frame.ok()) {
      if (frame.error() != gofer::base::Errno(EAGAIN)) peer_.reset();
      return;
    }
    wire::ToGofer request;
    GOFER_CHECK(request.ParseFromString(frame->bytes));
    requests_.push_back(request);
    Remember(request);
    if (request.has_adopt()) {
      adoptions_.push_back(std::chrono::steady_clock::now());
      changed_.NotifyAll();
    }
    if (manner_ == Manner::kSilent) {
      unanswered_.push_back(std::move(request));
      continue;
    }
    Answer(request);
    if (manner_ == Manner::kFickle) peer_.reset();
  }
}

void LyingGofer::Remember(const wire::ToGofer& request) {
  if (request.has_start_connection()) {
    const auto& start = request.start_connection();
    auto& connection = *adopt_.add_connections();
    connection.set_uid(start.uid());
    connection.set_connection_id(start.connection_id());
    connection.set_mount_path(start.mount_path());
    *connection.mutable_options() = start.options();
    connection.set_state(wire::CONNECTION_STATE_PENDING_ATTACH);
    connection.set_daemon_data(start.daemon_data());
  }
  if (request.has_change_rules()) {
    for (const auto& rule : request.change_rules().upsert()) {
      *adopt_.add_rules() = rule;
    }
  }
}

void LyingGofer::Answer(const wire::ToGofer& request) {
  wire::FromGofer message;
  wire::Response& response = *message.mutable_response();
  response.set_request_id(request.request_id());
  if (manner_ == Manner::kIncompatible) {
    response.mutable_failure()->set_code(wire::Failure::INCOMPATIBLE);
  } else if (request.has_adopt()) {
    return SendAdopt(request.request_id());
  } else if (request.has_list_rules()) {
    *response.mutable_rules()->mutable_rules() = adopt_.rules();
  } else if (request.has_get_stats()) {
    response.mutable_stats()->add_stats();
  }
  Send(message);
}

void LyingGofer::SendAdopt(uint64_t request_id) {
  wire::FromGofer message;
  wire::Response& response = *message.mutable_response();
  response.set_request_id(request_id);
  wire::AdoptResult& part = *response.mutable_adopt();
  part = adopt_;
  part.clear_connections();
  for (const auto& connection : adopt_.connections()) {
    if (part.connections_size() == kPartConnections) {
      response.set_more(true);
      Send(message);
      response.set_more(false);
      part.Clear();
    }
    *part.add_connections() = connection;
  }
  Send(message);
}

void LyingGofer::Send(const wire::FromGofer& message) {
  if (peer_ == nullptr) return;
  // A failure does not matter: goferd may have hung up.
  (void)peer_->Send(message.SerializeAsString(), {}, kSendNs);
}

}  // namespace goferd::gofers
