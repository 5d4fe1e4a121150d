// FieldsOf: the fields that a failed status names.

#ifndef GOFERD_TESTS_UNIT_CONTROLPLANE_SERVICE_BAD_REQUEST_H_
#define GOFERD_TESTS_UNIT_CONTROLPLANE_SERVICE_BAD_REQUEST_H_

#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "controlplane/errors/error.h"
#include "google/rpc/error_details.pb.h"

namespace goferd::testing {

inline google::rpc::BadRequest BadRequestOf(const absl::Status& status) {
  google::rpc::BadRequest details;
  const auto payload =
      status.GetPayload("type.googleapis.com/google.rpc.BadRequest");
  if (payload) details.ParseFromString(std::string(*payload));
  return details;
}

// Returns the paths of the fields, in order. A reason other than FIELD_INVALID
// stands behind its path, as in "root PATH_NOT_ABSOLUTE".
inline std::vector<std::string> FieldsOf(const absl::Status& status) {
  std::vector<std::string> fields;
  const google::rpc::BadRequest details = BadRequestOf(status);
  for (const auto& violation : details.field_violations()) {
    fields.push_back(violation.field());
    if (violation.reason() != "FIELD_INVALID") {
      fields.back() += " " + violation.reason();
    }
  }
  return fields;
}

inline std::vector<std::string> FieldsOf(
    const errors::FieldViolations& violations) {
  return FieldsOf(violations.ToStatus());
}

// Makes a message from protobuf's text format.
template <class Message>
Message Proto(const std::string& text) {
  Message message;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &message))
      << text;
  return message;
}

}  // namespace goferd::testing

#endif  // GOFERD_TESTS_UNIT_CONTROLPLANE_SERVICE_BAD_REQUEST_H_
