#include "tests/support/fake_attachments.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "controlplane/errors/error.h"
#include "controlplane/tickets/attach_claim.h"

namespace goferd::testing {
namespace {

using admin::v1::Connection;
using admin::v1::Event;
using admin::v1::HandlerRule;
using admin::v1::Server;
using errors::Error;
using errors::Reason;
using gofer::base::MutexLock;

}  // namespace

absl::StatusOr<std::vector<tickets::AttachClaim>> FakeAttachments::ClaimTickets(
    const std::vector<std::string>& tickets, const gofer::uds::PeerCredentials&,
    admin::v1::AttachMode) {
  MutexLock lock(state_.mu);
  std::vector<tickets::AttachClaim> claims;
  for (const std::string& ticket : tickets) {
    for (const auto& [name, connection] : state_.connections) {
      if (connection.uid() != ticket) continue;
      const size_t slash = name.find('/', 8);
      claims.push_back({name.substr(8, slash - 8),
                        name.substr(name.rfind('/') + 1), ticket});
    }
  }
  if (claims.size() != tickets.size()) {
    return Error(Reason::TICKET_INVALID, "the ticket is not valid");
  }
  return claims;
}

absl::Status FakeAttachments::CheckTickets(
    const std::vector<std::string>& tickets,
    const gofer::uds::PeerCredentials& peer, admin::v1::AttachMode mode) {
  return ClaimTickets(tickets, peer, mode).status();
}

absl::Status FakeAttachments::Attach(const tickets::AttachClaim& claim,
                                     gofer::base::UniqueFd,
                                     const gofer::uds::PeerCredentials&) {
  state_.SetConnectionState(claim.server_id, claim.connection_id,
                            Connection::ATTACHED);
  return absl::OkStatus();
}

void FakeAttachments::TakeBack(const tickets::AttachClaim& claim,
                               absl::string_view why) {
  Abandon(claim, why);
}

void FakeAttachments::Abandon(const tickets::AttachClaim& claim,
                              absl::string_view) {
  state_.SetConnectionState(claim.server_id, claim.connection_id,
                            Connection::FAILED);
}

}  // namespace goferd::testing
