// FakeHandlers: handler tables in maps.

#ifndef GOFERD_TESTS_SUPPORT_FAKE_HANDLERS_H_
#define GOFERD_TESTS_SUPPORT_FAKE_HANDLERS_H_

#include "controlplane/supervisor/handlers.h"
#include "tests/support/fake_state.h"

namespace goferd::testing {

// Thread-safe; `state` outlives it.
class FakeHandlers : public supervisor::Handlers {
 public:
  explicit FakeHandlers(FakeState& state) : state_(state) {}
  absl::StatusOr<std::vector<admin::v1::Handler>> List(
      absl::string_view server_id) override;
  absl::StatusOr<admin::v1::SetHandlersResponse> Set(
      absl::string_view server_id, absl::string_view etag,
      const std::vector<admin::v1::HandlerAssignment>& assignments,
      supervisor::Effect effect, supervisor::Escapes escapes) override;
  absl::StatusOr<admin::v1::ResetHandlersResponse> Reset(
      absl::string_view server_id, absl::string_view etag,
      admin::v1::ResetHandlersRequest_Scope scope,
      supervisor::Effect effect) override;

 private:
  FakeState& state_;
};

}  // namespace goferd::testing

#endif  // GOFERD_TESTS_SUPPORT_FAKE_HANDLERS_H_
