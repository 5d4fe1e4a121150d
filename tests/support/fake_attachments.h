// FakeAttachments: attaches without gofers.

#ifndef GOFERD_TESTS_SUPPORT_FAKE_ATTACHMENTS_H_
#define GOFERD_TESTS_SUPPORT_FAKE_ATTACHMENTS_H_

#include "controlplane/supervisor/attachments.h"
#include "tests/support/fake_state.h"

namespace goferd::testing {

// Thread-safe; `state` outlives it.
class FakeAttachments : public supervisor::Attachments {
 public:
  explicit FakeAttachments(FakeState& state) : state_(state) {}
  absl::Status CheckTickets(const std::vector<std::string>& tickets,
                            const gofer::uds::PeerCredentials& peer,
                            admin::v1::AttachMode mode) override;
  // Tickets are the uids of their connections.
  absl::StatusOr<std::vector<tickets::AttachClaim>> ClaimTickets(
      const std::vector<std::string>& tickets,
      const gofer::uds::PeerCredentials& peer,
      admin::v1::AttachMode mode) override;
  absl::Status Attach(const tickets::AttachClaim& claim,
                      gofer::base::UniqueFd gofer_end,
                      const gofer::uds::PeerCredentials& peer) override;
  // None of its connections has a path.
  void SetSockets(std::shared_ptr<tickets::ConnectionSockets>) override {}
  void Abandon(const tickets::AttachClaim& claim,
               absl::string_view why) override;
  void TakeBack(const tickets::AttachClaim& claim,
                absl::string_view why) override;

 private:
  FakeState& state_;
};

}  // namespace goferd::testing

#endif  // GOFERD_TESTS_SUPPORT_FAKE_ATTACHMENTS_H_
