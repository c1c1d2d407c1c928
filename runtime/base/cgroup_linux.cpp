#include <algorithm>
#include <fstream>
#include <sstream>

#include "runtime/base/cgroup.h"

namespace mica {
namespace {

// cpu.max holds "<quota> <period>" in microseconds, or "max <period>".
std::optional<double> quota_v2(const std::string& folder) {
  std::ifstream file(folder + "/cpu.max");
  double quota = 0;
  double period = 0;
  if (!(file >> quota >> period) || quota <= 0 || period <= 0) return std::nullopt;
  return quota / period;
}

// A quota of -1 is none.
std::optional<double> quota_v1(const std::string& folder) {
  std::ifstream quota_file(folder + "/cpu.cfs_quota_us");
  std::ifstream period_file(folder + "/cpu.cfs_period_us");
  double quota = 0;
  double period = 0;
  if (!(quota_file >> quota) || !(period_file >> period) || quota <= 0 || period <= 0) return std::nullopt;
  return quota / period;
}

// The least quota of `path` and its ancestors below `mount`. A container may see the path of its host, which is not
// there; then only the root of the mount, which is the container's own group, has anything to say.
template <class Quota>
void tighten(std::optional<double>& least, const std::string& mount, std::string path, Quota quota) {
  for (;;) {
    if (const auto found = quota(mount + path)) least = least ? std::min(*least, *found) : *found;
    const size_t slash = path.rfind('/');
    if (slash == std::string::npos) return;
    path.resize(slash);
  }
}

bool lists_cpu(const std::string& controllers) {
  return ("," + controllers + ",").find(",cpu,") != std::string::npos;
}

}  // namespace

std::optional<double> cgroup_cpu_quota(const std::string& membership, const std::string& root) {
  std::optional<double> least;
  std::istringstream lines(membership);
  for (std::string line; std::getline(lines, line);) {  // "<hierarchy>:<controllers>:<path>"
    const size_t first = line.find(':');
    const size_t second = first == std::string::npos ? first : line.find(':', first + 1);
    if (second == std::string::npos) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1);
    const std::string path = line.substr(second + 1);
    if (controllers.empty()) {
      tighten(least, root, path, quota_v2);
      tighten(least, root + "/unified", path, quota_v2);
    } else if (lists_cpu(controllers)) {
      tighten(least, root + "/" + controllers, path, quota_v1);
      if (controllers != "cpu") tighten(least, root + "/cpu", path, quota_v1);
    }
  }
  return least;
}

}  // namespace mica
