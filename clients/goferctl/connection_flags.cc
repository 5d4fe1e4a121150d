#include "clients/goferctl/connection_flags.h"

#include "clients/goferctl/flags.h"
#include "clients/goferctl/option.h"
#include "google/protobuf/descriptor.h"

namespace goferctl {
namespace {

using Options = ConnectionFlags::Options;

void DeclareWords(CLI::App& app, const std::string& dashes,
                  ConnectionFlags& flags) {
  DeclareEnum<Options::HostFdDonation>(
      app, dashes + "donate", flags.donate,
      {{"none", Options::NO_FDS},
       {"files", Options::FILES},
       {"files-and-mount", Options::FILES_AND_MOUNT_POINT}},
      "Host FDs for the client: none, files, files-and-mount");
  DeclareEnum<Options::HostUds>(
      app, dashes + "host-uds", flags.host_uds,
      {{"none", Options::NONE},
       {"open", Options::OPEN},
       {"create", Options::CREATE},
       {"all", Options::ALL}},
      "UNIX sockets of the host: none, open, create, all");
  DeclareEnum<Options::HostFifo>(
      app, dashes + "host-fifo", flags.host_fifo,
      {{"refuse", Options::REFUSE_FIFOS}, {"open", Options::OPEN_FIFOS}},
      "FIFOs of the host: refuse, open");
  DeclareEnum<Options::CharacterDevices>(
      app, dashes + "char-devices", flags.devices,
      {{"refuse", Options::REFUSE_DEVICES}, {"open", Options::OPEN_DEVICES}},
      "Character devices of the host: refuse, open");
  DeclareEnum<Options::ProtocolLevel>(
      app, dashes + "protocol", flags.protocol,
      {{"2023", Options::NOV_2023}, {"2026", Options::AUG_2026}},
      "Behave as the gVisor of 2023 or of 2026");
}

}  // namespace

void DeclareConnectionFlags(CLI::App& app, const std::string& prefix,
                            ConnectionFlags& flags) {
  const std::string dashes = "--" + prefix;
  DeclareSwitch(app, dashes + "readonly,!" + dashes + "writable",
                flags.readonly, "Refuse what changes the tree, or allow it");
  DeclareWords(app, dashes, flags);
  DeclareOption(app, dashes + "max-message-size", flags.max_message_size,
                "Bytes of the longest message");
  DeclareOption(app, dashes + "max-channels", flags.max_channels,
                "The most shared-memory channels");
  DeclareOption(app, dashes + "max-fds", flags.max_fds, "The most FDs at once");
  DeclareOption(app, dashes + "max-nodes", flags.max_nodes,
                "The most nodes of the tree kept alive");
}

Options OptionsOf(const ConnectionFlags& flags) {
  Options options;
  if (flags.readonly.has_value()) options.set_readonly(*flags.readonly);
  options.set_donate_host_fds(flags.donate);
  options.set_host_uds(flags.host_uds);
  options.set_host_fifo(flags.host_fifo);
  options.set_character_devices(flags.devices);
  options.set_protocol_level(flags.protocol);
  options.set_max_message_size(flags.max_message_size);
  options.set_max_channels(flags.max_channels);
  options.set_max_fds(flags.max_fds);
  options.set_max_nodes(flags.max_nodes);
  return options;
}

std::vector<std::string> FieldsOf(const ConnectionFlags& flags) {
  const Options options = OptionsOf(flags);
  std::vector<const google::protobuf::FieldDescriptor*> set;
  options.GetReflection()->ListFields(options, &set);
  std::vector<std::string> names;
  for (const auto* field : set) names.push_back(field->name());
  return names;
}

}  // namespace goferctl
