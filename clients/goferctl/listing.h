// Lists: all pages of a list, of all nodes, and what changes afterwards.

#ifndef GOFERD_CLIENTS_GOFERCTL_LISTING_H_
#define GOFERD_CLIENTS_GOFERCTL_LISTING_H_

#include <functional>
#include <set>
#include <string>
#include <type_traits>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "clients/admin/admin_client.h"
#include "clients/goferctl/context.h"
#include "clients/goferctl/fan_out.h"
#include "clients/goferctl/output.h"

namespace goferctl {

inline constexpr int kPageSize = 1000;

// All pages as one response, with the first page's revision. Errors: those of
// the method; INTERNAL when a page names itself as the next page.
template <class Request, class Response>
absl::StatusOr<Response> ListAll(
    goferd::client::AdminClient& client,
    const goferd::client::Method<Request, Response>& method,
    std::type_identity_t<Request> request,
    const goferd::client::CallOptions& options) {
  request.set_page_size(kPageSize);
  auto all = client.Call(method, request, options);
  if (!all.ok()) return all;
  while (!all->next_page_token().empty()) {
    if (all->next_page_token() == request.page_token()) {
      return absl::InternalError("the list has no end: a page token repeats");
    }
    request.set_page_token(all->next_page_token());
    auto page = client.Call(method, request, options);
    if (!page.ok()) return page;
    if constexpr (requires { page->revision(); }) {
      page->set_revision(all->revision());
    }
    all->clear_next_page_token();
    all->MergeFrom(*page);
  }
  return all;
}

// Names the servers on stderr whose gofers did not answer.
void WarnUnreachable(const Context& context, const Node& node,
                     const std::set<std::string>& servers);

template <class Response>
void WarnUnreachable(const Context& context, const Node& node,
                     const Response& response) {
  if constexpr (requires { response.unreachable(); }) {
    WarnUnreachable(context, node,
                    std::set<std::string>(response.unreachable().begin(),
                                          response.unreachable().end()));
  }
}

// Prints the `items` of the responses of all nodes.
template <class Message, class Response, class Items>
absl::Status PrintList(
    Context& context, const View<Message>& view,
    const std::function<absl::StatusOr<Response>(Node& node)>& ask,
    Items items) {
  Listing listing(context, view.columns, Listing::Kind::kWhole);
  bool any = false;
  const absl::Status status = FanOut<Response>(
      context, ask, [&](const Node& node, const Response& response) {
        any = true;
        for (const Message& message : (response.*items)()) {
          listing.Add(node.name, message, view.cells(message));
        }
        WarnUnreachable(context, node, response);
      });
  if (any) listing.Print();
  return status;
}

}  // namespace goferctl

#endif  // GOFERD_CLIENTS_GOFERCTL_LISTING_H_
