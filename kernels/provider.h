// Kernels for the CPU that other libraries provide, beside those that operators define. They are taken by plans that
// ask for them by the name of their provider.
//
// A folder kernels/providers/<provider> is part of the builds that are told to have the library. The build collects the
// lines
//   void provider_kernels_<name>(ProviderKernels& table) {
// of its files and makes `provider_kernels()` of them.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "graph/op_def.h"

namespace mica {

class ProviderKernels {
 public:
  /// `since` is that of the operator's definition: the kernel is given its parameter struct. The kernel is named as its
  /// provider.
  void add(std::string_view op_type, int64_t since, std::string_view domain, const Kernel& kernel);

  /// A provider's kernel for an operator; null when it has none.
  const Kernel* find(const OpTable::Entry& op, std::string_view provider) const;
  /// Names of all providers.
  std::vector<std::string_view> providers() const;

 private:
  struct Row {
    std::string_view domain, op_type;
    int64_t since;
    Kernel kernel;
  };
  std::vector<Row> rows_;
};

/// All of this build.
const ProviderKernels& provider_kernels();

/// Throws InvalidArgument when this build has no such provider.
void check_provider(std::string_view provider);

}  // namespace mica
