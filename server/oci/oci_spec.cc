#include "server/oci/oci_spec.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace gofer::oci {
namespace {

using nlohmann::json;

// Reads fields of JSON objects; the first field of a wrong type is the error.
class Reader {
 public:
  // A member that is absent or null is as good as the type's zero value.
  template <typename T>
  T Get(const json& object, const char* name, absl::string_view where) {
    const json* const member = Find(object, name, where);
    if (member == nullptr) return T();
    try {
      return member->get<T>();
    } catch (const json::exception&) {
      Fail(absl::StrCat(where, ".", name,
                        " has the wrong type: ", member->type_name()));
      return T();
    }
  }

  // A string that the kernel will read to its end.
  std::string GetPath(const json& object, const char* name,
                      absl::string_view where) {
    std::string path = Get<std::string>(object, name, where);
    if (path.find('\0') != std::string::npos) {
      Fail(absl::StrCat(where, ".", name, " has a zero byte in it"));
    }
    return path;
  }

  // The member, or null.
  const json* Find(const json& object, const char* name,
                   absl::string_view where) {
    if (!object.is_object()) {
      Fail(absl::StrCat(where, " is no object"));
      return nullptr;
    }
    const auto found = object.find(name);
    if (found == object.end() || found->is_null()) return nullptr;
    return &*found;
  }

  void Fail(std::string text) {
    if (error_.empty()) error_ = std::move(text);
  }
  const std::string& error() const { return error_; }

 private:
  std::string error_;
};

std::string Absolute(const std::string& path, absl::string_view bundle) {
  if (path.empty() || path.front() == '/') return path;
  return absl::StrCat(absl::StripSuffix(bundle, "/"), "/", path);
}

// A list of objects, each read by `read_one(object, where)`.
template <typename Function>
auto ReadList(Reader& reader, const json& object, const char* name,
              absl::string_view where, const Function& read_one) {
  std::vector<decltype(read_one(object, std::string()))> list;
  const json* const array = reader.Find(object, name, where);
  if (array == nullptr) return list;
  const std::string place = absl::StrCat(where, ".", name);
  if (!array->is_array()) {
    reader.Fail(absl::StrCat(place, " is no array"));
    return list;
  }
  for (size_t i = 0; i < array->size(); ++i) {
    list.push_back(read_one((*array)[i], absl::StrCat(place, "[", i, "]")));
  }
  return list;
}

std::vector<OciIdMapping> ReadIdMappings(Reader& reader, const json& object,
                                         const char* name,
                                         absl::string_view where) {
  return ReadList(reader, object, name, where,
                  [&](const json& range, const std::string& place) {
                    return OciIdMapping{
                        reader.Get<uint32_t>(range, "containerID", place),
                        reader.Get<uint32_t>(range, "hostID", place),
                        reader.Get<uint32_t>(range, "size", place)};
                  });
}

OciHook ReadHook(Reader& reader, const json& object, const std::string& where) {
  OciHook hook;
  hook.path = reader.GetPath(object, "path", where);
  if (!absl::StartsWith(hook.path, "/")) {
    reader.Fail(
        absl::StrCat(where, ".path is not absolute: \"", hook.path, "\""));
  }
  hook.args = reader.Get<std::vector<std::string>>(object, "args", where);
  if (reader.Find(object, "env", where) != nullptr) {
    hook.env = reader.Get<std::vector<std::string>>(object, "env", where);
  }
  if (reader.Find(object, "timeout", where) != nullptr) {
    hook.timeout_seconds = reader.Get<uint32_t>(object, "timeout", where);
  }
  return hook;
}

OciMount ReadMount(Reader& reader, const json& object, absl::string_view where,
                   absl::string_view bundle) {
  OciMount mount;
  mount.destination = reader.GetPath(object, "destination", where);
  mount.type = reader.Get<std::string>(object, "type", where);
  mount.source = Absolute(reader.GetPath(object, "source", where), bundle);
  mount.options =
      reader.Get<std::vector<std::string>>(object, "options", where);
  mount.uid_mappings = ReadIdMappings(reader, object, "uidMappings", where);
  mount.gid_mappings = ReadIdMappings(reader, object, "gidMappings", where);
  if (mount.IsBind() && !absl::StartsWith(mount.destination, "/")) {
    reader.Fail(absl::StrCat(where, ".destination is not absolute: \"",
                             mount.destination, "\""));
  }
  return mount;
}

void ReadRoot(Reader& reader, const json& spec, absl::string_view bundle,
              OciSpec& read) {
  const json* const root = reader.Find(spec, "root", "spec");
  if (root == nullptr) {
    reader.Fail("spec.root is missing");
    return;
  }
  read.root = Absolute(reader.GetPath(*root, "path", "root"), bundle);
  read.root_readonly = reader.Get<bool>(*root, "readonly", "root");
  if (read.root.empty()) reader.Fail("root.path is missing");
}

}  // namespace

bool OciMount::IsBind() const {
  const auto is_bind = [](const std::string& option) {
    return option == "bind" || option == "rbind";
  };
  return !source.empty() &&
         (type == "bind" ||
          std::any_of(options.begin(), options.end(), is_bind));
}

bool OciMount::IsReadonly() const {
  bool readonly = false;
  for (const std::string& option : options) {
    if (option == "ro" || option == "rro") readonly = true;
    if (option == "rw") readonly = false;
  }
  return readonly;
}

std::variant<OciSpec, SpecError> ParseOciSpec(absl::string_view text,
                                              absl::string_view bundle) {
  const json spec = json::parse(text.begin(), text.end(), nullptr, false);
  if (spec.is_discarded()) return SpecError{"the spec is not JSON"};
  if (!spec.is_object()) return SpecError{"the spec is no JSON object"};
  Reader reader;
  OciSpec read;
  ReadRoot(reader, spec, bundle, read);
  const json* const process = reader.Find(spec, "process", "spec");
  if (process == nullptr) {
    reader.Fail("spec.process is missing");
  } else {
    read.cwd = reader.GetPath(*process, "cwd", "process");
  }
  if (const json* linux_part = reader.Find(spec, "linux", "spec")) {
    read.rootfs_propagation =
        reader.Get<std::string>(*linux_part, "rootfsPropagation", "linux");
    read.device_paths =
        ReadList(reader, *linux_part, "devices", "linux",
                 [&](const json& device, const std::string& where) {
                   return reader.GetPath(device, "path", where);
                 });
  }
  read.mounts = ReadList(reader, spec, "mounts", "spec",
                         [&](const json& mount, const std::string& where) {
                           return ReadMount(reader, mount, where, bundle);
                         });
  if (const json* const hooks = reader.Find(spec, "hooks", "spec")) {
    read.create_container_hooks =
        ReadList(reader, *hooks, "createContainer", "hooks",
                 [&](const json& hook, const std::string& where) {
                   return ReadHook(reader, hook, where);
                 });
  }
  read.version = reader.Get<std::string>(spec, "ociVersion", "spec");
  read.annotations = reader.Get<std::map<std::string, std::string>>(
      spec, "annotations", "spec");
  if (!reader.error().empty()) return SpecError{reader.error()};
  return read;
}

}  // namespace gofer::oci
