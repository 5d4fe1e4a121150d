#include "deploy/runsc/dispatcher/container_spec.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>
#include <vector>

namespace gofer::dispatcher {
namespace {

using nlohmann::json;

constexpr std::string_view kAnnotations = "annotations";
// gVisor's own, by which a user changes flags of runsc.
constexpr char kFlagAnnotation[] = "dev.gvisor.flag.directfs";
constexpr char kBundlePrefix[] = "dev.gvisor.bundle.";

// How a container engine of Kubernetes says that a container joins a sandbox.
struct Engine {
  const char* type;
  const char* sandbox;
};
constexpr std::array kEngines = {
    Engine{"io.kubernetes.cri.container-type", "io.kubernetes.cri.sandbox-id"},
    Engine{"io.kubernetes.cri-o.ContainerType",
           "io.kubernetes.cri-o.SandboxID"}};
constexpr char kJoins[] = "container";

bool NamesAnnotationOfInterest(const std::string& text) {
  std::vector<const char*> names = {kDirectfsAnnotation, kFlagAnnotation,
                                    kBundlePrefix};
  for (const Engine& engine : kEngines) {
    names.push_back(engine.type);
  }
  return std::any_of(names.begin(), names.end(), [&](const char* name) {
    return text.find(name) != std::string::npos;
  });
}

ContainerSpec Failed(std::string why) {
  ContainerSpec failed;
  failed.error = std::move(why);
  return failed;
}

// pread: the offset stays. On failure false, with the reason in errno.
bool ReadAll(int fd, std::string& text) {
  std::array<char, 1 << 16> piece;
  while (text.size() <= kLargestSpec) {
    const ssize_t count = ::pread(fd, piece.data(), piece.size(),
                                  static_cast<off_t>(text.size()));
    if (count == 0) {
      return true;
    }
    if (count > 0) {
      text.append(piece.data(), static_cast<std::size_t>(count));
    } else if (errno != EINTR) {
      return false;
    }
  }
  errno = EFBIG;
  return false;
}

ContainerSpec ReadFrom(int fd, const std::string& name) {
  std::string text;
  if (!ReadAll(fd, text)) {
    return Failed("cannot read the container's spec (" + name +
                  "): " + std::strerror(errno));
  }
  return ParseContainerSpec(text);
}

const json* Find(const json& object, const char* name) {
  const auto found = object.find(name);
  return found == object.end() ? nullptr : &*found;
}

std::string Text(const json* value) {
  return value != nullptr && value->is_string() ? value->get<std::string>()
                                                : std::string();
}

std::string FindSandbox(const json& annotations) {
  for (const Engine& engine : kEngines) {
    // The first engine that says a type decides, as it does for runsc.
    if (const json* type = Find(annotations, engine.type)) {
      return Text(type) == kJoins ? Text(Find(annotations, engine.sandbox))
                                  : std::string();
    }
  }
  return "";
}

std::string FindOverride(const json& annotations) {
  if (const json* flag = Find(annotations, kFlagAnnotation);
      flag != nullptr && *flag != "false") {
    return kFlagAnnotation;
  }
  for (const auto& [name, value] : annotations.items()) {
    if (name.starts_with(kBundlePrefix)) {
      return name;
    }
  }
  return "";
}

}  // namespace

ContainerSpec ParseContainerSpec(const std::string& text) {
  if (!NamesAnnotationOfInterest(text)) {
    return {};
  }
  const auto only_annotations = [](int depth, json::parse_event_t event,
                                   json& parsed) {
    return depth != 1 || event != json::parse_event_t::key ||
           parsed == kAnnotations;
  };
  const json spec = json::parse(text, only_annotations, false);
  if (!spec.is_object()) {
    return Failed("the container's spec is no JSON object");
  }
  const json* annotations = Find(spec, kAnnotations.data());
  if (annotations == nullptr || !annotations->is_object()) {
    return {};
  }
  ContainerSpec answer;
  if (const json* directfs = Find(*annotations, kDirectfsAnnotation)) {
    answer.directfs =
        directfs->is_string()
            ? directfs->get<std::string>()
            : directfs->dump(-1, ' ', true, json::error_handler_t::replace);
  }
  answer.override_annotation = FindOverride(*annotations);
  answer.sandbox = FindSandbox(*annotations);
  return answer;
}

ContainerSpec ReadContainerSpec(const HelperCall& call) {
  const auto number = call.CommandFlag("spec-fd").value_or("");
  if (!number.empty() && number != "-1") {
    int fd = -1;
    const char* end = number.data() + number.size();
    const auto [rest, error] = std::from_chars(number.data(), end, fd);
    if (error != std::errc() || rest != end || fd < 0) {
      return Failed("--spec-fd=" + std::string(number) + " is no descriptor");
    }
    return ReadFrom(fd, "--spec-fd=" + std::string(number));
  }
  const auto bundle = call.CommandFlag("bundle");
  if (!bundle) {
    return {};
  }
  return ReadBundle(std::string(*bundle));
}

ContainerSpec ReadBundle(const std::string& bundle) {
  const std::string path = bundle + "/config.json";
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) {
    return {};  // the helper says so
  }
  ContainerSpec spec = ReadFrom(fd, path);
  ::close(fd);
  return spec;
}

}  // namespace gofer::dispatcher
