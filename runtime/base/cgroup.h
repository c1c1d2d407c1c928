// CPU limits of Linux control groups.
#pragma once

#include <optional>
#include <string>

namespace mica {

/// The tightest CPU quota, in cores, of the control groups that a process is in, their ancestors included. nullopt when
/// none is set. `membership` is the text of /proc/self/cgroup; `root` is where the hierarchies are mounted,
/// /sys/fs/cgroup. Version 2: cpu.max. Version 1: cpu.cfs_quota_us and cpu.cfs_period_us of the cpu controller.
std::optional<double> cgroup_cpu_quota(const std::string& membership, const std::string& root);

}  // namespace mica
