// MessageBytes: the memory that a message takes.

#ifndef GOFERD_CONTROLPLANE_MODEL_MESSAGE_BYTES_H_
#define GOFERD_CONTROLPLANE_MODEL_MESSAGE_BYTES_H_

#include <google/protobuf/message.h>

#include <cstddef>

namespace goferd::model {

// Bytes of `message`, with all that it holds. Under ThreadSanitizer messages
// have members that Debian's library, which counts them, does not know: there
// it is the length of the message on the wire.
inline size_t MessageBytes(const google::protobuf::Message& message) {
#if defined(__SANITIZE_THREAD__)
  return message.ByteSizeLong();
#else
  return message.SpaceUsedLong();
#endif
}

}  // namespace goferd::model

#endif  // GOFERD_CONTROLPLANE_MODEL_MESSAGE_BYTES_H_
