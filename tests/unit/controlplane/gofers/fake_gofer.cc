#include "tests/unit/controlplane/gofers/fake_gofer.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <utility>

#include "server/base/check.h"

namespace goferd::gofers {

using gofer::base::MutexLock;
using gofer::base::UniqueFd;

constexpr eventfd_t kEnd = 1 << 20;
constexpr uint64_t kSendNs = 10'000'000'000;

FakeGofer::FakeGofer(const std::string& socket_path, wire::AdoptResult adopt)
    : listener_(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0)),
      orders_(::eventfd(0, EFD_CLOEXEC)),
      adopt_(std::move(adopt)) {
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  GOFER_CHECK(socket_path.size() < sizeof(address.sun_path));
  socket_path.copy(address.sun_path, sizeof(address.sun_path) - 1);
  GOFER_CHECK(::bind(listener_.get(), reinterpret_cast<sockaddr*>(&address),
                     sizeof(address)) == 0);
  GOFER_CHECK(::listen(listener_.get(), 8) == 0);
  for (const uint32_t mid : adopt_.bootstrap().supported_mids()) {
    wire::Handler& row = *table_.add_handlers();
    row.set_mid(mid);
    row.set_implementation("stock");
    row.add_available_implementations("stock");
    row.add_available_implementations("other");
  }
  table_.set_generation(1);
  thread_ = *gofer::base::Thread::Start("fake-gofer", [this] { Run(); });
}

FakeGofer::~FakeGofer() {
  GOFER_CHECK(::eventfd_write(orders_.get(), kEnd) == 0);
  thread_.Join();
}

void FakeGofer::HangUp() {
  GOFER_CHECK(::eventfd_write(orders_.get(), 1) == 0);
}

void FakeGofer::OnRequest(Answer answer) {
  MutexLock lock(mu_);
  answer_ = std::move(answer);
}

std::vector<wire::ToGofer> FakeGofer::Requests(
    wire::ToGofer::RequestCase kind) const {
  MutexLock lock(mu_);
  std::vector<wire::ToGofer> found;
  for (const wire::ToGofer& request : requests_) {
    if (request.request_case() == kind) found.push_back(request);
  }
  return found;
}

wire::AdoptResult FakeGofer::adopt() const {
  MutexLock lock(mu_);
  return adopt_;
}

wire::HandlerList FakeGofer::table() const {
  MutexLock lock(mu_);
  return table_;
}

bool FakeGofer::WaitFor(int fd) {
  pollfd polls[] = {{orders_.get(), POLLIN, 0}, {fd, POLLIN, 0}};
  while (::poll(polls, 2, -1) < 0) continue;
  if (polls[0].revents == 0) return true;
  eventfd_t orders = 0;
  GOFER_CHECK(::eventfd_read(orders_.get(), &orders) == 0);
  ended_ = ended_ || orders >= kEnd;
  return false;
}

void FakeGofer::Run() {
  while (!ended_) {
    if (!WaitFor(listener_.get())) continue;
    gofer::control::ControlChannel channel(
        UniqueFd(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC)));
    Serve(channel);
  }
}

void FakeGofer::Serve(gofer::control::ControlChannel& channel) {
  while (WaitFor(channel.fd())) {
    const auto frame = channel.Receive();
    if (!frame.ok() && frame.error() == gofer::base::Errno(EAGAIN)) continue;
    if (!frame.ok()) return;
    wire::ToGofer request;
    GOFER_CHECK(request.ParseFromString(frame->bytes));
    wire::FromGofer message;
    *message.mutable_response() = AnswerTo(request);
    if (!channel.Send(message.SerializeAsString(), {}, kSendNs).ok()) return;
  }
}

wire::Response FakeGofer::AnswerTo(const wire::ToGofer& request) {
  wire::Response response;
  Answer answer;
  {
    MutexLock lock(mu_);
    requests_.push_back(request);
    answer = answer_;
  }
  if (answer) answer(request, response);
  response.set_request_id(request.request_id());
  MutexLock lock(mu_);
  if (!response.has_failure() &&
      response.result_case() == wire::Response::RESULT_NOT_SET) {
    Obey(request, response);
  }
  return response;
}

void FakeGofer::Obey(const wire::ToGofer& request, wire::Response& response) {
  switch (request.request_case()) {
    case wire::ToGofer::kAdopt:
      *response.mutable_adopt() = adopt_;
      return;
    case wire::ToGofer::kStartConnection: {
      wire::Connection& made = *adopt_.add_connections();
      made.set_uid(request.start_connection().uid());
      made.set_connection_id(request.start_connection().connection_id());
      made.set_mount_path(request.start_connection().mount_path());
      made.set_state(wire::CONNECTION_STATE_PENDING_ATTACH);
      made.set_daemon_data(request.start_connection().daemon_data());
      *response.mutable_connection() = made;
      return;
    }
    case wire::ToGofer::kSetDaemonData:
      adopt_.set_daemon_data(request.set_daemon_data().daemon_data());
      return;
    case wire::ToGofer::kListHandlers:
      *response.mutable_handlers() = table_;
      return;
    case wire::ToGofer::kSetHandlers:
      SetHandlers(request.set_handlers());
      *response.mutable_handlers() = table_;
      return;
    case wire::ToGofer::kChangeRules:
      ChangeRules(request.change_rules());
      return;
    case wire::ToGofer::kListRules:
      *response.mutable_rules()->mutable_rules() = adopt_.rules();
      return;
    default:
      return;
  }
}

void FakeGofer::SetHandlers(const wire::SetHandlers& request) {
  for (wire::Handler& row : *table_.mutable_handlers()) {
    row.clear_implementation();
    for (const auto& assignment : request.assignments()) {
      if (assignment.mid() != row.mid()) continue;
      row.set_implementation(assignment.implementation());
    }
  }
  table_.set_generation(table_.generation() + 1);
  for (const std::string& uid : request.remove_rule_uids()) RemoveRule(uid);
}

void FakeGofer::ChangeRules(const wire::ChangeRules& request) {
  for (const std::string& uid : request.remove_uids()) RemoveRule(uid);
  for (const wire::Rule& rule : request.upsert()) {
    RemoveRule(rule.uid());
    *adopt_.add_rules() = rule;
  }
}

void FakeGofer::RemoveRule(const std::string& uid) {
  auto& rules = *adopt_.mutable_rules();
  for (int i = 0; i < rules.size(); ++i) {
    if (rules[i].uid() != uid) continue;
    rules.DeleteSubrange(i, 1);
    return;
  }
}

}  // namespace goferd::gofers
