// One graph on the device under test and on the CPU, with the same inputs.
#pragma once

#include <gtest/gtest.h>

#include <ostream>
#include <string>
#include <vector>

#include "runtime/mica.h"

namespace mica {

struct DeviceCase {
  std::string name;
  std::string graph;  ///< as text (graph/text_format.h), whose nodes all run on the device
  double rtol = 1e-5, atol = 1e-6;
  std::vector<NamedInput> inputs = {};  ///< the others are random
  Precision precision = Precision::Float32;
  std::string kernel = {};  ///< which a node is to run, where the device has its instructions; empty: any
};

inline std::ostream& operator<<(std::ostream& out, const DeviceCase& of) {
  return out << of.name;
}

/// Fails where a node runs on the CPU, or where an element differs from the CPU's by more than the tolerance, twice
/// over with different inputs. Skips, with the reason, where the device is not there.
void check_on_device(const DeviceCase& of);

/// Why the device under test is not there; empty when it is.
std::string absence_of_device();

/// For INSTANTIATE_TEST_SUITE_P.
std::string name_of_case(const testing::TestParamInfo<DeviceCase>& info);

}  // namespace mica
