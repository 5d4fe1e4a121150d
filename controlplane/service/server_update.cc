#include "controlplane/service/server_update.h"

#include <google/protobuf/message.h>
#include <google/protobuf/util/message_differencer.h>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "controlplane/service/field_checks.h"
#include "controlplane/service/server_checks.h"

namespace goferd::service {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

constexpr char kLimits[] = "limits";
constexpr char kOptions[] = "default_connection_options";
constexpr char kMaxima[] = "max_connection_options";
constexpr char kLabels[] = "labels";
constexpr absl::string_view kLabelPath = "labels.";
constexpr absl::string_view kWildcard = "*";
constexpr char kExpireTime[] = "expire_time";
constexpr char kTtl[] = "ttl";
constexpr const char* kImmutable[] = {"root",
                                      "oci_bundle",
                                      "options",
                                      "id_map",
                                      "sandbox_mode",
                                      "restart_policy",
                                      "follow_symbolic_links"};
constexpr size_t kMostPaths = 64;

const FieldDescriptor* Find(const Descriptor& type, absl::string_view name) {
  return type.FindFieldByName(std::string(name));
}

// Copies the fields from `from` to `to`, and clears fields that are unset
// there. A member of a oneof stands for the whole oneof.
void Take(const Message& from,
          const std::vector<const FieldDescriptor*>& fields, Message& to) {
  if (fields.empty()) return;
  const std::unique_ptr<Message> copy(from.New());
  copy->CopyFrom(from);
  from.GetReflection()->SwapFields(copy.get(), &to, fields);
}

// Taking a field twice would undo it.
void AddOnce(const FieldDescriptor* field,
             std::vector<const FieldDescriptor*>& fields) {
  if (std::find(fields.begin(), fields.end(), field) == fields.end()) {
    fields.push_back(field);
  }
}

std::vector<const FieldDescriptor*> AllFields(const Descriptor& type) {
  std::vector<const FieldDescriptor*> fields;
  for (int i = 0; i < type.field_count(); ++i) fields.push_back(type.field(i));
  return fields;
}

std::vector<const FieldDescriptor*> SetFields(const Message& message) {
  std::vector<const FieldDescriptor*> fields;
  message.GetReflection()->ListFields(message, &fields);
  return fields;
}

bool HasField(const Message& message, const FieldDescriptor* field) {
  return message.GetReflection()->HasField(message, field);
}

// Whether the field is the same in both.
bool IsSame(const admin::Server& a, const admin::Server& b,
            const FieldDescriptor* field) {
  admin::Server only_a;
  admin::Server only_b;
  Take(a, {field}, only_a);
  Take(b, {field}, only_b);
  return google::protobuf::util::MessageDifferencer::Equals(only_a, only_b);
}

}  // namespace

ServerUpdate::ServerUpdate(errors::FieldViolations& violations,
                           const admin::UpdateServerRequest& request,
                           const config::v1::DaemonConfig& config)
    : wanted_(request.server()),
      config_(config),
      has_mask_(request.update_mask().paths_size() > 0) {
  const auto& paths = request.update_mask().paths();
  if (static_cast<size_t>(paths.size()) > kMostPaths) {
    violations.Add("update_mask",
                   absl::StrCat("must have at most ", kMostPaths, " paths"));
    return;
  }
  for (const std::string& path : paths) ReadPath(violations, path);
  if (!has_mask_) TakeWhatIsSet();
  // Fields that are not to be changed are not checked.
  admin::Server taken;
  Take(wanted_, fields_, taken);
  Take(wanted_.limits(), limits_, *taken.mutable_limits());
  Take(wanted_.default_connection_options(), options_,
       *taken.mutable_default_connection_options());
  Take(wanted_.max_connection_options(), maxima_,
       *taken.mutable_max_connection_options());
  for (const std::string& key : labels_) {
    const auto label = wanted_.labels().find(key);
    if (label == wanted_.labels().end()) continue;
    (*taken.mutable_labels())[key] = label->second;
  }
  CheckChangedServer(violations, "server", taken, config);
}

void ServerUpdate::TakeAll() {
  takes_all_ = true;
  const Descriptor& type = *admin::Server::descriptor();
  AddOnce(Find(type, kLabels), fields_);
  AddOnce(Find(type, kExpireTime), fields_);
  limits_ = AllFields(*admin::ServerLimits::descriptor());
  options_ = AllFields(*admin::ConnectionOptions::descriptor());
  maxima_ = options_;
}

