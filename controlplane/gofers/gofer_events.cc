#include "controlplane/gofers/gofer_events.h"

#include <google/protobuf/repeated_ptr_field.h>

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "controlplane/names/resource_name.h"
#include "controlplane/translate/connection_options.h"
#include "controlplane/translate/time_conversion.h"
#include "server/base/text.h"

namespace goferd::gofers {
namespace {

using gofer::base::PlainText;
using model::ModelLock;
using Conditions = google::protobuf::RepeatedPtrField<admin::Condition>;

// What a gofer writes into a text for people is cut.
constexpr size_t kMostText = 1024;

// TYPE_UNSPECIFIED for those that are not known yet.
admin::Condition::Type ToAdmin(worker::v1::ConditionChanged::Type type) {
  switch (type) {
    case worker::v1::ConditionChanged::FD_PRESSURE:
      return admin::Condition::FD_PRESSURE;
    case worker::v1::ConditionChanged::NODE_PRESSURE:
      return admin::Condition::NODE_PRESSURE;
    case worker::v1::ConditionChanged::STALLED_REQUEST:
      return admin::Condition::STALLED_REQUEST;
    default:
      return admin::Condition::TYPE_UNSPECIFIED;
  }
}

// What is to be kept of it for a while: a frame may be 1 MiB.
worker::v1::ConditionChanged Cut(const worker::v1::ConditionChanged& changed) {
  worker::v1::ConditionChanged cut;
  cut.set_connection_uid(changed.connection_uid());
  cut.set_type(changed.type());
  cut.set_active(changed.active());
  cut.set_message(PlainText(changed.message(), kMostText));
  return cut;
}

// Whether there was something to change: a condition came, or went. It has
// passed Cut.
bool SetCondition(const worker::v1::ConditionChanged& changed,
                  Conditions& conditions) {
  const auto type = ToAdmin(changed.type());
  const auto found = std::find_if(
      conditions.begin(), conditions.end(),
      [type](const admin::Condition& one) { return one.type() == type; });
  if (changed.active() == (found != conditions.end())) return false;
  if (!changed.active()) {
    conditions.erase(found);
    return true;
  }
  admin::Condition& condition = *conditions.Add();
  condition.set_type(type);
  *condition.mutable_since_time() = translate::ToProto(absl::Now());
  condition.set_message(changed.message());
  return true;
}

admin::Connection::State ToAdmin(worker::v1::ConnectionState state) {
  switch (state) {
    case worker::v1::CONNECTION_STATE_ATTACHED:
      return admin::Connection::ATTACHED;
    case worker::v1::CONNECTION_STATE_MOUNTED:
      return admin::Connection::MOUNTED;
    case worker::v1::CONNECTION_STATE_DRAINING:
    case worker::v1::CONNECTION_STATE_CLOSING:
      return admin::Connection::DRAINING;
    default:
      return admin::Connection::PENDING_ATTACH;
  }
}

void SetTimes(const worker::v1::Connection& from, admin::Connection& to) {
  if (from.attach_unix_ns() != 0 && !to.has_attach_time()) {
    *to.mutable_attach_time() =
        translate::UnixNanosToProto(from.attach_unix_ns());
  }
  if (from.mount_unix_ns() != 0 && !to.has_mount_time()) {
    *to.mutable_mount_time() =
        translate::UnixNanosToProto(from.mount_unix_ns());
  }
}

// A gofer that does not say is of an older release.
admin::Connection::MountFd MountFdOf(const worker::v1::Connection& from,
                                     const admin::ConnectionOptions& options) {
  switch (from.mount_fd()) {
    case worker::v1::MOUNT_FD_WITHHELD:
      return admin::Connection::WITHHELD;
    case worker::v1::MOUNT_FD_DONATED:
      return admin::Connection::DONATED;
    default:
      return translate::FirstMountFd(options);
  }
}

// What makes no sense is taken for now.
absl::Time EndOf(const worker::v1::Connection& connection) {
  const absl::Time end = absl::FromUnixNanos(connection.end_unix_ns());
  return connection.end_unix_ns() > 0 ? end : absl::Now();
}

}  // namespace

admin::Connection::EndReason ToAdmin(worker::v1::EndReason reason) {
  switch (reason) {
    case worker::v1::END_REASON_CLIENT_EOF:
      return admin::Connection::CLIENT_EOF;
    case worker::v1::END_REASON_ADMIN_STOP:
      return admin::Connection::ADMIN_STOP;
    case worker::v1::END_REASON_PROTOCOL_ERROR:
      return admin::Connection::PROTOCOL_ERROR;
    case worker::v1::END_REASON_SOCKET_ERROR:
      return admin::Connection::SOCKET_ERROR;
    case worker::v1::END_REASON_QUOTA:
      return admin::Connection::QUOTA;
    case worker::v1::END_REASON_SERVER_SHUTDOWN:
      return admin::Connection::SERVER_SHUTDOWN;
    case worker::v1::END_REASON_ATTACH_TIMEOUT:
      return admin::Connection::ATTACH_TIMEOUT;
    case worker::v1::END_REASON_RULE_DISCONNECT:
      return admin::Connection::RULE_DISCONNECT;
    default:
      return admin::Connection::INTERNAL_ERROR;
  }
}

void GoferEvents::Apply(absl::string_view server_id, uint64_t generation,
                        const worker::v1::Event& event) {
  const ModelLock lock(model_);
  const model::ServerPtr server = model_.Find(lock, server_id);
  if (server == nullptr) return;
  model::ServerRecord& record = server->record(lock);
  if (record.link.generation != generation) return;
  ApplyTo(lock, record, event);
}

void GoferEvents::ApplyTo(const ModelLock& lock, model::ServerRecord& server,
                          const worker::v1::Event& event) {
  switch (event.body_case()) {
    case worker::v1::Event::kConnectionChanged:
      return ApplyConnection(lock, server, event.connection_changed());
    case worker::v1::Event::kRuleExpired:
      return ApplyRuleExpiry(lock, server, event.rule_expired().rule_uid());
    case worker::v1::Event::kConditionChanged:
      return OfferCondition(lock, server, event.condition_changed());
    case worker::v1::Event::kEnding:
      server.gofer.is_ending = true;
      return;
    case worker::v1::Event::BODY_NOT_SET:
      return;
  }
}

void GoferEvents::ApplyConnection(const ModelLock& lock,
                                  model::ServerRecord& server,
                                  const worker::v1::Connection& connection) {
  model::ConnectionRecord* const record =
      model_.FindConnection(lock, server, connection.uid());
  if (record == nullptr || model::HasEnded(record->resource.state())) return;
  record->open_files = connection.open_file_count();
  SetTimes(connection, record->resource);
  const bool has_news = model_.AdvanceMountFd(
      lock, server, *record, MountFdOf(connection, record->resource.options()));
  if (connection.state() == worker::v1::CONNECTION_STATE_ENDED) {
    std::string detail = PlainText(connection.end_detail(), kMostText);
    if (connection.end_reason() == worker::v1::END_REASON_RULE_DISCONNECT) {
      detail = names::FormatRuleName(server.id, detail);
    }
    tickets_.Revoke(connection.uid());
    model_.EndAt(lock, EndOf(connection), server, *record,
                 ToAdmin(connection.end_reason()), detail,
                 settings_.ended_retention());
    return;
  }
  const auto state = ToAdmin(connection.state());
  // Forward only: a gofer that goes back and forth tells nothing.
  const bool advances = state > record->resource.state();
  if (advances) model_.SetState(lock, server, *record, state);
  if (advances || has_news) model_.Changed(lock, *record);
}

void GoferEvents::OfferCondition(const ModelLock& lock,
                                 model::ServerRecord& server,
                                 const worker::v1::ConditionChanged& changed) {
  if (ToAdmin(changed.type()) == admin::Condition::TYPE_UNSPECIFIED) return;
  if (!changed.connection_uid().empty() &&
      model_.FindConnection(lock, server, changed.connection_uid()) ==
          nullptr) {
    return;
  }
  if (server.gofer.conditions_generation != server.gofer.generation) {
    server.gofer.conditions = {};
    server.gofer.conditions_generation = server.gofer.generation;
  }
  const bool was_waiting = server.gofer.conditions.is_waiting();
  const auto cut = Cut(changed);
  if (server.gofer.conditions.Offer(cut, absl::Now())) {
    ApplyCondition(lock, server, cut);
  } else if (!was_waiting) {
    TellLater(lock, server);
  }
}

void GoferEvents::TellLater(const ModelLock&,
                            const model::ServerRecord& server) {
  threads_.loop().After(
      model::ConditionQueue::kPeriod,
      [this, id = server.id, generation = server.gofer.generation] {
        const ModelLock lock(model_);
        const model::ServerPtr found = model_.Find(lock, id);
        if (found == nullptr) return;
        model::ServerRecord& record = found->record(lock);
        if (record.gofer.generation != generation ||
            record.gofer.conditions_generation != generation) {
          return;
        }
        for (const auto& changed :
             record.gofer.conditions.TakeDue(absl::Now())) {
          ApplyCondition(lock, record, changed);
        }
        if (record.gofer.conditions.is_waiting()) TellLater(lock, record);
      });
}

void GoferEvents::ApplyCondition(const ModelLock& lock,
                                 model::ServerRecord& server,
                                 const worker::v1::ConditionChanged& changed) {
  if (changed.connection_uid().empty()) {
    if (SetCondition(changed, *server.resource.mutable_conditions())) {
      model_.Changed(lock, server);
    }
    return;
  }
  model::ConnectionRecord* const record =
      model_.FindConnection(lock, server, changed.connection_uid());
  if (record == nullptr || model::HasEnded(record->resource.state())) return;
  if (SetCondition(changed, *record->resource.mutable_conditions())) {
    model_.Changed(lock, *record);
  }
}

void GoferEvents::ApplyRuleExpiry(const ModelLock& lock,
                                  model::ServerRecord& server,
                                  const std::string& rule_uid) {
  for (const auto& [id, rule] : server.overrides.rules) {
    if (rule.resource.uid() != rule_uid) continue;
    const std::string rule_id = id;
    model_.RemoveRule(lock, server, rule_id);
    return;
  }
}

}  // namespace goferd::gofers
