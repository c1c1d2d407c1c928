// Which kernel a node gets, and why not a better one.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "graph/graph.h"
#include "kernels/device_kernel.h"
#include "runtime/base/function_ref.h"
#include "runtime/precision.h"

namespace mica {

struct KernelChoice {
  const Kernel* kernel = nullptr;     ///< null: there is none, or none takes the node
  std::vector<std::string> refusals;  ///< "name: reason", of the kernels of the device that are listed before it
};

struct DeviceKernelChoice {
  const DeviceKernel* kernel = nullptr;
  std::vector<std::string> refusals;
};

/// Whether the kernel of this name is for plans of this precision: the one that it is named as, or else float.
bool is_for(Precision precision, std::string_view kernel);

/// The first kernel of the node's operator, which it must have, that is for the device ("cpu") and accepts the node: of
/// those for the precision, else of those for float. The kernel of a provider (kernels/provider.h) goes before them.
KernelChoice choose_kernel(const Graph& graph, const Node& node, std::string_view device,
                           Precision precision = Precision::Float32, std::string_view provider = {});

/// What a kernel needs and does not have on the device, or in a node of which `is_constant` says so; empty when
/// nothing.
std::string what_lacks(const DeviceKernel& kernel, const Device& device, FunctionRef<bool(size_t input)> is_constant);

/// The first device kernel for the device that accepts the node, in the same order.
DeviceKernelChoice choose_device_kernel(const Graph& graph, const Node& node, const Device& device,
                                        Precision precision = Precision::Float32);

}  // namespace mica
