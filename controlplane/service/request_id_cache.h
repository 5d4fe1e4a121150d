// RequestIdCache: the answers to requests that may be repeated.

#ifndef GOFERD_CONTROLPLANE_SERVICE_REQUEST_ID_CACHE_H_
#define GOFERD_CONTROLPLANE_SERVICE_REQUEST_ID_CACHE_H_

#include <google/protobuf/message.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "controlplane/auth/method_policy.h"
#include "controlplane/errors/error.h"
#include "controlplane/service/call_context.h"
#include "goferd/state/v1/state.pb.h"
#include "server/base/mutex.h"

namespace goferd::service {

// Keeps successful answers by request_id; a failed request may be tried again
// with the same id. An id belongs to a method and to a caller. The caller's
// process does not count, since a client may retry after it was started anew.
// Thread-safe. Nobody waits: a repetition while the first request still runs
// gets OPERATION_PENDING.
class RequestIdCache {
 public:
  struct Bounds {
    // An hour of 18 mutations a second.
    size_t max_entries = 65'536;
    // The bound for all answers together, with what an entry takes. The oldest
    // are dropped first.
    size_t max_bytes = size_t{32} << 20;
    absl::Duration retention = absl::Hours(1);
  };
  using Clock = std::function<absl::Time()>;

  // What tells a repetition of `request` from another request, for as long as
  // what it made is there, and over restarts of goferd. Empty for a request
  // without a request_id, or one that is only checked.
  template <class Request>
  static state::v1::RequestKey KeyOf(const auth::MethodPolicy& method,
                                     const CallContext& context,
                                     const Request& request) {
    state::v1::RequestKey to;
    if (request.request_id().empty() || request.validate_only()) return to;
    const Key key = MakeKey(method, context, request, request.request_id());
    to.set_request_id(key.request_id);
    to.set_fingerprint(key.fingerprint);
    return to;
  }

  explicit RequestIdCache(const Bounds& bounds, Clock clock = absl::Now)
      : bounds_(bounds), clock_(std::move(clock)) {}
  RequestIdCache(const RequestIdCache&) = delete;
  RequestIdCache& operator=(const RequestIdCache&) = delete;

  // Returns the answer of `run`, or its answer of the first time. A request
  // that has no request_id, or is only checked, is always run. Errors:
  // REQUEST_ID_REUSED, OPERATION_PENDING, those of `run`.
  template <class Response, class Request>
  absl::StatusOr<Response> Once(
      const auth::MethodPolicy& method, const CallContext& context,
      const Request& request,
      absl::FunctionRef<absl::StatusOr<Response>()> run) {
    return Once<Response, Request>(
        method, context, request, run, [](Response&) {},
        [](Response kept) {
          return absl::StatusOr<Response>(std::move(kept));
        });
  }

  // Does the same for answers with secrets: `strip` removes them before an
  // answer is kept, and `renew` makes an answer with new secrets from it.
  template <class Response, class Request>
  absl::StatusOr<Response> Once(
      const auth::MethodPolicy& method, const CallContext& context,
      const Request& request, absl::FunctionRef<absl::StatusOr<Response>()> run,
      absl::FunctionRef<void(Response&)> strip,
      absl::FunctionRef<absl::StatusOr<Response>(Response)> renew) {
    if (request.request_id().empty() || request.validate_only()) return run();
    const Key key = MakeKey(method, context, request, request.request_id());
    auto kept = Begin(key);
    if (!kept.ok()) return kept.status();
    if (kept->has_value()) {
      Response response;
      if (!response.ParseFromString(**kept)) return Unreadable();
      return renew(std::move(response));
    }
    auto answer = run();
    if (!answer.ok()) {
      Forget(key);
      return answer;
    }
    Response copy = *answer;
    strip(copy);
    Keep(key, copy.SerializeAsString());
    return answer;
  }

 private:
  struct Key {
    // The request_id in lower case.
    std::string request_id;
    uint64_t fingerprint = 0;
  };
  struct Entry {
    Key key;
    absl::Time begun;
    // Absent while the request runs.
    std::optional<std::string> answer;
  };
  // Entries in the order of age, the oldest first.
  using Entries = std::list<Entry>;

  static Key MakeKey(const auth::MethodPolicy& method,
                     const CallContext& context,
                     const google::protobuf::Message& request,
                     absl::string_view request_id);
  static absl::Status Unreadable();

  // Returns the kept answer, or nothing when the request is the first: the
  // caller must call Keep or Forget then, or the id stays pending.
  absl::StatusOr<std::optional<std::string>> Begin(const Key& key);
  void Keep(const Key& key, std::string answer);
  void Forget(const Key& key);

  static size_t BytesOf(const Entry& entry);
  void Erase(Entries::iterator entry) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // Removes answers that are too old or too many, but no running request.
  void Trim() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  const Bounds bounds_;
  const Clock clock_;
  gofer::base::Mutex mu_;
  Entries entries_ ABSL_GUARDED_BY(mu_);
  std::map<std::string, Entries::iterator> by_id_ ABSL_GUARDED_BY(mu_);
  size_t bytes_ ABSL_GUARDED_BY(mu_) = 0;
};

}  // namespace goferd::service

#endif  // GOFERD_CONTROLPLANE_SERVICE_REQUEST_ID_CACHE_H_
