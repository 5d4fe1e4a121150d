// Random ids, for requests and for short-lived resources.

#ifndef GOFERD_CLIENTS_ADMIN_REQUEST_ID_H_
#define GOFERD_CLIENTS_ADMIN_REQUEST_ID_H_

#include <string>

namespace goferd::client {

// A random UUID (version 4), for request_id.
std::string NewRequestId();

// 16 random lower-case hexadecimal digits, to end an id of a resource with.
std::string NewIdSuffix();

}  // namespace goferd::client

#endif  // GOFERD_CLIENTS_ADMIN_REQUEST_ID_H_
