// Conversions between absl's times, protobuf's, and the gofers' nanoseconds.

#ifndef GOFERD_CONTROLPLANE_TRANSLATE_TIME_CONVERSION_H_
#define GOFERD_CONTROLPLANE_TRANSLATE_TIME_CONVERSION_H_

#include <google/protobuf/duration.pb.h>
#include <google/protobuf/timestamp.pb.h>

#include <cstdint>

#include "absl/time/time.h"

namespace goferd::translate {

inline google::protobuf::Timestamp ToProto(absl::Time time) {
  google::protobuf::Timestamp proto;
  const timespec spec = absl::ToTimespec(time);
  proto.set_seconds(spec.tv_sec);
  proto.set_nanos(static_cast<int32_t>(spec.tv_nsec));
  return proto;
}

inline absl::Time ToTime(const google::protobuf::Timestamp& proto) {
  return absl::FromUnixSeconds(proto.seconds()) +
         absl::Nanoseconds(proto.nanos());
}

inline absl::Duration ToDuration(const google::protobuf::Duration& proto) {
  return absl::Seconds(proto.seconds()) + absl::Nanoseconds(proto.nanos());
}

inline google::protobuf::Duration ToProto(absl::Duration duration) {
  google::protobuf::Duration proto;
  const int64_t seconds = absl::ToInt64Seconds(duration);
  proto.set_seconds(seconds);
  proto.set_nanos(static_cast<int32_t>(
      absl::ToInt64Nanoseconds(duration - absl::Seconds(seconds))));
  return proto;
}

inline google::protobuf::Timestamp UnixNanosToProto(int64_t unix_ns) {
  return ToProto(absl::FromUnixNanos(unix_ns));
}

}  // namespace goferd::translate

#endif  // GOFERD_CONTROLPLANE_TRANSLATE_TIME_CONVERSION_H_
