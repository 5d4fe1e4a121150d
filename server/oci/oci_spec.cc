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

OciMount ReadMount(Reader& reader, const json& object, absl::string_view where,
                   absl::string_view bundle) {
  OciMount mount;
  mount.destination = reader.GetPath(object, "destination", where);
  mount.type = reader.Get<std::string>(object, "type", where);
  mount.source = Absolute(reader.GetPath(object, "source", where), bundle);
  mount.options =
      reader.Get<std::vector<std::string>>(object, "options", where);
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
  }
  if (const json* const mounts = reader.Find(spec, "mounts", "spec")) {
    if (!mounts->is_array()) reader.Fail("spec.mounts is no array");
    for (size_t i = 0; mounts->is_array() && i < mounts->size(); ++i) {
      read.mounts.push_back(ReadMount(reader, (*mounts)[i],
                                      absl::StrCat("mounts[", i, "]"), bundle));
    }
  }
  if (const json* const hooks = reader.Find(spec, "hooks", "spec")) {
    const json* const container =
        reader.Find(*hooks, "createContainer", "hooks");
    read.has_create_container_hooks =
        container != nullptr && !container->empty();
  }
  read.annotations = reader.Get<std::map<std::string, std::string>>(
      spec, "annotations", "spec");
  if (!reader.error().empty()) return SpecError{reader.error()};
  return read;
}

}  // namespace gofer::oci
