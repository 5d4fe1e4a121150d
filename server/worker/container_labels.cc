#include "server/worker/container_labels.h"

#include <array>

#include "absl/strings/str_cat.h"
#include "server/base/text.h"

namespace gofer::worker {
namespace {

constexpr size_t kMostValueBytes = 63;  // As goferd's labels.
constexpr char kCut[] = "...";
// No text that becomes a label is longer; a longer one is looked at here only.
constexpr size_t kMostLookedAt = 4096;

struct Source {
  const char* label;
  // The first of these that is there.
  std::array<const char*, 3> annotations;
};
// Sources: containerd pkg/cri/annotations, CRI-O pkg/annotations, the labels of
// the kubelet, which CRI-O and podman hand on as annotations.
constexpr std::array kSources = {
    Source{"pod",
           {"io.kubernetes.cri.sandbox-name", "io.kubernetes.pod.name",
            "io.kubernetes.cri-o.KubeName"}},
    Source{"namespace",
           {"io.kubernetes.cri.sandbox-namespace",
            "io.kubernetes.pod.namespace", "io.kubernetes.cri-o.Namespace"}},
    Source{"container",
           {"io.kubernetes.cri.container-name", "io.kubernetes.container.name",
            "io.kubernetes.cri-o.ContainerName"}}};

bool Continues(char c) {
  return (static_cast<unsigned char>(c) & 0xC0) == 0x80;
}

// The end is what tells names and paths apart.
std::string MakeValue(absl::string_view text) {
  if (text.size() > kMostLookedAt) {
    text.remove_prefix(text.size() - kMostLookedAt);
  }
  const std::string plain = base::PlainText(text, text.size());
  if (plain.size() <= kMostValueBytes) return plain;
  absl::string_view end = plain;
  end.remove_prefix(plain.size() - (kMostValueBytes - (sizeof(kCut) - 1)));
  while (Continues(end.front())) end.remove_prefix(1);
  return absl::StrCat(kCut, end);
}

}  // namespace

std::map<std::string, std::string> ContainerLabels(const oci::OciSpec& spec,
                                                   absl::string_view bundle) {
  std::map<std::string, std::string> labels;
  for (const Source& source : kSources) {
    for (const char* const annotation : source.annotations) {
      const auto found = spec.annotations.find(annotation);
      if (found == spec.annotations.end() || found->second.empty()) continue;
      labels[source.label] = MakeValue(found->second);
      break;
    }
  }
  if (!bundle.empty()) labels["bundle"] = MakeValue(bundle);
  return labels;
}

}  // namespace gofer::worker
