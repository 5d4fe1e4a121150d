#include <utility>

#include "server/lisafs/handlers/handlers.h"
#include "server/wire/messages/mount.h"

namespace gofer::lisafs::handlers {

base::ErrnoOr<size_t> Channel(RequestContext& context) {
  base::ErrnoOr<OpenedChannel> opened = context.connection().channels().Open();
  if (!opened.ok()) return opened.error();
  context.Donate(std::move(opened->data_fd));
  context.Donate(std::move(opened->fd_socket));
  wire::ChannelResp response;
  response.data_offset = static_cast<int64_t>(opened->window.offset);
  response.data_length = opened->window.length;
  return context.Reply(response);
}

}  // namespace gofer::lisafs::handlers
