#include <algorithm>
#include <charconv>

#include "backends/backend.h"
#include "runtime/base/error.h"

namespace mica {
namespace {

[[noreturn]] void refuse(std::string_view id, const std::string& why) {
  throw Error(ErrorCode::Unsupported, "no device \"" + std::string(id) + "\"" + why);
}

// Devices that there are, the CPU first.
std::string known_devices() {
  std::string text = "; there is \"cpu\"";
  for (Backend* backend : backends()) {
    for (const DeviceInfo& device : backend->discover().devices) text += ", \"" + device.id + "\"";
  }
  return text;
}

}  // namespace

std::shared_ptr<Device> open_device(std::string_view id) {
  const size_t colon = id.find(':');
  const std::string_view name = id.substr(0, colon);
  const auto found = std::ranges::find_if(backends(), [&](Backend* backend) { return backend->name() == name; });
  if (found == backends().end()) refuse(id, " in this build" + known_devices());
  size_t index = 0;
  if (colon != std::string_view::npos) {
    const std::string_view digits = id.substr(colon + 1);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), index);
    if (error != std::errc() || end != digits.data() + digits.size()) refuse(id, known_devices());
  }
  const Discovery discovery = (*found)->discover();
  if (discovery.devices.empty()) refuse(id, ": " + discovery.reason);
  if (index >= discovery.devices.size()) refuse(id, known_devices());
  return (*found)->open(index);
}

}  // namespace mica