void ServerUpdate::ReadPath(errors::FieldViolations& violations,
                            absl::string_view path) {
  if (path == kWildcard) return TakeAll();
  if (absl::string_view key = path; absl::ConsumePrefix(&key, kLabelPath)) {
    // In a mask, a name that is no word is written in backquotes.
    if (absl::ConsumePrefix(&key, "`")) absl::ConsumeSuffix(&key, "`");
    labels_.emplace_back(key);
    return;
  }
  const std::pair<absl::string_view, absl::string_view> parts =
      absl::StrSplit(path, absl::MaxSplits('.', 1));
  const bool is_whole = path.find('.') == absl::string_view::npos;
  const Descriptor* const nested =
      parts.first == kLimits ? admin::ServerLimits::descriptor()
      : parts.first == kOptions || parts.first == kMaxima
          ? admin::ConnectionOptions::descriptor()
          : nullptr;
  if (nested != nullptr) {
    auto& fields = parts.first == kLimits    ? limits_
                   : parts.first == kOptions ? options_
                                             : maxima_;
    if (is_whole) {
      fields = AllFields(*nested);
      return;
    }
    if (const auto* const field = Find(*nested, parts.second)) {
      AddOnce(field, fields);
      return;
    }
  } else if (path == kLabels || path == kExpireTime || path == kTtl) {
    AddOnce(Find(*admin::Server::descriptor(),
                 path == kLabels ? kLabels : kExpireTime),
            fields_);
    return;
  }
  violations.Add("update_mask",
                 "must have only labels, limits, default_connection_options, "
                 "max_connection_options, expire_time and ttl, or parts of "
                 "them, or *");
}

void ServerUpdate::TakeWhatIsSet() {
  for (const FieldDescriptor* const field : SetFields(wanted_)) {
    const absl::string_view name = field->name();
    if (name == kLimits) {
      limits_ = SetFields(wanted_.limits());
    } else if (name == kOptions) {
      options_ = SetFields(wanted_.default_connection_options());
    } else if (name == kMaxima) {
      maxima_ = SetFields(wanted_.max_connection_options());
    } else if (name == kLabels || name == kExpireTime || name == kTtl) {
      fields_.push_back(field);
    }
  }
}

absl::Status ServerUpdate::CheckImmutable(const admin::Server& server) const {
  errors::FieldViolations violations;
  const Descriptor& type = *admin::Server::descriptor();
  for (const char* const name : kImmutable) {
    const auto* const field = Find(type, name);
    if (HasField(wanted_, field) && !IsSame(wanted_, server, field)) {
      violations.Add(absl::StrCat("server.", name),
                     "cannot be changed: leave it out, or make a new server");
    }
  }
  return violations.ToStatus();
}

absl::Status ServerUpdate::CheckLabels(const admin::Server& server) const {
  errors::FieldViolations violations;
  if (!labels_.empty()) {
    service::CheckLabels(violations, "server.labels", server.labels());
  }
  return violations.ToStatus();
}

absl::Status ServerUpdate::Apply(admin::Server& server) const {
  if (!has_mask_ || takes_all_) {
    if (absl::Status status = CheckImmutable(server); !status.ok()) {
      return status;
    }
  }
  Take(wanted_, fields_, server);
  for (const std::string& key : labels_) {
    const auto label = wanted_.labels().find(key);
    if (label == wanted_.labels().end()) {
      server.mutable_labels()->erase(key);
    } else {
      (*server.mutable_labels())[key] = label->second;
    }
  }
  if (absl::Status status = CheckLabels(server); !status.ok()) return status;
  if (!maxima_.empty()) {
    Take(wanted_.max_connection_options(), maxima_,
         *server.mutable_max_connection_options());
  }
  if (!limits_.empty()) {
    Take(wanted_.limits(), limits_, *server.mutable_limits());
  }
  if (!options_.empty()) {
    Take(wanted_.default_connection_options(), options_,
         *server.mutable_default_connection_options());
    // A new server gets the same defaults.
    admin::ConnectionOptions options = config_.connections().default_options();
    options.MergeFrom(server.default_connection_options());
    *server.mutable_default_connection_options() = std::move(options);
  }
  return absl::OkStatus();
}

}  // namespace goferd::service
